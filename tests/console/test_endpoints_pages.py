"""Endpoints of the company's API on their page, and calls that wait for a person (S6)."""

from datetime import timedelta
from html import unescape

import psycopg
import pytest
from tests.console.cast import Cast, make_client
from tests.console.people import add_people
from tests.console.test_journeys_pages import NOW, add_run, publish, read
from tests.workers.test_api_caller import add_call

PAGE = "/settings/endpoints/"
FORM = {
    "key": "shop",
    "name": "Shop",
    "base_url": "https://api.shop.example/v2/",
    "methods": ["GET", "POST"],
    "headers": "X-Shop: 7\r\n",
    "secret_name": ["Authorization", ""],
    "secret_value": ["Bearer tok3n-secret", ""],
    "timeout_s": "10",
    "status_path": "/calls/{{ call.key }}",
    "status_done": "state == 'done'",
}
TIER = """name: Tier
entry: {event: Product Added}
steps:
  - {id: ask, kind: call, endpoint: shop, path: /tiers, save: {tier: tier}}
"""


def test_an_endpoint_is_added_changed_and_deleted(cast: Cast, alice):
    """Its secrets are kept by their names and never shown; each change is in the audit log."""
    from tertulia.data.models import Audit, Endpoint
    from tertulia.store.sealing import unseal_json

    assert "An endpoint is an address of your own system" in read(alice, PAGE)
    assert alice.post(f"{PAGE}new/", FORM).status_code == 302
    made = Endpoint.objects.get()
    assert (made.key, made.base_url, made.methods) == ("shop", "https://api.shop.example/v2", ["GET", "POST"])
    assert (made.headers, unseal_json(made.secrets)) == ({"X-Shop": "7"}, {"Authorization": "Bearer tok3n-secret"})
    assert "its status call is asked" in read(alice, PAGE)
    page = read(alice, f"{PAGE}{made.pk}/")
    assert "tok3n" not in page
    assert 'value="Authorization"' in page
    changed = {**FORM, "secret_value": ["", ""], "idempotent": "on", "name": "Shop API"}
    assert alice.post(f"{PAGE}{made.pk}/", changed).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.idempotent) == ("Shop API", True)
    assert unseal_json(made.secrets) == {"Authorization": "Bearer tok3n-secret"}
    assert "it is repeated" in read(alice, PAGE)
    assert "No journey has called it yet." in read(alice, f"{PAGE}{made.pk}/log/")
    assert alice.post(f"{PAGE}{made.pk}/delete/").status_code == 302
    assert [row.verb for row in Audit.objects.order_by("id")] == [
        "endpoint_created",
        "endpoint_changed",
        "endpoint_deleted",
    ]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("key", "Shop!", "A key has small letters"),
        ("name", " ", "Give the endpoint a name"),
        ("base_url", "ftp://x", "Give a whole address"),
        ("base_url", "https://user:pw@x.example", "Give a whole address"),
        ("methods", [], "Choose at least one of"),
        ("timeout_s", "90", "Give from 1 to 25 seconds"),
        ("headers", "Idempotency-Key: mine", "is set by Tertulia itself"),
        ("headers", "no colon", "is no name of a header"),
        ("secret_value", ["", ""], "Give “Authorization” a value"),
        ("status_path", "calls/{{ call.key }}", "Begin the path with a slash"),
        ("status_path", "/{{ user.id }}", "Nobody knows “user” here"),
        ("status_done", "state ==", "this path cannot be read"),
    ],
)
def test_a_wrong_endpoint_says_what_is_wrong(cast: Cast, alice, field, value, words):
    """Beside its field; nothing is saved, and what was typed stays."""
    from tertulia.data.models import Endpoint

    response = alice.post(f"{PAGE}new/", {**FORM, field: value})
    assert response.status_code == 422
    page = unescape(response.content.decode())
    assert words in page
    assert "tok3n" not in page
    assert not Endpoint.objects.exists()


def test_secrets_stay_with_the_host_that_they_were_given_for(cast: Cast, alice):
    """Nobody can have them sent to another one without knowing them."""
    from tertulia.data.models import Endpoint

    alice.post(f"{PAGE}new/", FORM)
    made = Endpoint.objects.get()
    moved = {**FORM, "base_url": "https://evil.example", "secret_value": ["", ""]}
    response = alice.post(f"{PAGE}{made.pk}/", moved)
    assert response.status_code == 422
    assert "A secret one stays only at the host" in unescape(response.content.decode())
    again = {**FORM, "base_url": "https://api.shop.example/v3", "secret_value": ["", ""]}
    assert alice.post(f"{PAGE}{made.pk}/", again).status_code == 302


def test_an_endpoint_that_a_journey_calls_is_not_deleted(cast: Cast, alice):
    """It says which one; another workspace's is not there at all, and a viewer changes nothing."""
    from tertulia.actions.journeys import create_journey
    from tertulia.data.models import Endpoint

    alice.post(f"{PAGE}new/", FORM)
    made = Endpoint.objects.get()
    journey = create_journey(cast.workspace, cast.alice, NOW, TIER, name="Tier")
    publish(alice, journey)
    response = alice.post(f"{PAGE}{made.pk}/delete/", follow=True)
    assert "The journey “Tier” calls this endpoint" in unescape(response.content.decode())
    assert Endpoint.objects.exists()
    assert make_client(cast.charlie).get(f"{PAGE}{made.pk}/").status_code == 404
    vera = make_client(cast.vera)
    assert "New endpoint" not in read(vera, PAGE)
    assert vera.post(f"{PAGE}new/", {**FORM, "key": "other"}).status_code == 403


def test_the_editor_offers_endpoints_and_what_calls_save(cast: Cast, alice):
    """A branch may look at it; an entry may not."""
    from tertulia.actions.journeys import create_journey

    alice.post(f"{PAGE}new/", FORM)
    branch = "  - {id: b, kind: branch, branches: [{when: {result: ask.tier, is: gold}}]}\n"
    journey = create_journey(cast.workspace, cast.alice, NOW, TIER + branch, name="Tier")
    page = read(alice, f"/journeys/{journey.pk}/?at=steps.0")
    assert '<option value="shop" selected>shop (Shop)</option>' in page
    assert "POST shop /tiers" in page
    assert '<option value="result" selected>' in read(alice, f"/journeys/{journey.pk}/?at=steps.1")
    assert '<option value="result"' not in read(alice, f"/journeys/{journey.pk}/?at=entry")


def test_S6_a_call_that_nobody_knows_of_waits_for_a_person(cast: Cast, alice, database_url: str, monkeypatch):
    """On home, in its journey's head and on a page of its own, where three buttons settle it."""
    from tertulia.actions.journeys import create_journey
    from tertulia.console.calls import page as calls_page
    from tertulia.data.models import Audit, Endpoint

    alice.post(f"{PAGE}new/", FORM)
    journey = create_journey(cast.workspace, cast.alice, NOW, TIER, name="Tier")
    publish(alice, journey)
    with psycopg.connect(database_url) as conn:
        [contact, *_] = add_people(conn, cast.workspace.pk)
        add_run(conn, journey, contact, step="ask")
        [(run_id,)] = conn.execute("select id from run_open").fetchall()
        facts = {"contact_id": contact, "run_id": run_id, "journey_id": journey.pk, "state": "unknown"}
        facts |= {"shard": conn.execute("select shard from run_open").fetchone()[0], "reason": "call.waits"}
        facts |= {"path": "/tiers", "called_at": NOW - timedelta(hours=2)}
        call_id = add_call(conn, cast.workspace.pk, Endpoint.objects.get().pk, **facts)
    assert "1 call to your API" in read(alice, "/")
    assert "call waits for you" in read(alice, f"/journeys/{journey.pk}/")
    page = read(alice, f"/journeys/calls/?journey={journey.pk}")
    for words in ("POST /tiers", str(call_id), "It worked", "It did not", "Try again"):
        assert words in page, words
    assert str(call_id) not in read(make_client(cast.charlie), "/journeys/calls/")
    told = []
    monkeypatch.setattr(calls_page, "ask_engine", lambda workspace, entries, now: told.extend(entries))
    assert alice.post(f"/journeys/calls/{call_id}/settle/", {"verdict": "worked"}).status_code == 302
    [entry] = told
    assert (entry.call_id, entry.verdict, entry.actor) == (call_id, "worked", f"user:{cast.alice.pk}")
    assert Audit.objects.get(verb="call_settled").facts["verdict"] == "worked"
    assert make_client(cast.vera).post(f"/journeys/calls/{call_id}/settle/", {"verdict": "worked"}).status_code == 403
