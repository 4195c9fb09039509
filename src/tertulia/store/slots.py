"""Slots under the frequency caps, and messages that gates hold back until a time."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tertulia.core import slot_effects as sx
from tertulia.core.rows import OpenDelivery, SlotRow
from tertulia.core.world import World
from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, load, run

KEPT_S: Final = 32 * 86_400  # at least so long, for a cap that is set later; the longest period's reach


def load_slots(conn: Conn, world: World, wanted: Mapping[int, datetime]) -> None:
    """The slots of these contacts since an instant each. A merged contact's count for the one that it became (M8)."""
    if not wanted:
        return
    args = {
        "shards": [shard_of_contact(contact_id) for contact_id in wanted],
        "ids": list(wanted),
        "since": list(wanted.values()),
    }
    world.counted |= wanted.keys()
    for row in fetch_all(conn, load("slots")["slots_of"], args):
        slot = SlotRow(*row)
        world.slots.setdefault(world.follow(slot.contact_id), {})[slot.message_id] = slot


def load_deferred(conn: Conn, wanted: Collection[int]) -> list[OpenDelivery]:
    """The messages of these contacts that wait for a slot."""
    args = {"shards": [shard_of_contact(contact_id) for contact_id in wanted], "ids": list(wanted)}
    return [OpenDelivery(*row) for row in fetch_all(conn, load("slots")["deferred_of"], args)]


def wake_workspaces(conn: Conn, workspaces: Sequence[int], shards: Sequence[int], now: datetime) -> int:
    """What the gates of these workspaces hold back until a time is due now; how many."""
    args = {"workspaces": list(workspaces), "shards": list(shards), "now": now}
    return run(conn, load("slots")["wake_held_of_workspaces"], args)


def forget_slots(conn: Conn, now: datetime, limit: int) -> int:
    """Those that no cap counts any more, at most so many."""
    return run(conn, load("slots")["forget_slots"], {"now": now, "least_s": KEPT_S, "limit": limit})


def settle_releases(group: Sequence[sx.ReleaseSlot], moves: Sequence[sx.MoveSlot]) -> list[sx.ReleaseSlot]:
    """Those that no later attempt has taken over in the same cycle."""
    moved = {e.delivery_id for e in moves}
    return [e for e in group if e.delivery_id not in moved]


def set_slots(conn: Conn, group: list[sx.SetSlot]) -> None:
    """Slots as they are after the cycle."""
    rows = list({(e.contact_id, e.message_id): e for e in group}.values())
    names = ("message_id", "workspace", "delivery_id", "channel", "topic", "class_", "important", "state", "at")
    _execute(conn, "set_slots", rows, *names)


def move_slots(conn: Conn, group: list[sx.MoveSlot]) -> None:
    """The next attempt has the slot now."""
    _execute(conn, "move_slots", group, "delivery_id", "to_id")


def release_slots(conn: Conn, group: list[sx.ReleaseSlot]) -> None:
    """They are free."""
    _execute(conn, "release_slots", group, "delivery_id")


def wake_held(conn: Conn, group: list[sx.WakeHeld]) -> None:
    """What gates hold back of these contacts is looked at now."""
    _execute(conn, "wake_held", list({e.contact_id: e for e in group}.values()), "at")


def _execute(conn: Conn, query: str, group: Sequence[Any], *names: str) -> None:
    args: dict[str, list[Any]] = {name.rstrip("_"): [getattr(e, name) for e in group] for name in names}
    args |= {"shard": [shard_of_contact(e.contact_id) for e in group], "contact_id": [e.contact_id for e in group]}
    run(conn, load("slots")[query], args)
