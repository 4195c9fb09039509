"""What was parked (I3): entries that could not be decided, kept whole, and calls that nobody could read.

An entry is tried again by settling its row and appending it to the log once more, in one transaction; it leaves the
count of the parked and is counted again by whoever decides it, so received = processed + parked stays true.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.store.db import Conn, fetch_all, fetch_one, load, run


@dataclass(frozen=True, slots=True)
class ParkedEntry:
    """An entry that waits for a person; `reason` is the sentence that it was parked with."""

    shard: int
    id: UUID
    kind: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UnreadCall:
    """A provider's call that was acknowledged and kept, but not understood; `reason` is a code."""

    received_at: datetime
    method: str
    reason: str


def list_parked(conn: Conn, workspace: int, channel: int, limit: int) -> list[ParkedEntry]:
    """A channel's parked entries, the newest first."""
    args = {"workspace": workspace, "channel": channel, "limit": limit}
    return [ParkedEntry(*row) for row in fetch_all(conn, load("parked")["list"], args)]


def list_unread(conn: Conn, workspace: int, channel: int, limit: int) -> list[UnreadCall]:
    """A channel's calls that could not be read, the newest first."""
    args = {"workspace": workspace, "channel": channel, "limit": limit}
    return [UnreadCall(*row) for row in fetch_all(conn, load("parked")["calls"], args)]


def take_parked(conn: Conn, workspace: int, shard: int, parked_id: UUID, now: datetime) -> dict[str, Any] | None:
    """Settle an entry and give its payload; None when it was settled already or is another workspace's."""
    args = {"workspace": workspace, "shard": shard, "id": parked_id, "now": now}
    row = fetch_one(conn, load("parked")["take"], args)
    if row is None:
        return None
    if row[0] is not None:
        run(conn, load("parked")["uncount"], {"shard": shard, "channel": row[0]})
    payload: dict[str, Any] = row[1]
    return payload
