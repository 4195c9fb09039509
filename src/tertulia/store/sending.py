"""Deliveries on their way to a provider: taken under a lease, their outcomes told to the log.

The owner's claim wrote `sending` (X2). A sender takes such a row by writing its lease, and holds no transaction while
it calls the provider. A lease that ends without an outcome is told as lost (S3) by whoever finds it; the guard stands
in the update, so it is told once. Leases are real time, outcomes are stamped by the decision clock (E8).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.core import lanes
from tertulia.core.effects import AskProvider
from tertulia.ids import SHARDS, shard_of_contact
from tertulia.store.db import Conn, fetch_all, fetch_one, load, run


@dataclass(frozen=True, slots=True)
class TakenDelivery:
    """A delivery that this sender holds until its lease ends."""

    shard: int
    id: UUID
    workspace: int
    contact_id: int
    channel_id: int
    attempt: int
    lane: int
    to_kind: str
    to_value: str = field(repr=False)
    identity_scope: str
    content: Mapping[str, Any] = field(repr=False)
    made_at: datetime


@dataclass(frozen=True, slots=True)
class LostDelivery:
    """A delivery whose lease ended without an outcome."""

    id: UUID
    workspace: int
    contact_id: int
    channel_id: int
    attempt: int
    kind: str
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class DueQuestion:
    """A lost message that its provider is to be asked about now, held by this sender until its lease ends."""

    shard: int
    id: UUID
    workspace: int
    contact_id: int
    channel_id: int
    attempt: int
    number: int
    to_kind: str
    to_value: str = field(repr=False)
    content: Mapping[str, Any] = field(repr=False)
    handed_at: datetime


def take_deliveries(
    conn: Conn,
    rooms: Mapping[int, int],
    until: datetime,
    shards: Sequence[int] = SHARDS,
    *,
    first: int = lanes.CODE,
    last: int = lanes.BULK,
) -> list[TakenDelivery]:
    """Lease up to `rooms[channel]` deliveries of each channel until `until` (real time), of the lanes from `first` to
    `last`, lower ones first."""
    if not rooms:
        return []
    args = {"channels": list(rooms), "rooms": list(rooms.values()), "until": until, "shards": list(shards)}
    args |= {"first": first, "last": last}
    taken = [TakenDelivery(*row) for row in fetch_all(conn, load("sending")["take"], args)]
    taken.sort(key=lambda delivery: (delivery.lane, delivery.made_at))
    return taken


def take_lost(conn: Conn, now: datetime, until: datetime, limit: int = 1_000) -> list[LostDelivery]:
    """Deliveries whose lease ended before `now` (real time). Their lease is renewed to `until`, so that they are told
    again only if the telling itself was lost."""
    args = {"now": now, "until": until, "limit": limit, "shards": list(SHARDS)}
    return [LostDelivery(*row) for row in fetch_all(conn, load("sending")["take_lost"], args)]


def ask_providers(conn: Conn, group: Sequence[AskProvider]) -> None:
    """Make questions about lost messages due, or none any more; of several about one message the last counts."""
    rows = list({effect.id: effect for effect in group}.values())
    args = {
        "shards": [shard_of_contact(effect.contact_id) for effect in rows],
        "ids": [effect.id for effect in rows],
        "numbers": [effect.number for effect in rows],
        "ats": [effect.at for effect in rows],
        "handed": [effect.handed_at for effect in rows],
    }
    run(conn, load("sending")["ask"], args)


def take_questions(
    conn: Conn,
    channels: Sequence[int],
    *,
    now: datetime,
    real: datetime,
    until: datetime,
    limit: int,
    shards: Sequence[int] = SHARDS,
) -> list[DueQuestion]:
    """Lease up to `limit` questions of these channels that are due at `now` (decision clock) until `until` (real time),
    the longest due first. Who died with one leaves it to the next after `real` has passed its lease."""
    args = {
        "channels": list(channels),
        "shards": list(shards),
        "now": now,
        "real": real,
        "until": until,
        "limit": limit,
    }
    return [DueQuestion(*row) for row in fetch_all(conn, load("sending")["take_questions"], args)]


def beat_sender(conn: Conn, writer: int, now: datetime) -> None:
    """This sender, by its writer in the log, lives (real time)."""
    run(conn, load("sending")["beat"], {"writer": writer, "now": now})


def count_senders(conn: Conn, name: str, since: datetime) -> int:
    """How many senders have lived since (real time); they share each channel's rate."""
    row = fetch_one(conn, load("sending")["count_senders"], {"name": name, "since": since})
    assert row is not None
    return int(row[0])


def end_sender(conn: Conn, writer: int) -> None:
    """This sender has stopped: its share of the rate is the others'."""
    run(conn, load("sending")["end_sender"], {"writer": writer})
