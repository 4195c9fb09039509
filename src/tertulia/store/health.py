"""What `doctor` asks of the database."""

from dataclasses import dataclass
from datetime import datetime

from tertulia.ids import SHARD_COUNT
from tertulia.store.db import Conn, fetch_one, load


@dataclass(frozen=True, slots=True)
class Server:
    """The server itself. `version` as PostgreSQL numbers it: 180001."""

    version: int
    durable: bool


@dataclass(frozen=True, slots=True)
class Work:
    """Who works and what waits."""

    owned_shards: int
    all_shards: int
    senders: int
    parked: int
    stale_sending: int


def read_server(conn: Conn) -> Server:
    row = fetch_one(conn, load("health")["server"], {})
    assert row is not None
    return Server(*row)


def read_work(conn: Conn, now: datetime, since: datetime) -> Work:
    """`now` and `since` are real time (E8): leases count at `now`, what has waited since before `since` is stale."""
    row = fetch_one(conn, load("health")["work"], {"now": now, "since": since, "all": SHARD_COUNT})
    assert row is not None
    return Work(*row)
