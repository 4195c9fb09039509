"""The writer: groups, the poison one, the full queue, the broken connection."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import NAMESPACE_URL, uuid5

import psycopg
import pytest
from tests.sim.fragile import Fuse, connect_fragile

from tertulia.actions.receive import ReceivedCall
from tertulia.core.entries import ClickEntry
from tertulia.edge.clock import Clock
from tertulia.edge.webhooks import WebhookWork, are_light
from tertulia.edge.writer import Full, GroupWriter, Notifier, Unavailable
from tertulia.ids import SHARDS
from tertulia.store.db import Conn, connect
from tertulia.store.log import LogWriter, NewEntry
from tertulia.store.webhooks import StoredCall

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Numbers:
    """Appends an entry for each number; -1 is poison that is parked, -2 poison that nobody can settle. `gate` holds a
    group back, so that a test knows what waits."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def commit_group(self, conn: Conn, entries: LogWriter, items: Sequence[int], now: datetime) -> Sequence[str]:
        self.gate.wait()
        self.groups.append(len(items))
        entries.append(conn, [make_entry(number) for number in items], now)
        if any(number < 0 for number in items):
            conn.execute("select 1/0")
        return [f"kept {number}" for number in items]

    def refuse(self, conn: Conn, entries: LogWriter, item: int, now: datetime, error: Exception) -> str | None:
        return "parked" if item == -1 else None


def make_entry(number: int) -> NewEntry:
    entry = ClickEntry(1, 1, "00", "chooser", "human", NOW, nonce=str(number))
    return NewEntry(SHARDS[number % 4], 1, f"k{number}", entry, NOW)


@pytest.fixture
def work() -> Numbers:
    return Numbers()


@pytest.fixture
def make_writer(empty_database: str, work: Numbers):
    made: list = []

    def make(waiting_max: int = 100, every_s: float = 0.0) -> GroupWriter[int, str]:
        open_one = lambda: connect(empty_database)  # noqa: E731
        notifier = Notifier(open_one)
        notifier.start()
        writer: GroupWriter[int, str] = GroupWriter("test", open_one, work, Clock(), notifier, waiting_max, every_s)
        writer.start(asyncio.get_running_loop())
        made.append((writer, notifier))
        return writer

    yield make
    for writer, notifier in made:
        work.gate.set()
        writer.stop()
        notifier.stop()


def read_log(url: str) -> dict[tuple[int, int], list[int]]:
    with psycopg.connect(url) as conn:
        rows = conn.execute("select shard, writer, array_agg(seq order by seq) from log group by 1, 2").fetchall()
    return {(shard, writer): seqs for shard, writer, seqs in rows}


def test_what_gathers_while_a_group_commits_is_the_next_group(make_writer, work: Numbers) -> None:
    async def play() -> list[str]:
        writer = make_writer()
        work.gate.clear()
        futures = [writer.submit(number) for number in range(50)]
        await asyncio.sleep(0)
        work.gate.set()
        return await asyncio.gather(*futures)

    assert asyncio.run(play()) == [f"kept {number}" for number in range(50)]
    assert sum(work.groups) == 50
    assert len(work.groups) <= 3


def test_a_stream_with_a_pace_lets_what_comes_soon_after_a_group_gather(make_writer, work: Numbers) -> None:
    """The first one waits for nobody; those that come one by one within the pace are one group."""

    async def play() -> list[str]:
        writer = make_writer(every_s=0.5)
        first = await writer.submit(0)
        futures = []
        for number in (1, 2, 3):
            futures.append(writer.submit(number))
            await asyncio.sleep(0.01)
        return [first, *await asyncio.gather(*futures)]

    assert asyncio.run(play()) == [f"kept {number}" for number in range(4)]
    assert work.groups == [1, 3]


def test_a_poison_item_fails_alone(make_writer, work: Numbers, empty_database: str) -> None:
    """Its neighbours are kept, it is parked or gets its error, and the numbers stay dense."""

    async def play() -> list:
        writer = make_writer()
        work.gate.clear()
        futures = [writer.submit(number) for number in (1, 2, -1, 5, -2, 6)]
        work.gate.set()
        return await asyncio.gather(*futures, return_exceptions=True)

    answers = asyncio.run(play())
    assert answers[:4] == ["kept 1", "kept 2", "parked", "kept 5"]
    assert isinstance(answers[4], psycopg.errors.DivisionByZero)
    assert answers[5] == "kept 6"
    log = read_log(empty_database)
    assert sum(map(len, log.values())) == 4
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in log.values())


def test_a_full_writer_says_so_and_takes_more_when_there_is_room(make_writer, work: Numbers) -> None:
    async def play() -> list[str]:
        writer = make_writer(waiting_max=3)
        work.gate.clear()
        futures = [writer.submit(number) for number in range(3)]
        with pytest.raises(Full):
            writer.submit(9)
        work.gate.set()
        first = await asyncio.gather(*futures)
        return [*first, await writer.submit(4)]

    assert asyncio.run(play()) == ["kept 0", "kept 1", "kept 2", "kept 4"]


def test_a_broken_connection_is_made_anew_under_a_new_writer_id(
    make_writer, work: Numbers, empty_database: str
) -> None:
    """Numbers of the old writer may have been used: the new one starts its own."""

    async def play() -> list[str]:
        writer = make_writer()
        first = await writer.submit(1)
        with psycopg.connect(empty_database, autocommit=True) as conn:
            conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and pid <> pg_backend_pid() and query not like '%%notify%%'"
            )
        return [first, await writer.submit(5)]

    assert asyncio.run(play()) == ["kept 1", "kept 5"]
    log = read_log(empty_database)
    assert sorted(log.values()) == [[1], [1]]
    assert len({writer for _, writer in log}) == 2


def test_a_stopped_writer_commits_what_waits_and_takes_no_more(make_writer, work: Numbers, empty_database: str) -> None:
    async def play() -> list[str]:
        writer = make_writer()
        futures = [writer.submit(number) for number in range(10)]
        await asyncio.to_thread(writer.stop)
        with pytest.raises(Unavailable):
            writer.submit(11)
        return await asyncio.gather(*futures)

    assert len(asyncio.run(play())) == 10
    assert sum(map(len, read_log(empty_database).values())) == 10


def test_I3_a_call_whose_commits_answer_was_lost_is_kept_and_acknowledged(empty_database: str) -> None:
    """The connection breaks when the commit is made and its answer is not there yet: the group is written once more,
    the call stands once, and its provider hears that it was kept."""
    fuse = Fuse()
    call = StoredCall(uuid5(NAMESPACE_URL, "call"), 1, 1, "POST", "/hooks/x", {}, b"{}", events=0, unknown=0)

    async def play() -> bool:
        open_one = partial(connect_fragile, empty_database, fuse)
        writer = GroupWriter("test", open_one, WebhookWork({}), Clock(), Notifier(open_one))
        writer.start(asyncio.get_running_loop())
        fuse.light_commit(2)  # the first leases the writer
        try:
            return await writer.submit(ReceivedCall(call))
        finally:
            await asyncio.to_thread(writer.stop)

    assert asyncio.run(play())
    assert fuse.burnt == 1
    with psycopg.connect(empty_database) as conn:
        assert conn.execute("select count(*) from webhook").fetchone() == (1,)


def test_large_calls_that_come_together_are_all_kept(empty_database: str) -> None:
    """Megabytes in one statement must not stop the thread: psycopg's pipeline waits for ever with them."""
    bodies = [bytes([65 + number]) * 4_000_000 for number in range(4)]
    calls = [
        StoredCall(uuid5(NAMESPACE_URL, f"call {body[:1]!r}"), 1, 1, "POST", "/hooks/x", {}, body, events=0, unknown=0)
        for body in bodies
    ]

    async def play() -> list[bool]:
        open_one = partial(connect, empty_database)
        writer = GroupWriter("test", open_one, WebhookWork({}), Clock(), Notifier(open_one), is_light=are_light)
        writer.start(asyncio.get_running_loop())
        try:
            return await asyncio.wait_for(asyncio.gather(*[writer.submit(ReceivedCall(call)) for call in calls]), 60)
        finally:
            await asyncio.to_thread(writer.stop)

    assert asyncio.run(play()) == [True] * len(calls)
    with psycopg.connect(empty_database) as conn:
        assert conn.execute("select count(*), min(length(body)) from webhook").fetchone() == (4, 4_000_000)
