"""Reading the log: dense per (shard, writer), in the order of arrival over all of them, a part at a time."""

from datetime import UTC, datetime, timedelta

import psycopg

from tertulia.core.entries import ClickEntry, key_of
from tertulia.ids import SHARDS, make_contact_id
from tertulia.store.log import LogWriter, NewEntry
from tertulia.store.ownership import read_log

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
    positions: dict[tuple[int, int], int] = {}
    sizes = []
    while (part := read_log(conn, SHARDS[:2], positions, each=8, limit=100)).rows:
        sizes.append(len(part.rows))
        for row in part.rows:
            seen.append(int((row.received_at - START).total_seconds()))
            positions[(row.shard, row.writer)] = row.seq
    assert seen == sorted([*range(0, 40, 2), 3, 5, 15, 17])
    assert sizes == [10, 10, 4]
    assert not part.more


def test_a_part_says_whether_there_is_more(conn: psycopg.Connection) -> None:
    """By the limit of a place, and by the limit of the whole."""
    writer = LogWriter.lease(conn, "one", START)
    append(conn, writer, 0, *range(6))
    assert read_log(conn, SHARDS[:1], {}, each=6, limit=100).more
    assert not read_log(conn, SHARDS[:1], {}, each=7, limit=100).more
    part = read_log(conn, SHARDS[:1], {}, each=7, limit=4)
    assert (len(part.rows), part.more) == (4, True)


def test_a_gap_is_never_passed(conn: psycopg.Connection) -> None:
    """An entry whose predecessor is not there yet is not read, and keeps nobody else waiting."""
    first, second = (LogWriter.lease(conn, name, START) for name in ("first", "second"))
    append(conn, first, 0, 1, 2, 3)
    append(conn, second, 0, 4)
    conn.execute("delete from log where writer = %s and seq = 2", [first.writer])
    rows = read_log(conn, SHARDS[:1], {}, each=8, limit=100).rows
    assert [(row.writer, row.seq) for row in rows] == [(first.writer, 1), (second.writer, 1)]
