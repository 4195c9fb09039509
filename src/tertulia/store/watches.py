"""Messages that a journey begins by if they are ignored (R6), and what outcomes of messages ask for."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.core import entry_effects as ee
from tertulia.core.rows import ClosedDelivery, WatchRow
from tertulia.core.world import World
from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, load, read_json, run, write_json


def watch_messages(conn: Conn, group: Sequence[ee.WatchMessage]) -> None:
    """Each once for every journey that waits for it."""
    names = ("delivery_id", "journey_id", "workspace", "contact_id", "delivered_at", "due_at", "depth")
    args: dict[str, Any] = {name: [getattr(e, name) for e in group] for name in names}
    args |= {"shard": [shard_of_contact(e.contact_id) for e in group]}
    run(conn, load("watches")["watch"], args | {"properties": [write_json(e.properties) for e in group]})


def end_watches(conn: Conn, group: Sequence[ee.EndWatch]) -> None:
    """Their time has come."""
    args: dict[str, Any] = {name: [getattr(e, name) for e in group] for name in ("delivery_id", "journey_id")}
    run(conn, load("watches")["end_watches"], args | {"shard": [shard_of_contact(e.contact_id) for e in group]})


def read_due_watches(conn: Conn, now: datetime, shards: Sequence[int], limit: int) -> list[WatchRow]:
    """Those whose time has come, the oldest first."""
    args = {"now": now, "shards": list(shards), "limit": limit}
    rows = fetch_all(conn, load("watches")["due"], args)
    return [WatchRow(*(*row[:5], read_json(row[5]), *row[6:])) for row in rows]


def put_off_watch(conn: Conn, row: WatchRow, until: datetime) -> None:
    """One that could not be decided is looked at again."""
    args = {"shard": shard_of_contact(row.contact_id), "delivery_id": row.delivery_id, "journey_id": row.journey_id}
    run(conn, load("watches")["put_off"], args | {"until": until})


def load_answered(conn: Conn, world: World, wanted: Collection[tuple[int, int]], since: datetime) -> None:
    """What a message of a contact on a channel answers: sent since an instant, and not answered yet."""
    if wanted:
        args = {
            "shards": [shard_of_contact(contact_id) for contact_id, _ in wanted],
            "contacts": [contact_id for contact_id, _ in wanted],
            "channels": [channel_id for _, channel_id in wanted],
            "since": since,
        }
        for row in fetch_all(conn, load("watches")["answered"], args):
            delivery = ClosedDelivery(*row)
            world.answered[(delivery.contact_id, delivery.channel_id)] = delivery


def load_depths(conn: Conn, world: World, wanted: Mapping[UUID, int]) -> None:
    """How deep runs were that are over: of run and contact (I11)."""
    if wanted:
        args = {
            "shards": [shard_of_contact(contact_id) for contact_id in wanted.values()],
            "contacts": list(wanted.values()),
            "ids": list(wanted),
        }
        world.depths |= dict(fetch_all(conn, load("watches")["depths"], args))
