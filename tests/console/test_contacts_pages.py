"""The contact list: search, filters that equal the rules, paging, and an export that no spreadsheet runs."""

import csv
from io import StringIO

import psycopg
import pytest
from tests.console.cast import Cast, make_client
from tests.console.people import PEOPLE, add_contact, add_people


@pytest.fixture
def ids(cast: Cast, database_url: str) -> list[int]:
    """The people of the pictures, in Alice's workspace; one stranger in Charlie's."""
    with psycopg.connect(database_url) as conn:
        found = add_people(conn, cast.workspace.pk)
        add_contact(conn, cast.other.pk, 900, "Stranger", phone="+351912000000")
    return found


def read_names(response) -> list[str]:
    """The names of the rows that were drawn."""
    return [row.name for row in response.context["rows"]] if response.context else []


@pytest.fixture(autouse=True)
def template_contexts(database_url):
    """Let responses carry their context."""
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()
    yield
    teardown_test_environment()


def test_the_list_shows_its_own_workspace_newest_first(ids, alice):
    """Everybody of the workspace, nobody of another."""
    names = read_names(alice.get("/contacts/"))
    assert names == [f"{name} {surname}".strip() for name, surname, *_ in PEOPLE]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=dvorak", ["Helena Dvořáková"]),
        ("q=98555 0142", ["Beatriz Nakamura Lopes"]),
        ("q=林", ["佳怡 林"]),
        ("app=viber", ["Helena Dvořáková"]),
        ("consent=withdrawn", ["Helena Dvořáková"]),
        ("app=whatsapp&consent=granted&q=tomas", ["Tomás Figueira"]),
        ("q=100%25", []),
        ("country=Brazil&q=beatriz", ["Beatriz Nakamura Lopes"]),
        ("country=nowhere&q=helena", ["Helena Dvořáková"]),
        ("attribute=shoe&value=42", []),
    ],
)
def test_filters_find(ids, alice, query, expected):
    """Each filter alone and together; special characters are only characters."""
    assert read_names(alice.get(f"/contacts/?{query}")) == expected


def test_any_app_counts_those_with_one(ids, alice):
    """The door of Home's tile shows exactly those whom an app reaches."""
    assert len(read_names(alice.get("/contacts/?app=any"))) == sum(1 for person in PEOPLE if person[4])


def test_pages_follow_each_other_without_gap(cast, alice, database_url):
    """121 contacts are 50, 50 and 21, each once."""
    with psycopg.connect(database_url) as conn:
        for serial in range(1, 122):
            add_contact(conn, cast.workspace.pk, serial, f"Person {serial}")
    seen, address = [], "/contacts/"
    for size in (50, 50, 21):
        response = alice.get(address)
        names = read_names(response)
        assert len(names) == size
        seen += names
        address = "/contacts/" + response.context["pager"].on
    assert sorted(seen) == sorted(f"Person {serial}" for serial in range(1, 122))
    assert address == "/contacts/"


def test_broken_addresses_show_the_list(ids, alice):
    """What is no key, no list and no choice is left out instead of failing."""
    for query in ("before=x", "before=1e999_1", "list=99999999999999", "app=fax", "from=99999999999999999999", "q=%00"):
        assert alice.get(f"/contacts/?{query}").status_code == 200, query


def test_export_is_the_list_and_runs_nothing(ids, alice):
    """The file has the list's rows; a name that is a formula is text; numbers keep their plus."""
    response = alice.get("/contacts/export/?consent=granted")
    text = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
    rows = list(csv.DictReader(StringIO(text)))
    assert len(rows) == sum(1 for person in PEOPLE if person[5] == "marketing")
    assert rows[0]["phone"] == "+5511985550142"
    everybody = b"".join(alice.get("/contacts/export/").streaming_content).decode()
    assert "'=cmd" in everybody
    picked = b"".join(alice.get(f"/contacts/export/?ids={ids[2]}&ids={ids[4]}").streaming_content).decode()
    assert len(picked.strip().splitlines()) == 3


def test_an_export_is_not_for_everybody(ids, cast):
    """Agents and viewers read contacts one by one, and take none away."""
    assert make_client(cast.bob).get("/contacts/export/").status_code == 403
    assert make_client(cast.bob).get("/contacts/").status_code == 200


def test_the_palette_finds_pages_acts_and_contacts(ids, alice, cast):
    """By folded words; what nobody is called offers the search; a viewer is offered nothing to do."""
    found = alice.get("/find/?q=dvorak").content.decode()
    assert f"/contacts/{ids[4]}/" in found
    assert 'href="/contacts/"' in alice.get("/find/?q=cont").content.decode()
    assert "/contacts/merges/" in alice.get("/find/?q=merge").content.decode()
    assert "/contacts/merges/" not in make_client(cast.vera).get("/find/?q=merge").content.decode()
    nobody = alice.get("/find/?q=zzz%3Cb%3E").content.decode()
    assert "Search all contacts" in nobody
    assert "<b>" not in nobody


def test_a_large_workspace_says_about_how_many_before_it_has_counted(ids, alice, monkeypatch):
    """The page comes without its count and asks for it; the answer is the exact one."""
    from tertulia.console.contacts import page

    monkeypatch.setattr(page, "COUNT_AT_ONCE_MAX", 5)
    monkeypatch.setattr(page, "PAGE_ROWS", 3)
    shown = alice.get("/contacts/?consent=granted")
    assert 'hx-get="/contacts/count/?consent=granted"' in shown.content.decode()
    counted = alice.get("/contacts/count/?consent=granted").content.decode()
    assert "contacts match" in counted
    assert "hx-get" not in counted
    assert read_names(alice.get("/contacts/?app=viber")) == ["Helena Dvořáková"], "few: sought as a set"
