"""What commands ask of the database before they begin, and `doctor` at any time."""

from dataclasses import dataclass
from datetime import datetime

from tertulia.ids import SHARD_COUNT
from tertulia.store.db import Conn, fetch_all, fetch_one, load

SCHEMA_LOCK = 0x7E5C  # held by whoever brings the schema up to date


@dataclass(frozen=True, slots=True)
class Server:
    """The server and the database. `version` as PostgreSQL numbers it: 180001; `lettered`: its character type knows
    the letters of all languages."""

    version: int
    durable: bool
    lettered: bool


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


def read_applied(conn: Conn) -> set[str]:
    """The names of the schema's steps that were taken. Raises psycopg's UndefinedTable where there is none yet."""
    return {row[0] for row in fetch_all(conn, load("health")["applied"], {})}


def read_sealed(conn: Conn) -> bytes | None:
    """Something sealed with SECRET_KEY; None before the first workspace. Raises psycopg's UndefinedTable where there is
    no schema yet."""
    row = fetch_one(conn, load("health")["sealed"], {})
    return bytes(row[0]) if row else None


def hold_schema(conn: Conn) -> None:
    """Wait until nobody else brings the schema up to date, and keep others waiting as long as this session lasts."""
    fetch_one(conn, load("health")["hold_schema"], {"lock": SCHEMA_LOCK})
