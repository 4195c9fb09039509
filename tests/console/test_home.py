"""Home: each figure equals the list that it opens; what waits is there with its act; steps that are done are ticked."""

import psycopg
import pytest
from django.utils.timezone import now
from tests.console.cast import Cast, make_client
from tests.console.history import add_history
from tests.console.people import PEOPLE, add_people


@pytest.fixture
def ids(cast: Cast, database_url: str) -> list[int]:
    """The people, the first of them with a history."""
    with psycopg.connect(database_url) as conn:
        found = add_people(conn, cast.workspace.pk)
        add_history(conn, cast.workspace.pk, found)
    return found


def read_figure(page: str, name: str) -> str:
    """The figure of the tile of that name."""
    return page.split(f'class="name">{name}</span>')[1].split("<bdi>")[1].split("</bdi>")[0]


def test_figures_equal_their_lists(ids, alice):
    """Contacts and those an app reaches: as many as their lists count."""
    page = alice.get("/").content.decode()
    assert read_figure(page, "Contacts") == str(len(PEOPLE))
    assert read_figure(page, "Reachable in an app") == str(sum(1 for person in PEOPLE if person[4]))
    assert 'href="/contacts/?app=any"' in page


def test_what_waits_is_listed(ids, cast, alice):
    """A stopped channel, an import to decide on, a match that paused itself and a suggestion, each in words."""
    from tertulia.data.models import Channel, Import, Match

    Channel.objects.filter(workspace=cast.workspace).update(state="fault", fault="The token was refused.")
    Match.objects.filter(workspace=cast.workspace).update(state="paused", guard_reason="opt-outs 2.3 %, limit 2.0 %")
    Import.objects.create(workspace=cast.workspace, name="clientes.csv", path="x", size=1, sha256="", state="checked")
    page = alice.get("/").content.decode()
    for words in ("The token was refused.", "opt-outs 2.3 %", "clientes.csv", "1 merge suggestion", "Review"):
        assert words in page, words
    assert "WhatsApp PT" not in make_client(cast.charlie).get("/").content.decode()


def test_an_empty_workspace_says_what_to_do(cast):
    """Nothing waits, nothing runs; the steps are open and lead only to pages that exist."""
    page = make_client(cast.charlie).get("/").content.decode()
    assert "Nothing waits for you" in page
    assert "0 of 5" in page
    assert 'href=""' not in page


def test_set_up_ticks_what_is_done(ids, cast, alice):
    """Contacts are there, an app is connected, the team is more than one; a launched match is the last step."""
    from tertulia.data.models import Match

    Match.objects.filter(workspace=cast.workspace).update(launched_at=now())
    assert "4 of 5" in alice.get("/").content.decode()


def test_suggestions_are_listed_with_their_evidence(ids, alice):
    """The whole workspace's suggestions, each leading to the comparison."""
    page = alice.get("/contacts/merges/").content.decode()
    assert "the same verified number" in page
    assert f"/contacts/{ids[0]}/merge/{ids[1]}/" in page
