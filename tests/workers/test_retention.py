"""What is forgotten in time, and what never is."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tertulia.errors import ConfigError
from tertulia.store.db import Conn
from tertulia.store.retention import Kept, drop_partitions, list_duties
from tertulia.store.upkeep import add_partition
from tertulia.workers.sweeper import Sweeper, read_kept

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
OLD, NEW = NOW - timedelta(days=31), NOW - timedelta(days=29)


def forget(conn: Conn, **days: int) -> int:
    """One turn of everything that is kept so many days; how many rows went."""
    return sum(duty(conn, NOW) for duty in list_duties(Kept(**days)))


def count(conn: Conn, table: str) -> int:
    row = conn.execute(psycopg.sql.SQL("select count(*) from {}").format(psycopg.sql.Identifier(table))).fetchone()
    assert row is not None
    return int(row[0])


def add_entry(conn: Conn, writer: int, seq: int, at: datetime) -> None:
    conn.execute("insert into log values (1, %s, %s, 1, 'click', 'k', null, %s, %s, '{}')", (writer, seq, at, at))


def test_decided_entries_of_the_log_are_forgotten_and_undecided_ones_never(conn: Conn) -> None:
    """Old entries before the owner's position, and all old ones of a writer that is gone; nothing beyond a position,
    nothing of a writer that no owner has looked at."""
    for writer in (1, 2):
        conn.execute("insert into log_writer values (%s, 'w', now(), now())", (writer,))
    for seq, at in ((1, OLD), (2, OLD), (3, OLD), (4, NEW)):
        add_entry(conn, 1, seq, at)
    add_entry(conn, 2, 1, OLD)
    for seq, at in ((1, OLD), (2, NEW)):
        add_entry(conn, 3, seq, at)
    conn.execute("insert into log_position values (1, 1, 2)")
    assert forget(conn, log=30) == 3
    left = conn.execute("select writer, seq from log order by writer, seq").fetchall()
    assert left == [(1, 3), (1, 4), (2, 1), (3, 2)]
    assert forget(conn, log=30) == 0


def test_I3_raw_calls_are_forgotten_but_not_those_that_wait_to_be_read(conn: Conn) -> None:
    """Nor a parked entry that nobody settled."""
    for at, parked in ((OLD, ""), (OLD, "not_json"), (NEW, "")):
        conn.execute(
            "insert into webhook (shard, id, workspace, channel_id, received_at, method, url, headers, body, events,"
            " unknown, parked) values (1, gen_random_uuid(), 1, 1, %s, 'POST', '', '{}', '', 0, 0, %s)",
            (at, parked),
        )
    for settled in (OLD, None, NEW):
        conn.execute(
            "insert into parked (shard, id, workspace, channel_id, kind, key, reason, payload, at, settled_at)"
            " values (1, gen_random_uuid(), 1, 1, 'signal', 'k', '', '{}', %s, %s)",
            (OLD, settled),
        )
    assert forget(conn, calls=30) == 2
    assert conn.execute("select received_at, parked from webhook order by 1").fetchall() == [
        (OLD, "not_json"),
        (NEW, ""),
    ]
    assert conn.execute("select settled_at from parked order by 1").fetchall() == [(NEW,), (None,)]


def test_openings_of_links_are_forgotten(conn: Conn) -> None:
    for at in (OLD, NEW):
        conn.execute("insert into click values (1, gen_random_uuid(), 1, 1, 1, 'line', 'human', %s)", (at,))
    assert forget(conn, clicks=30) == 1
    assert conn.execute("select at from click").fetchall() == [(NEW,)]


def test_links_of_messages_are_forgotten_a_month_after_they_have_expired(conn: Conn) -> None:
    """Until then whoever opens one is told that it has expired."""
    for at in (OLD, NEW):
        conn.execute(
            "insert into message_link values"
            " (1, %s, 1, 1, gen_random_uuid(), 1, 1, gen_random_uuid(), '', '', '', %s, %s)",
            (str(at).encode(), at, at),
        )
    assert forget(conn) == 1
    assert conn.execute("select expires_at from message_link").fetchall() == [(NEW,)]


def add_delivery(conn: Conn, day: date) -> None:
    conn.execute(
        "insert into delivery values (1, %s, gen_random_uuid(), 1, 1, 1, null, 0, 'reply', 'sent', 1, 'line', 'u',"
        " '{}', '', '', '{}', 1, 0, '', '{}', %s)",
        (day, datetime.combine(day, datetime.min.time(), UTC)),
    )
    conn.execute(
        "insert into ledger values (1, %s, gen_random_uuid(), 1, 1, null, null, %s, 'sent', '', '', '{}', 1)",
        (day, NOW),
    )


@pytest.fixture
def days(conn: Conn) -> Iterator[list[date]]:
    """A day with partitions of its own that is old, and one that is not; what is left is taken away."""
    found = [OLD.date(), NEW.date()]
    for day in found:
        for parent in ("delivery", "ledger"):
            assert add_partition(conn, parent, day)
    conn.commit()
    yield found
    conn.rollback()
    for day in found:
        for parent in ("delivery", "ledger"):
            name = psycopg.sql.Identifier(f"{parent}_{day:%Y%m%d}")
            conn.execute(psycopg.sql.SQL("drop table if exists {}").format(name))
    conn.commit()


def test_old_days_of_deliveries_and_decisions_are_dropped_whole(conn: Conn, days: list[date]) -> None:
    """With partitions of their own or among the rest; a younger day stays, and so does a delivery without a
    verdict. What leads to a delivery stays a week longer, for as long as an outcome may be unknown."""
    rest = OLD.date() - timedelta(days=5)
    for day in (*days, rest):
        add_delivery(conn, day)
    conn.execute(
        "insert into delivery_open values (1, '00000000-0000-0000-0000-000000000001', 1, 1, 1, null, 0, 'reply', 0,"
        " 'unknown', 1, 'line', 'u', '', '{}', '', %s, null, %s, null)",
        (OLD, OLD),
    )
    for name, at in (("p1", OLD), ("p2", OLD - timedelta(days=7))):
        conn.execute("insert into provider_ref values (1, 1, %s, 1, gen_random_uuid(), '[]', %s)", (name, at))
    conn.commit()
    forget(conn, history=30)
    conn.commit()
    assert conn.execute("select day from delivery").fetchall() == [(days[1],)]
    assert conn.execute("select day from ledger").fetchall() == [(days[1],)]
    assert conn.execute("select to_regclass(%s)", (f"delivery_{days[0]:%Y%m%d}",)).fetchone() == (None,)
    assert (count(conn, "delivery_open"), conn.execute("select provider_id from provider_ref").fetchall()) == (
        1,
        [("p1",)],
    )


def add_event(conn: Conn, day: date) -> None:
    at = datetime.combine(day, datetime.min.time(), UTC)
    conn.execute(
        "insert into event values (1, %s, gen_random_uuid(), 1, 1, 1, 'track', 'Opened', 'm', 'u', '', '{}', '{}',"
        " %s, %s)",
        (day, at, at),
    )
    conn.execute("insert into event_tally values (1, 1, 1, 'track', 'Opened', %s, 1, %s, %s)", (day, at, at))
    conn.execute(
        "insert into event_discard values (1, gen_random_uuid(), 1, 1, %s, 'no_id', 0, 'm', 'track', '', '{}')", (at,)
    )


def test_old_days_of_events_are_dropped_whole(conn: Conn) -> None:
    """With partitions of their own or among the rest, with their counts and what was not taken; the history of messages
    has a time of its own."""
    days, rest = [OLD.date(), NEW.date()], OLD.date() - timedelta(days=5)
    for day in days:
        assert add_partition(conn, "event", day)
    for day in (*days, rest):
        add_event(conn, day)
    conn.commit()
    forget(conn, history=1)
    assert count(conn, "event") == 3
    forget(conn, events=30)
    conn.commit()
    for table, column in (("event", "day"), ("event_tally", "day"), ("event_discard", "at::date")):
        assert conn.execute(f"select {column} from {table}").fetchall() == [(days[1],)]
    assert conn.execute("select to_regclass(%s)", (f"event_{days[0]:%Y%m%d}",)).fetchone() == (None,)
    conn.execute(psycopg.sql.SQL("drop table {}").format(psycopg.sql.Identifier(f"event_{days[1]:%Y%m%d}")))
    conn.commit()


def test_a_day_that_is_in_use_is_dropped_the_next_time(conn: Conn, days: list[date], empty_database: str) -> None:
    """Nobody waits for long."""
    conn.execute("set lock_timeout = '50ms'")
    conn.commit()
    with psycopg.connect(empty_database) as other:
        other.execute("select count(*) from delivery")
        assert drop_partitions(conn, OLD.date() + timedelta(days=1)) == 1
        other.rollback()
    assert drop_partitions(conn, OLD.date() + timedelta(days=1)) == 1


def test_the_sweeper_forgets_by_the_decision_clock(conn: Conn) -> None:
    """What is old enough by the virtual instant (E8), batch by batch; nothing where nothing is set."""
    for at in (OLD, NEW):
        conn.execute("insert into click values (1, gen_random_uuid(), 1, 1, 1, 'line', 'human', %s)", (at,))
    conn.execute("insert into test_clock (one, now) values (true, %s)", (NOW,))
    conn.commit()
    Sweeper(conn, test_clock=True).sweep()
    assert count(conn, "click") == 2
    Sweeper(conn, test_clock=True, kept=Kept(clicks=30)).sweep()
    assert count(conn, "click") == 1


def test_days_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Good defaults, 0 for ever, and a sentence for what is no number of days."""
    assert read_kept() == Kept(log=30, calls=40, clicks=400, history=730, events=730)
    monkeypatch.setenv("LOG_KEPT_DAYS", "0")
    assert read_kept().log is None
    for wrong in ("-1", "a week", "999999"):
        monkeypatch.setenv("LOG_KEPT_DAYS", wrong)
        with pytest.raises(ConfigError, match="LOG_KEPT_DAYS"):
            read_kept()


def test_C5_entries_of_a_writer_that_is_gone_are_erased_too(conn: Conn) -> None:
    """Its entries are all decided, though no position is left to say so."""
    from tertulia.store.db import load, run

    conn.execute("insert into log_writer values (1, 'w', now(), now())")
    rows: list[tuple[Any, ...]] = [(1, 1), (1, 2), (9, 1)]
    for writer, seq in rows:
        conn.execute("insert into log values (1, %s, %s, 1, 'inbound', 'k', 7, %s, %s, '{}')", (writer, seq, NOW, NOW))
    conn.execute("insert into log_position values (1, 1, 1)")
    assert run(conn, load("effects")["erase_log"], {"workspace": 1, "id": 7, "values": [], "named": []}) == 2
    assert conn.execute("select writer, seq from log").fetchall() == [(1, 2)]


def test_samples_of_webhooks_are_forgotten_after_a_month(conn: Conn) -> None:
    """Whatever else is kept for ever."""
    for at in (OLD, NEW):
        conn.execute(
            "insert into hook_sample values (1, gen_random_uuid(), 1, 1, %s, 'orders', '{}', '{}', 2, 1, '', '{}')",
            (at,),
        )
    assert forget(conn) == 1
    assert conn.execute("select at from hook_sample").fetchall() == [(NEW,)]
