"""Sources with what came from them: events with their tallies and properties, and messages that were not taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
from tests.console.people import insert

from tertulia.core.sessions import DERIVED, DERIVED_SOURCE, ENDED, STARTED
from tertulia.ids import day_of, derive_id, shard_of_contact, shard_of_value


def make_source(workspace: Any, name: str = "Web shop", **more: Any) -> Any:
    """A source, whose key is made from its name."""
    from tertulia.data.models import Source

    key = f"wk_{name.replace(' ', '').ljust(32, 'x')[:32]}"
    return Source.objects.create(**{"workspace": workspace, "name": name, "write_key": key} | more)


def add_event(
    conn: psycopg.Connection, source: Any, contact_id: int, name: str, at: datetime, call: str = "track", **more: Any
) -> None:
    """One event with its tally and the types of its properties, as the engine writes them."""
    workspace, shard = source.workspace_id, shard_of_contact(contact_id)
    properties = more.pop("properties", {"order_id": "A-2041", "total": 25.9})
    columns = {"message_id": f"m-{name}-{at.timestamp()}", "user_id": f"c-{contact_id >> 8}", "anonymous_id": ""} | more
    insert(
        conn, "event", shard=shard, day=day_of(at), id=derive_id(workspace, columns["message_id"]), workspace=workspace,
        contact_id=contact_id, source_id=source.pk, type=call, name=name, properties=properties,
        context={"library": {"name": "analytics-python", "version": "2.4.0"}}, occurred_at=at, received_at=at,
        **columns,
    )  # fmt: skip
    tally = (shard, workspace, source.pk, call, name, day_of(at))
    conn.execute(
        """insert into event_tally (shard, workspace, source_id, type, name, day, count, first_at, last_at)
           values (%s, %s, %s, %s, %s, %s, 1, %s, %s)
           on conflict (shard, workspace, source_id, type, name, day) do update
           set count = event_tally.count + 1, last_at = greatest(event_tally.last_at, excluded.last_at)""",
        (*tally, at, at),
    )
    kinds = {str: "text", float: "number", int: "number", bool: "boolean", dict: "object", list: "list"}
    for key, value in properties.items():
        conn.execute(
            """insert into event_property
                   (shard, workspace, source_id, type, name, property, json_type, first_at, last_at)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing""",
            (shard_of_value(workspace, call, name), *tally[1:5], key, kinds.get(type(value), "null"), at, at),
        )


def add_visit(conn: psycopg.Connection, source: Any, contact_id: int, at: datetime) -> None:
    """A session that ended at an instant, as the engine derives its two events."""
    derived = SimpleNamespace(workspace_id=source.workspace_id, pk=DERIVED_SOURCE)
    began = at - timedelta(minutes=12)
    told = {"session_id": str(derive_id("visit", str(at))), "platforms": ["web"]}
    add_event(conn, derived, contact_id, STARTED, began, DERIVED, user_id="", properties=told)
    more = {"reason": "idle", "duration_s": 720, "events": 9, "cart_value": 51.8, "cart_products": ["sku-17"]}
    add_event(conn, derived, contact_id, ENDED, at, DERIVED, user_id="", properties=told | more)


def add_discard(conn: psycopg.Connection, source: Any, code: str, at: datetime, **more: Any) -> None:
    """A message that was not taken."""
    found = derive_id(source.pk, code, str(at))
    columns = {"place": 0, "message_id": "", "type": "track", "name": "", "sample": '{"type": "track"}'} | more
    insert(
        conn, "event_discard", shard=shard_of_value(source.workspace_id, str(found)), id=found,
        workspace=source.workspace_id, source_id=source.pk, at=at, code=code, **columns,
    )  # fmt: skip


def add_traffic(conn: psycopg.Connection, source: Any, contacts: list[int], now: datetime) -> None:
    """Two weeks of a shop: views every day, an order now and then, and a few messages that were not taken."""
    for back in range(13, -1, -1):
        for number in range(1 + back * 7 % 5):
            at = now - timedelta(days=back, minutes=7 * number + 3)
            who = contacts[(back + number) % len(contacts)]
            add_event(conn, source, who, "Product Viewed", at, properties={"product_id": "sku-17", "price": 25.9})
    for minutes, contact_id in zip((2, 40, 300), contacts, strict=False):
        add_event(conn, source, contact_id, "Order Completed", now - timedelta(minutes=minutes))
    add_event(conn, source, contacts[0], "Order Completed", now - timedelta(minutes=1), properties={"total": "25,90"})
    add_event(
        conn, source, contacts[1], "", now - timedelta(minutes=5), "identify", properties={"email": "t@x.example"}
    )
    add_event(
        conn, source, contacts[2], "Cart", now - timedelta(minutes=6), "page", user_id="", anonymous_id="f6c1a9d2-77e0"
    )
    add_discard(conn, source, "no_user_anon_id", now - timedelta(minutes=3), name="Cart Viewed")
    add_discard(conn, source, "no_user_anon_id", now - timedelta(minutes=33), name="Cart Viewed")
    add_discard(conn, source, "bad_timestamp", now - timedelta(minutes=4), name="Order Completed")
