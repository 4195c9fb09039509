"""Raw webhooks: kept before they are acknowledged, and counted (I3: received = processed + parked)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

import msgspec

from tertulia.ids import shard_of_value
from tertulia.store.db import Conn, fetch_all, load, run
from tertulia.store.parked import shard_of_call

TALLY_ROWS = 64  # rows a channel, shared out among appenders


class StoredCall(msgspec.Struct, frozen=True):
    """One call of a provider as it is kept. `events` log entries came of it, `unknown` parts mean nothing to us;
    `parked` is why it could not be read, else empty."""

    id: UUID
    workspace: int
    channel_id: int
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    events: int
    unknown: int
    parked: str = ""


def insert_calls(conn: Conn, calls: Sequence[StoredCall], received_at: datetime) -> None:
    """Keep the calls, in the caller's transaction."""
    if not calls:
        return
    run(
        conn,
        load("webhooks")["insert_calls"],
        {
            "received": received_at,
            "shards": [shard_of_call(call.workspace, call.id) for call in calls],
            "ids": [call.id for call in calls],
            "workspaces": [call.workspace for call in calls],
            "channels": [call.channel_id for call in calls],
            "methods": [call.method for call in calls],
            "urls": [_clean(call.url) for call in calls],
            "headers": [_write_headers(call.headers) for call in calls],
            "bodies": [call.body for call in calls],
            "events": [call.events for call in calls],
            "unknowns": [call.unknown for call in calls],
            "parked": [call.parked for call in calls],
        },
    )


def remember_nonces(conn: Conn, calls: Sequence[tuple[StoredCall, str]], now: datetime) -> set[UUID]:
    """Remember each (call, nonce); the ids of calls whose nonce stands for another body already."""
    hashes = [blake2b(call.body, digest_size=16).digest() for call, _ in calls]
    args = {
        "shards": [shard_of_value(call.workspace, "nonce", str(call.channel_id), nonce) for call, nonce in calls],
        "channels": [call.channel_id for call, _ in calls],
        "nonces": [nonce for _, nonce in calls],
        "workspaces": [call.workspace for call, _ in calls],
        "hashes": hashes,
        "at": now,
    }
    rows = fetch_all(conn, load("webhooks")["remember_nonces"], args)
    first = {(row[0], row[1]): bytes(row[2]) for row in rows}
    return {call.id for (call, nonce), own in zip(calls, hashes, strict=True) if first[(call.channel_id, nonce)] != own}


def count_received(conn: Conn, writer: int, calls: Sequence[StoredCall]) -> None:
    """Add to each channel's tally what came in: log entries, and calls that were parked. The rows are the appender's
    (`writer` is its id in the log), under a negative shard; a reader adds up all rows of a channel."""
    received: Counter[tuple[int, int]] = Counter()
    parked: Counter[tuple[int, int]] = Counter()
    for call in calls:
        key = (call.channel_id, call.workspace)
        received[key] += call.events + bool(call.parked)
        parked[key] += bool(call.parked)
    _add_to_tallies(conn, writer, received, parked)


def recount_read(conn: Conn, writer: int, channel_id: int, workspace: int, entries: int) -> None:
    """A parked call was read after all: it is no longer parked, and in its place its entries were received."""
    key = (channel_id, workspace)
    _add_to_tallies(conn, writer, Counter({key: entries - 1}), Counter({key: -1}))


def _add_to_tallies(
    conn: Conn, writer: int, received: "Counter[tuple[int, int]]", parked: "Counter[tuple[int, int]]"
) -> None:
    keys = [key for key in received if received[key] or parked[key]]
    if not keys:
        return
    run(
        conn,
        load("webhooks")["count_received"],
        {
            "shard": -1 - writer % TALLY_ROWS,
            "channels": [channel for channel, _ in keys],
            "workspaces": [workspace for _, workspace in keys],
            "received": [received[key] for key in keys],
            "parked": [parked[key] for key in keys],
        },
    )


def touch_channels(conn: Conn, channels: Sequence[int], at: datetime) -> None:
    """The provider called these channels."""
    if channels:
        run(conn, load("webhooks")["touch_channels"], {"channels": list(channels), "at": at})


def _clean(text: str) -> str:
    """No database takes a NUL."""
    return text.replace("\0", "")


def _write_headers(headers: Mapping[str, str]) -> str:
    written = msgspec.json.encode(headers).decode()
    if "\\u0000" not in written:
        return written
    return msgspec.json.encode({_clean(name): _clean(value) for name, value in headers.items()}).decode()
