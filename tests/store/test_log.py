"""The log is read without a gap: what commits late is decided late, and never passed by."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tertulia.core.entries import ConsentEntry
from tertulia.embedded import EmbeddedPostgres
from tertulia.ids import make_contact_id, shard_of_contact
from tertulia.store import log_reader
from tertulia.store.db import Conn, connect
from tertulia.store.log import LogWriter, NewEntry
from tertulia.store.log_reader import LogReader, move_positions

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CONTACT = make_contact_id(7, 7)
SHARD = shard_of_contact(CONTACT)


def make_entry(key: str) -> NewEntry:
    entry = ConsentEntry(CONTACT, "*", "*", "marketing", "granted", "person", "user:1", NOW)
    return NewEntry(SHARD, 1, key, entry, NOW)


class Owner:
    """Reads the shard's log as an engine does: the next entries, then its positions move."""

    def __init__(self, conn: Conn) -> None:
        self.conn = conn
        self.reader = LogReader(conn, [SHARD], each=100)

    def read(self) -> list[str]:
        """The keys of what is decided now."""
        rows = self.reader.read(self.conn, limit=100).rows
        move_positions(self.conn, rows)
        self.conn.commit()
        return [row.key for row in rows]


def test_an_append_held_open_is_decided_when_it_commits(conn: Conn, empty_database: str) -> None:
    """One process numbers first and commits last. The others do not wait for it, and it is not passed by."""
    with connect(empty_database) as slow, connect(empty_database) as quick:
        late, early = LogWriter.lease(slow, "slow", NOW), LogWriter.lease(quick, "quick", NOW)
        slow.commit()
        quick.commit()
        owner = Owner(conn)
        late.append(slow, [make_entry("late-1"), make_entry("late-2")], NOW)
        early.append(quick, [make_entry("early-1")], NOW + timedelta(seconds=1))
        quick.commit()
        early.committed()
        assert owner.read() == ["early-1"]
        early.append(quick, [make_entry("early-2")], NOW + timedelta(seconds=2))
        quick.commit()
        assert owner.read() == ["early-2"]
        slow.commit()
        assert owner.read() == ["late-1", "late-2"]
        assert owner.read() == []


def test_numbers_of_a_rolled_back_append_are_used_again(conn: Conn, empty_database: str) -> None:
    """A gap would stand for ever, and what comes behind it would never be decided."""
    with connect(empty_database) as other:
        writer = LogWriter.lease(other, "edge", NOW)
        other.commit()
        writer.append(other, [make_entry("gone")], NOW)
        other.rollback()
        writer.rolled_back()
        writer.append(other, [make_entry("kept")], NOW)
        other.commit()
        assert Owner(conn).read() == ["kept"]


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A server of the test's own, with fsync on and prepared transactions."""
    folder = Path(tempfile.mkdtemp(prefix="tertulia-log-"))
    folder.chmod(0o711)
    tuning = {"shared_buffers": "64MB", "max_prepared_transactions": "4"}
    made = EmbeddedPostgres(folder, extra=tuning)
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


def migrate(url: str) -> None:
    """The log's own tables, which need no Django."""
    sql = Path(log_reader.__file__).parents[1] / "data" / "sql"
    with psycopg.connect(url, autocommit=True) as conn:
        for path in sorted([*sql.glob("*_contacts.sql"), *sql.glob("*_log_*.sql")]):
            conn.execute(path.read_text())


def kill_server(server: EmbeddedPostgres) -> None:
    """Power off: every process of the server dies at once."""
    postmaster = int((server.cluster / "postmaster.pid").read_text().splitlines()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for pid in (postmaster, *map(int, children)):
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in (postmaster, *children)):
        assert time.monotonic() < deadline, "the server does not die"
        time.sleep(0.01)


def test_a_prepared_transaction_recovered_late_is_decided_then(server: EmbeddedPostgres) -> None:
    """A distributed commit may be left prepared by a crash and be finished long after. Its entries wait, and so does
    what the same process appended behind them; the others' go on. The server is killed meanwhile."""
    url = server.start("log")
    migrate(url)
    with psycopg.connect(url, autocommit=True) as first, connect(url) as second:
        held = LogWriter(1)
        first.execute("insert into log_writer values (1, 'held', now(), now()), (2, 'other', now(), now())")
        first.execute("begin")
        held.append(first, [make_entry("held-1")], NOW)
        first.execute("prepare transaction 'late'")
        held.committed()
        held.append(first, [make_entry("held-2")], NOW)
        LogWriter(2).append(second, [make_entry("other-1")], NOW)
        second.commit()
    with connect(url) as conn:
        assert Owner(conn).read() == ["other-1"]
    kill_server(server)
    url = server.start("log")
    with connect(url) as conn, psycopg.connect(url, autocommit=True) as recovering:
        owner = Owner(conn)
        assert owner.read() == []
        recovering.execute("commit prepared 'late'")
        assert owner.read() == ["held-1", "held-2"]


def test_what_was_committed_survives_the_power_and_nothing_else(server: EmbeddedPostgres) -> None:
    """Kill and recovery with fsync on: appended and decided are kept, the open append is gone, and a fresh writer goes
    on beside the gone one's numbers."""
    url = server.start("log")
    migrate(url)
    one, two = connect(url), connect(url)
    writer = LogWriter.lease(one, "edge", NOW)
    one.commit()
    for number in range(50):
        writer.append(one, [make_entry(f"k{number:02d}")], NOW)
        one.commit()
        writer.committed()
    decided = Owner(two).read()
    writer.append(one, [make_entry("open")], NOW)
    kill_server(server)
    one.close()
    two.close()
    url = server.start("log")
    with connect(url) as conn, connect(url) as fresh:
        owner = Owner(conn)
        assert (len(decided), owner.read()) == (50, [])
        again = LogWriter.lease(fresh, "edge again", NOW)
        fresh.commit()
        again.append(fresh, [make_entry("open")], NOW)
        fresh.commit()
        assert owner.read() == ["open"]
        assert conn.execute("select count(*) from log").fetchone() == (51,)
