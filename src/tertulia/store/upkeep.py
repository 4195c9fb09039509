"""What has to be done now and then: partitions in time, old keys, writers that nobody uses."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import psycopg
from psycopg import sql

from tertulia.store.db import Conn, fetch_all, fetch_one, load, run
from tertulia.store.log import WRITER_LOCKS
from tertulia.store.retention import drop_partitions

PARTITIONED = ("delivery", "ledger", "event", "event_seen", "run")
LOCK_LIMIT_MS = 2_000


def limit_waits(conn: Conn) -> None:
    """No duty waits long for a lock that somebody else holds; it comes again at its next turn."""
    run(conn, load("upkeep")["limit_waits"], {"limit": f"{LOCK_LIMIT_MS}ms"})


def list_missing(conn: Conn, days: Sequence[date]) -> list[tuple[str, date]]:
    """The (table, day) that have no partition of their own yet."""
    known = {row[0] for row in fetch_all(conn, load("upkeep")["partitions"], {"parents": list(PARTITIONED)})}
    return [(parent, day) for parent in PARTITIONED for day in days if _name_partition(parent, day) not in known]


def add_partition(conn: Conn, parent: str, day: date) -> bool:
    """Make a day's partition. False when that cannot be now (a busy table, or rows of that day in the table for the
    rest): nothing is changed and nothing is lost, the day's rows go to the rest."""
    query = sql.SQL(load("upkeep")["add_partition"]).format(
        name=sql.Identifier(_name_partition(parent, day)),
        parent=sql.Identifier(parent),
        first=sql.Literal(day),
        next=sql.Literal(day + timedelta(days=1)),
    )
    try:
        with conn.transaction():
            run(conn, load("upkeep")["limit_locks"], {"limit": f"{LOCK_LIMIT_MS}ms"})
            conn.execute(query)
    except (psycopg.errors.LockNotAvailable, psycopg.errors.CheckViolation, psycopg.errors.DuplicateTable):
        return False
    return True


def _name_partition(parent: str, day: date) -> str:
    return f"{parent}_{day:%Y%m%d}"


def forget_keys(conn: Conn, before: date, limit: int = 50_000) -> int:
    """Drop keys of entries and events of before a day (E1); at most `limit` of each that lie in no day's partition, so
    that no transaction is long."""
    args = {"before": before, "limit": limit}
    rows = run(conn, load("upkeep")["forget_keys"], args) + run(conn, load("upkeep")["forget_event_keys"], args)
    return rows + drop_partitions(conn, before, ("event_seen",))


def forget_nonces(conn: Conn, before: datetime) -> int:
    """Drop the nonces that came before an instant: their signatures are not taken any more."""
    return run(conn, load("upkeep")["forget_nonces"], {"before": before})


def drop_unused_writers(conn: Conn) -> int:
    """Drop the log's writers whose session is gone and whose entries are all decided; the number dropped. Each engine
    looks at every writer in every round, so they must not gather."""
    rows = fetch_all(conn, load("upkeep")["idle_writers"], {})
    dropped = 0
    for (writer,) in rows:
        args = {"space": WRITER_LOCKS, "writer": writer}
        row = fetch_one(conn, load("upkeep")["try_writer"], args)
        if row is None or not row[0]:
            continue
        try:
            dropped += run(conn, load("upkeep")["drop_writer"], args)
            run(conn, load("upkeep")["drop_positions"], args)
        finally:
            fetch_one(conn, load("upkeep")["release_writer"], args)
    return dropped
