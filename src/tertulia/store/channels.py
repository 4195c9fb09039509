"""Connected channels as the workers need them: accounts with their secrets opened, the pace, the poll's cursor.

Channels are configuration and belong to Django's ORM; here they are read whole (there are few), and only what the
provider itself changes is written: short-lived tokens, the cursor of a poll, a fault of the account.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json, run
from tertulia.store.sealing import seal_json, unseal_json

POLL_LOCKS = 0x7E28  # the space of the pollers' advisory locks


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel that is not archived, its secrets opened. `state` is live, paused or fault; `rate_per_s` messages a
    second; the price in millionths of the workspace's currency; `cache` holds short-lived tokens."""

    id: int
    workspace: int
    public_id: str
    kind: str
    name: str
    state: str
    rate_per_s: float
    price_micros: int | None
    greeting: str
    offers_text: bool
    first_message: str
    polling: bool
    poll_cursor: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    cache: Mapping[str, str] = field(repr=False)


def load_channels(conn: Conn) -> Mapping[int, ChannelRow]:
    """Every channel that is not archived, by id. Raises ConfigError when SECRET_KEY cannot open their secrets."""
    rows = {}
    for row in fetch_all(conn, load("channels")["channels"], {}):
        secrets, cache = unseal_json(row[-2]), unseal_json(row[-1])
        values = (*row[:-3], read_json(row[-3]), secrets, cache)
        rows[row[0]] = ChannelRow(*values)
    return rows


def read_fingerprint(conn: Conn) -> str:
    """A text that changes when anything that `load_channels` gives has changed, but for the cursor of a poll."""
    row = fetch_one(conn, load("channels")["fingerprint"], {})
    assert row is not None
    return str(row[0])


def save_cache(conn: Conn, channel: int, cache: Mapping[str, str]) -> None:
    """Keep a channel's short-lived tokens, sealed."""
    run(conn, load("channels")["save_cache"], {"channel": channel, "cache": seal_json(cache)})


def try_poll_lock(conn: Conn, channel: int) -> bool:
    """Whether this session polls the channel from now on, or has done so: nobody else does."""
    row = fetch_one(conn, load("channels")["try_poll_lock"], {"space": POLL_LOCKS, "channel": channel})
    return row is not None and bool(row[0])


def save_cursor(conn: Conn, channel: int, cursor: str, called_at: datetime) -> None:
    """How far a poll has come; an empty cursor keeps the old one. `called_at` counts as the provider's call to us."""
    run(conn, load("channels")["save_cursor"], {"channel": channel, "cursor": cursor, "at": called_at})


def mark_fault(conn: Conn, channel: int, sentence: str, now: datetime) -> bool:
    """Stop a live channel whose account the provider refuses, and notify its workspace. False when it was not live."""
    return run(conn, load("channels")["mark_fault"], {"channel": channel, "sentence": sentence, "now": now}) == 1
