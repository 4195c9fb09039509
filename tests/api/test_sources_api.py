"""Sources by the API: made, changed, disabled, deleted; their events, discards and schema; a contact's events."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from tests.actions.cast import add_contact, add_identity
from tests.api.conftest import Ask, make_client
from tests.console.tracking import add_traffic, add_visit, make_source

NOW = datetime.now(UTC)


def test_a_source_is_made_changed_and_deleted(ask: Ask, foreign_ask: Ask) -> None:
    """Every act answers with the source; another workspace sees nothing of it."""
    made = ask("POST", "/sources", {"name": "Shop", "client_side": True}, 201)
    path = f"/sources/{made['id']}"
    assert re.fullmatch(r"wk_[A-Za-z0-9]{32}", made["write_key"])
    assert (made["state"], made["client_side"], made["last_event_at"], made["refused_24h"]) == ("live", True, None, 0)
    assert ask("GET", "/sources") == [made]
    assert ask("GET", path) == made
    changed = ask("PUT", path, {"name": "Web shop"})
    assert (changed["name"], changed["client_side"]) == ("Web shop", False)
    assert ask("POST", f"{path}/disable")["state"] == "disabled"
    assert ask("POST", f"{path}/enable")["state"] == "live"
    assert ask("POST", f"{path}/renew-key")["write_key"] != made["write_key"]
    for method, below in (("GET", ""), ("GET", "/events"), ("GET", "/discards"), ("GET", "/schema"), ("DELETE", "")):
        foreign_ask(method, path + below, status=404)
    assert ask("POST", "/sources", {"name": ""}, 400)["field"] == "name"
    ask("DELETE", path, status=204)
    assert ask("GET", "/sources") == []


def test_a_reading_key_changes_nothing(shop: Any, ask: Ask) -> None:
    """Its scope is told."""
    made = ask("POST", "/sources", {"name": "Shop"}, 201)
    reader = make_client(shop, ("read",))
    assert reader("GET", f"/sources/{made['id']}")["name"] == "Shop"
    assert reader("POST", f"/sources/{made['id']}/renew-key", status=403)["code"] == "scope"


def test_events_discards_and_schema_are_read(ask: Ask, shop: Any, conn: psycopg.Connection) -> None:
    """The newest first, page by page; discards in words; volumes by day and properties with their types."""
    source = make_source(shop)
    add_traffic(conn, source, [add_contact(conn, shop, serial) for serial in (1, 2, 3)], NOW)
    conn.commit()
    path = f"/sources/{source.pk}"
    events = ask("GET", f"{path}/events?limit=3")
    assert [event["name"] for event in events] == ["Order Completed", "Order Completed", "Product Viewed"]
    assert events[0]["properties"] == {"total": "25,90"}
    only = ask("GET", f"{path}/events?name=Order+Completed")
    assert [event["name"] for event in only] == ["Order Completed"] * 4
    after = (NOW - timedelta(minutes=1, seconds=30)).strftime("%Y-%m-%dT%H:%M:%S")  # without a zone: UTC
    assert len(ask("GET", f"{path}/events?after={after}")) == 1
    refused = ask("GET", f"{path}/discards")
    assert [row["code"] for row in refused] == ["no_user_anon_id", "bad_timestamp", "no_user_anon_id"]
    assert refused[0]["sentence"] == "Neither userId nor anonymousId is set."
    assert refused[0]["sample"] == '{"type": "track"}'
    before = refused[1]["at"].replace("+", "%2B")
    assert len(ask("GET", f"{path}/discards?before={before}")) == 1
    assert {row["code"] for row in ask("GET", f"{path}/discards?code={refused[0]['code']}")} == {refused[0]["code"]}
    assert ask("GET", f"{path}/discards?code=never") == []
    schema = {(row["type"], row["name"]): row for row in ask("GET", f"{path}/schema?days=14")}
    order = schema["track", "Order Completed"]
    assert (order["count"], sum(day["count"] for day in order["days"])) == (4, 4)
    assert {row["name"]: row["types"] for row in order["properties"]} == {
        "order_id": ["text"],
        "total": ["number", "text"],
    }
    assert ask("GET", path)["refused_24h"] == 2
    assert ask("DELETE", path, status=409)["code"] == "conflict"


def test_R6_derived_events_are_read(ask: Ask, foreign_ask: Ask, shop: Any, conn: psycopg.Connection) -> None:
    """With their volume and properties; another workspace has its own."""
    add_visit(conn, make_source(shop), add_contact(conn, shop, 1), NOW)
    conn.commit()
    told = {row["name"]: row for row in ask("GET", "/derived-events")}
    assert {name: row["count"] for name, row in told.items()} == {"session_started": 1, "session_ended": 1}
    assert "cart_value" in [row["name"] for row in told["session_ended"]["properties"]]
    assert foreign_ask("GET", "/derived-events") == []


def test_a_contact_has_its_events_and_its_own_ids(ask: Ask, shop: Any, conn: psycopg.Connection) -> None:
    """By themselves and in the timeline; ids of the business's own systems are no apps."""
    source = make_source(shop)
    people = [add_contact(conn, shop, serial) for serial in (1, 2, 3)]
    add_traffic(conn, source, people, NOW)
    add_identity(conn, shop, people[0], "user_id", "", "c-1")
    add_identity(conn, shop, people[0], "anonymous_id", "", "f6c1a9d2")
    conn.commit()
    path = f"/contacts/{people[0]}"
    events = ask("GET", f"{path}/events?limit=2")
    assert [event["name"] for event in events] == ["Order Completed", "Order Completed"]
    older = events[1]["occurred_at"].replace("+", "%2B")
    assert ask("GET", f"{path}/events?limit=1&before={older}")[0]["occurred_at"] < events[1]["occurred_at"]
    newest = ask("GET", f"{path}/timeline?limit=1")[0]
    assert (newest["what"], newest["text"], newest["ref"]) == ("event", "Order Completed", events[0]["id"])
    assert {row["kind"] for row in ask("GET", path)["identities"]} == {"user_id", "anonymous_id"}
    assert ask("GET", "/contacts?app=any")["contacts"] == []
    assert ask("GET", "/contacts?q=ana&limit=3")["contacts"][0]["apps"] == []
