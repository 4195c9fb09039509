"""The channel log: every exchange with a provider, the last ones of each channel.

Rows come already masked (`HttpRequest.masked`) and are cut here, so that no answer can fill the disk.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tertulia.ids import shard_of_contact, shard_of_value
from tertulia.store.db import Conn, fetch_all, load, run

TEXT_CHARACTERS_MAX = 4_000
KEPT_PER_CHANNEL = 2_000


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call and its answer. `at` is real time; `status` 0 and `error` filled when there was no answer."""

    workspace: int
    channel_id: int
    purpose: str
    at: datetime
    took_ms: int
    method: str
    url: str
    headers: str = field(repr=False)
    body: str = field(repr=False)
    status: int
    answer: str = field(repr=False)
    error: str = ""
    contact_id: int | None = None
    delivery_id: UUID | None = None
    id: int = 0


def record_exchanges(conn: Conn, exchanges: Sequence[Exchange]) -> None:
    """Keep the exchanges, in their order."""
    if not exchanges:
        return
    run(
        conn,
        load("channel_log")["record"],
        {
            "shards": [_shard_of(e) for e in exchanges],
            "workspaces": [e.workspace for e in exchanges],
            "channels": [e.channel_id for e in exchanges],
            "contacts": [e.contact_id for e in exchanges],
            "deliveries": [e.delivery_id for e in exchanges],
            "purposes": [e.purpose for e in exchanges],
            "ats": [e.at for e in exchanges],
            "tooks": [e.took_ms for e in exchanges],
            "methods": [e.method for e in exchanges],
            "urls": [cut(e.url) for e in exchanges],
            "headers": [cut(e.headers) for e in exchanges],
            "bodies": [cut(e.body) for e in exchanges],
            "statuses": [e.status for e in exchanges],
            "answers": [cut(e.answer) for e in exchanges],
            "errors": [cut(e.error) for e in exchanges],
        },
    )


def list_exchanges(
    conn: Conn, workspace: int, channel: int, *, before: int | None = None, limit: int = 50
) -> list[Exchange]:
    """A channel's exchanges, the newest first; `before` is the id to go on from."""
    args = {"workspace": workspace, "channel": channel, "before": before, "limit": limit}
    return [Exchange(*row) for row in fetch_all(conn, load("channel_log")["list"], args)]


def trim_log(conn: Conn, kept: int = KEPT_PER_CHANNEL) -> int:
    """Drop all but the last `kept` exchanges of each channel; the number dropped."""
    return run(conn, load("channel_log")["trim"], {"kept": kept})


def _shard_of(exchange: Exchange) -> int:
    if exchange.contact_id is not None:
        return shard_of_contact(exchange.contact_id)
    return shard_of_value(exchange.workspace, "channel", str(exchange.channel_id))


def cut(text: str) -> str:
    """A text as a log keeps it: its beginning; no database takes a NUL or half a pair."""
    return text[:TEXT_CHARACTERS_MAX].replace("\0", "").encode("utf-8", "replace").decode()
