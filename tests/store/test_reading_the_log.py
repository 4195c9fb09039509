"""Reading the log: dense per (shard, writer), in the order of arrival over all of them, a part at a time."""

from datetime import UTC, datetime, timedelta

import psycopg

from tertulia.core.entries import ClickEntry, key_of
from tertulia.ids import SHARDS, make_contact_id
from tertulia.store.log import LogWriter, NewEntry
from tertulia.store.log_reader import LogReader, move_positions

START = datetime(2026, 11, 28, 9, tzinfo=UTC)


def append(conn: psycopg.Connection, writer: LogWriter, index: int, *seconds: int) -> None:
    """Entries of one contact of a shard, one for each second at which it arrived."""
    for second in seconds:
        at = START + timedelta(seconds=second)
        entry = ClickEntry(make_contact_id(1, index), 1, "00", "chooser", "human", at, nonce=str(second))
        writer.append(conn, [NewEntry(SHARDS[index], 1, key_of(entry), entry, at)], at)
        writer.committed()


def test_nothing_overtakes_what_arrived_before_it_and_was_not_read_yet(conn: psycopg.Connection) -> None:
    """One writer has more than is read at a time: what another's entries say came later waits, in every shard."""
    busy, calm = (LogWriter.lease(conn, name, START) for name in ("busy", "calm"))
    append(conn, busy, 0, *range(0, 40, 2))
    append(conn, calm, 0, 5, 17)
    append(conn, calm, 1, 3, 15)
    seen: list[int] = []
    reader = LogReader(conn, SHARDS[:2])
    sizes = []
    while (part := reader.read(conn, limit=20)).rows:
        sizes.append(len(part.rows))
        seen += [int((row.received_at - START).total_seconds()) for row in part.rows]
    assert seen == sorted([*range(0, 40, 2), 3, 5, 15, 17])
    assert sizes == [10, 14]
    assert not part.more


def test_what_was_read_ahead_is_neither_lost_nor_read_again(conn: psycopg.Connection) -> None:
    """Parts of three over two places; what is decided is where the next owner goes on."""
    one, two = (LogWriter.lease(conn, name, START) for name in ("one", "two"))
    append(conn, one, 0, *range(0, 20, 2))
    append(conn, two, 0, *range(1, 20, 2))
    reader = LogReader(conn, SHARDS[:1], each=4)
    rows = [row for _ in range(3) for row in reader.read(conn, limit=3).rows]
    move_positions(conn, rows[:6])
    next_owner = LogReader(conn, SHARDS[:1], each=4)
    for tail, begun in ((reader, rows), (next_owner, rows[:6])):
        seconds = [int((row.received_at - START).total_seconds()) for row in begun]
        while (part := tail.read(conn, limit=3)).rows:
            seconds += [int((row.received_at - START).total_seconds()) for row in part.rows]
        assert seconds == list(range(20))


def test_a_part_says_whether_there_is_more(conn: psycopg.Connection) -> None:
    """By the limit of a place, and by the limit of the whole."""
    writer = LogWriter.lease(conn, "one", START)
    append(conn, writer, 0, *range(6))
    assert LogReader(conn, SHARDS[:1], each=6).read(conn, limit=100).more
    assert not LogReader(conn, SHARDS[:1], each=7).read(conn, limit=100).more
    part = LogReader(conn, SHARDS[:1], each=7).read(conn, limit=4)
    assert (len(part.rows), part.more) == (4, True)


def test_a_gap_is_never_passed(conn: psycopg.Connection) -> None:
    """An entry whose predecessor is not there yet is not read, and keeps nobody else waiting."""
    first, second = (LogWriter.lease(conn, name, START) for name in ("first", "second"))
    append(conn, first, 0, 1, 2, 3)
    append(conn, second, 0, 4)
    conn.execute("delete from log where writer = %s and seq = 2", [first.writer])
    rows = LogReader(conn, SHARDS[:1]).read(conn, limit=100).rows
    assert [(row.writer, row.seq) for row in rows] == [(first.writer, 1), (second.writer, 1)]
