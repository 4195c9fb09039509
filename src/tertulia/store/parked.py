"""What was parked (I3): entries that could not be decided, kept whole, and calls that nobody could read.

An entry is tried again by settling its row and appending it to the log once more, in one transaction; it leaves the
count of the parked and is counted again by whoever decides it. A call is tried again by reading its raw request anew;
its entries are counted as received in its place. So received = processed + parked stays true.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.core.entries import is_counted
from tertulia.ids import shard_of_value
from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json, run

UUID_MIN, UUID_MAX = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Parked:
    """An entry whose decision failed, kept whole. `key` is what it stood in the log under, `reason` the sentence that
    it was parked with."""

    shard: int
    id: UUID
    channel_id: int | None
    kind: str
    key: str
    reason: str
    payload: dict[str, Any]
    at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnreadCall:
    """A provider's call that was acknowledged and kept, but not understood; `reason` is a code, `tried_at` when it was
    last tried again."""

    id: UUID
    channel_id: int
    at: datetime
    method: str
    reason: str
    bytes: int
    tried_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call as it was kept: secrets in its address and headers are masked, its body is whole."""

    id: UUID
    workspace: int
    channel_id: int
    received_at: datetime
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    reason: str


def list_parked(
    conn: Conn,
    workspace: int,
    *,
    channel: int = 0,
    settled: bool = False,
    before: datetime | None = None,
    limit: int = 50,
) -> list[Parked]:
    """Entries that could not be decided, the newest first; settled ones too when asked."""
    args = {
        "workspace": workspace,
        "channel": channel,
        "settled": settled,
        "before": before or "infinity",
        "limit": limit,
    }
    return [_parked(row) for row in fetch_all(conn, load("parked")["list"], args)]


def read_parked(conn: Conn, workspace: int, parked_id: UUID) -> Parked | None:
    """One of them."""
    row = fetch_one(conn, load("parked")["get"], {"workspace": workspace, "id": parked_id})
    return None if row is None else _parked(row)


def settle_parked(conn: Conn, workspace: int, parked: Parked, now: datetime) -> bool:
    """Mark a parked entry as dealt with; False when somebody was faster."""
    args = {"workspace": workspace, "shard": parked.shard, "id": parked.id, "now": now}
    return run(conn, load("parked")["settle"], args) == 1


def uncount_parked(conn: Conn, parked: Parked) -> None:
    """The entry goes back into the log: it waits again, and its channel has one less parked."""
    if is_counted(parked.kind, parked.key, parked.channel_id):
        run(conn, load("parked")["uncount"], {"shard": parked.shard, "channel": parked.channel_id})


def list_unread(
    conn: Conn,
    workspace: int,
    *,
    channel: int = 0,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[UnreadCall]:
    """Signed calls that could not be read, the newest first; from after `before` (instant and id)."""
    at, call_id = before or ("infinity", UUID_MAX)
    args = {"workspace": workspace, "channel": channel, "before": at, "before_id": call_id, "limit": limit}
    return [UnreadCall(*row) for row in fetch_all(conn, load("parked")["calls"], args)]


def list_untried(conn: Conn, workspace: int, channel: int, limit: int) -> list[UUID]:
    """Unread calls in the order in which they are to be tried again; of one channel, or all (0)."""
    args = {"workspace": workspace, "channel": channel, "limit": limit}
    return [row[0] for row in fetch_all(conn, load("parked")["untried"], args)]


def read_call(conn: Conn, workspace: int, call_id: UUID) -> KeptCall | None:
    """A kept call, read or not."""
    args = {"workspace": workspace, "shard": shard_of_call(workspace, call_id), "id": call_id}
    row = fetch_one(conn, load("parked")["get_call"], args)
    return None if row is None else KeptCall(*(*row[:6], read_json(row[6]), bytes(row[7]), row[8]))


def settle_call(conn: Conn, call: KeptCall, reason: str, events: int, unknown: int, now: datetime) -> bool:
    """What the call came to this time; False when somebody read it meanwhile."""
    args = {
        "shard": shard_of_call(call.workspace, call.id),
        "id": call.id,
        "parked": reason,
        "events": events,
        "unknown": unknown,
        "now": now,
    }
    return run(conn, load("parked")["settle_call"], args) == 1


def shard_of_call(workspace: int, call_id: UUID) -> int:
    """Where a raw call is kept."""
    return shard_of_value(workspace, "webhook", str(call_id))


def _parked(row: Sequence[Any]) -> Parked:
    return Parked(*(*row[:6], read_json(row[6]), *row[7:]))


def park(
    conn: Conn,
    *,
    shard: int,
    parked_id: UUID,
    workspace: int,
    channel_id: int | None,
    kind: str,
    key: str,
    reason: str,
    payload: str,
    now: datetime,
) -> None:
    """Keep an entry whole that could not be decided (I3)."""
    args = {
        "shard": shard,
        "id": parked_id,
        "workspace": workspace,
        "channel_id": channel_id,
        "kind": kind,
        "key": key,
        "reason": reason,
        "payload": payload,
        "now": now,
    }
    run(conn, load("effects")["park"], args)
