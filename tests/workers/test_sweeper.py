"""What is done now and then."""

import threading
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from tertulia.core.entries import ConsentEntry
from tertulia.ids import SHARDS, make_contact_id, shard_of_contact
from tertulia.store.channel_log import Exchange, list_exchanges, record_exchanges, trim_log
from tertulia.store.clock import real_now
from tertulia.store.db import connect
from tertulia.store.log import LogWriter, NewEntry
from tertulia.store.upkeep import (
    PARTITIONED,
    add_partition,
    drop_unused_writers,
    forget_keys,
    forget_nonces,
    list_missing,
)
from tertulia.workers.sweeper import run_sweeper
from workers.conftest import wait_for
from workers.rows import NOW, add_sending, add_twilio, add_workspace, read_outcomes


@pytest.fixture
def partitions(conn: psycopg.Connection):
    """What a test makes is taken away, for partitions are not emptied but stay."""
    yield
    conn.rollback()
    for name in (f"{table}_{day}" for table in PARTITIONED for day in ("20310101", "20310102")):
        conn.execute(psycopg.sql.SQL("drop table if exists {}").format(psycopg.sql.Identifier(name)))
    conn.commit()


def test_partitions_are_made_once(conn: psycopg.Connection, partitions: None) -> None:
    """A day's table is made where it is missing; the second time there is nothing to do."""
    days = [date(2031, 1, 1), date(2031, 1, 2)]
    missing = list_missing(conn, days)
    assert missing == [(table, day) for table in PARTITIONED for day in days]
    assert all(add_partition(conn, table, day) for table, day in missing)
    assert list_missing(conn, days) == []
    assert not add_partition(conn, "ledger", days[0])


def test_a_day_whose_rows_lie_elsewhere_already_is_left(conn: psycopg.Connection, partitions: None) -> None:
    """Nothing is moved and nothing fails: the rows stay in the table for the rest."""
    conn.execute(
        """insert into ledger (shard, day, id, workspace, contact_id, at, outcome, gate, reason, facts, epoch)
           values (1, '2031-01-01', gen_random_uuid(), 1, 1, %s, 'sent', '', '', '{}', 1)""",
        [NOW],
    )
    conn.commit()
    assert add_partition(conn, "delivery", date(2031, 1, 1))
    assert not add_partition(conn, "ledger", date(2031, 1, 1))
    assert conn.execute("select count(*) from ledger").fetchone()[0] == 1


def test_E1_keys_older_than_a_week_are_forgotten(conn: psycopg.Connection) -> None:
    """The others still keep their entry from being decided twice."""
    for day in ("2026-11-10", "2026-11-21"):
        conn.execute("insert into entry_seen (shard, day, key, workspace) values (1, %s, 'k', 1)", [day])
        conn.execute("insert into event_seen (shard, day, id, workspace) values (1, %s, gen_random_uuid(), 1)", [day])
    assert forget_keys(conn, date(2026, 11, 14)) == 2
    for table in ("entry_seen", "event_seen"):
        assert conn.execute(f"select day from {table}").fetchall() == [(date(2026, 11, 21),)]


def test_the_channel_log_is_a_ring(conn: psycopg.Connection) -> None:
    """Each channel keeps its last exchanges, whatever the others do."""
    workspace = add_workspace(conn)
    channel = add_twilio(conn, workspace, "http://127.0.0.1:1")
    exchange = Exchange(workspace, channel, "send", NOW, 3, "POST", "http://p", "", "body", 200, "ok")
    record_exchanges(conn, [exchange] * 7)
    assert trim_log(conn, kept=5) == 2
    assert trim_log(conn, kept=5) == 0
    ids = [row.id for row in list_exchanges(conn, workspace, channel)]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 5


def test_a_writer_is_dropped_when_nobody_holds_it_and_all_of_it_is_decided(
    conn: psycopg.Connection, empty_database: str
) -> None:
    """A living session keeps its writer, and so does an entry that waits for its owner."""
    conn.execute(
        "insert into shard_owner (shard, owner, epoch, lease_until) select s, 'me', 1, %s from unnest(%s::int2[]) s",
        [NOW, list(SHARDS)],
    )
    conn.commit()
    contact = make_contact_id(7, 7)
    entry = ConsentEntry(contact, "*", "*", "marketing", "granted", "person", "user:1", NOW)
    with connect(empty_database) as other:
        writer = LogWriter.lease(other, "edge", NOW)
        writer.append(other, [NewEntry(shard_of_contact(contact), 1, "k1", entry, NOW)], NOW)
        other.commit()
        assert drop_unused_writers(conn) == 0
        conn.commit()
    held = (
        "select count(*) from pg_locks where locktype = 'advisory' and objid = %s::integer::oid"  # its own, not others'
    )
    wait_for(lambda: conn.execute(held, [writer.writer]).fetchone()[0] == 0)
    assert drop_unused_writers(conn) == 0
    conn.execute(
        "insert into log_position (shard, writer, seq) values (%s, %s, 1)", [shard_of_contact(contact), writer.writer]
    )
    assert drop_unused_writers(conn) == 1
    assert (
        conn.execute("select (select count(*) from log_writer) + (select count(*) from log_position)").fetchone()[0]
        == 0
    )


def test_S3_the_sweeper_tells_ended_leases_as_lost(conn: psycopg.Connection, empty_database: str) -> None:
    """By real time, though decisions may stand at another: the entry carries the decision clock's instant (E8)."""
    workspace = add_workspace(conn)
    channel = add_twilio(conn, workspace, "http://127.0.0.1:1")
    ended, held = add_sending(conn, workspace, channel, 2)
    conn.execute("update delivery_open set lease_until = %s where id = %s", [real_now() - timedelta(seconds=1), ended])
    conn.execute("update delivery_open set lease_until = %s where id = %s", [real_now() + timedelta(hours=1), held])
    virtual = datetime(2030, 1, 1, tzinfo=UTC)
    conn.execute("insert into test_clock (one, now) values (true, %s)", [virtual])
    conn.commit()
    stop = threading.Event()
    thread = threading.Thread(target=run_sweeper, args=(empty_database, stop), kwargs={"test_clock": True})
    thread.start()
    wait_for(lambda: bool(read_outcomes(conn)))
    stop.set()
    thread.join(10)
    assert read_outcomes(conn) == [(str(ended), "ambiguous", True)]
    assert conn.execute("select occurred_at from log").fetchone()[0] == virtual
    conn.rollback()
    names = [row[0] for row in conn.execute("select relname from pg_class where relname ~ '_20300|_203001'").fetchall()]
    assert "delivery_20300101" in names
    for name in names:
        if not name.endswith("_pkey") and name.startswith(("delivery_2030", "ledger_2030")) and name.count("_") == 1:
            conn.execute(psycopg.sql.SQL("drop table if exists {}").format(psycopg.sql.Identifier(name)))
    conn.commit()


@pytest.fixture
def sweeping(empty_database: str):
    """A sweeper in a thread; it has to be alive at the end."""
    stop = threading.Event()
    thread = threading.Thread(target=run_sweeper, args=(empty_database, stop), kwargs={"test_clock": True})

    def start() -> None:
        thread.start()

    yield start
    assert thread.is_alive()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def end_a_lease(conn: psycopg.Connection) -> None:
    """A delivery whose lease has ended."""
    workspace = add_workspace(conn)
    [ended] = add_sending(conn, workspace, add_twilio(conn, workspace, "http://127.0.0.1:1"), 1)
    conn.execute("update delivery_open set lease_until = %s where id = %s", [real_now() - timedelta(seconds=1), ended])
    conn.commit()


def test_S3_a_duty_that_fails_ends_neither_the_sweeper_nor_the_other_duties(conn: psycopg.Connection, sweeping) -> None:
    """There is no calendar beyond the year 9999, so no partition is made ahead; lost leases are told all the same."""
    end_a_lease(conn)
    conn.execute("insert into test_clock (one, now) values (true, '9999-12-31 12:00Z')")
    conn.commit()
    sweeping()
    wait_for(lambda: bool(read_outcomes(conn)))


def test_S3_a_duty_that_has_to_wait_does_not_hold_up_the_others(
    conn: psycopg.Connection, empty_database: str, sweeping
) -> None:
    """Somebody holds a table that a duty changes: the duty gives way after two seconds and comes again."""
    end_a_lease(conn)
    conn.execute("insert into entry_seen (shard, day, key, workspace) values (1, '2020-01-01', 'k', 1)")
    conn.commit()
    with connect(empty_database) as other:
        other.execute("lock table entry_seen in access exclusive mode")
        sweeping()
        wait_for(lambda: bool(read_outcomes(conn)))
        other.rollback()


def test_nonces_are_forgotten_after_their_signatures_time(conn: psycopg.Connection) -> None:
    """Those of the last hour stay."""
    for hours in (0, 2):
        conn.execute(
            "insert into hook_nonce values (1, 1, %s, 1, '\\x00', %s)", [f"n{hours}", NOW - timedelta(hours=hours)]
        )
    assert forget_nonces(conn, NOW - timedelta(hours=1)) == 1
    assert conn.execute("select nonce from hook_nonce").fetchall() == [("n0",)]
