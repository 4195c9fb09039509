"""The poller: asks providers for what they would otherwise bring by webhook, so that a machine without a public address
can begin (Telegram).

An answer takes the webhooks' road: it is stored raw, its events become log entries, and the cursor moves, all in one
transaction; only then is the provider asked again with the new cursor, which is its acknowledgement. One process
polls a channel at a time: it holds the channel's advisory lock.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, TypeVar
from uuid import uuid4

import psycopg
import structlog

from tertulia import config
from tertulia.actions.accounts import open_account
from tertulia.actions.receive import ReceivedCall, record_calls, translate
from tertulia.channels import registry
from tertulia.channels.base import Account, Adapter, HttpRequest, HttpResponse
from tertulia.store.channel_log import record_exchanges
from tertulia.store.channels import ChannelRow, load_channels, mark_fault, save_cursor, try_poll_lock
from tertulia.store.clock import decision_now, real_now
from tertulia.store.db import Conn, connect
from tertulia.store.log import LogWriter, notify
from tertulia.store.webhooks import StoredCall
from tertulia.workers.attempts import Line, describe
from tertulia.workers.guard import read_guard
from tertulia.workers.http import CallFailed, ProviderClient

LOOK_EVERY_S = 2.0
WAIT_S = 60.0  # a long poll's own patience, on top of the client's time-outs
PAUSE_S_MIN = 1.0
PAUSE_S_MAX = 30.0
REFUSED_STATUSES = (401, 403, 404, 409)
REFUSED = "The provider refuses to be polled. Test the channel to see why."

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger("poller")


class Desk:
    """The poller's reads and writes: one connection, used by one thread."""

    def __init__(self, url: str, *, test_clock: bool) -> None:
        self._url = url
        self._test_clock = test_clock
        self._conn: Conn | None = None
        self._writer: LogWriter | None = None

    def look(self) -> Mapping[int, ChannelRow]:
        """The channels that are to be polled and that nobody else polls."""
        conn, _writer = self._open()
        rows = {id_: row for id_, row in load_channels(conn).items() if row.polling and row.state != "fault"}
        mine = {id_: row for id_, row in rows.items() if try_poll_lock(conn, id_)}
        conn.commit()
        return mine

    def take(self, row: ChannelRow, account: Account, adapter: Adapter, request: HttpRequest, got: HttpResponse) -> str:
        """Store an answer and move the cursor; the cursor as it is then."""
        conn, writer = self._open()
        now = decision_now(conn, test_clock=self._test_clock)
        events, cursor = adapter.parse_poll(account, got, now)
        if events:
            read = translate(row.id, row.kind, events)
            masked = request.masked()
            stored = StoredCall(
                id=uuid4(),
                workspace=row.workspace,
                channel_id=row.id,
                method="POLL",
                url=masked.url,
                headers={},
                body=got.body,
                events=len(read.entries),
                unknown=read.unknown,
                parked=read.unreadable,
            )
            record_calls(conn, writer, [ReceivedCall(stored, read.entries)], now)
        save_cursor(conn, row.id, cursor, now)
        conn.commit()
        writer.committed()
        if events:
            notify(conn)
            conn.commit()
        return cursor

    def log_failure(self, row: ChannelRow, line: Line, began: float, request: HttpRequest, got: object) -> None:
        """A poll that failed stands in the channel's log; one that the provider refuses stops the channel."""
        conn, _writer = self._open()
        assert isinstance(got, HttpResponse | CallFailed)
        record_exchanges(conn, [describe(line, "poll", real_now(), began, request, got)])
        if isinstance(got, HttpResponse) and got.status in REFUSED_STATUSES:
            mark_fault(conn, row.id, REFUSED, decision_now(conn, test_clock=self._test_clock))
        conn.commit()

    def drop(self) -> None:
        """Numbers of a transaction whose end is unknown are never used again: the next writer is a fresh one."""
        if self._conn is not None:
            self._conn.close()
        self._conn, self._writer = None, None

    def _open(self) -> tuple[Conn, LogWriter]:
        if self._conn is None or self._writer is None or self._conn.closed:
            self._conn = connect(self._url, name="tertulia poller")
            self._writer = LogWriter.lease(self._conn, "poller", real_now())
            self._conn.commit()
        return self._conn, self._writer


@dataclass(slots=True)
class Poller:
    """The channels that are polled now, each by a task."""

    desk: Desk
    client: ProviderClient
    thread: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, 1, thread_name_prefix="poller"))
    tasks: dict[int, tuple[ChannelRow, "asyncio.Task[None]"]] = field(default_factory=dict)

    async def work(self, stop: threading.Event) -> None:
        looked_at = 0.0
        while not stop.is_set():
            if time.monotonic() - looked_at >= LOOK_EVERY_S:
                looked_at = time.monotonic()
                await self._look()
            await asyncio.sleep(0.1)
        await self._end(list(self.tasks))
        await self._run(self.desk.drop)
        self.thread.shutdown()

    async def _look(self) -> None:
        try:
            rows = await self._run(self.desk.look)
        except psycopg.Error as error:
            log.warning("database_lost", error=type(error).__name__)
            await self._end(list(self.tasks))
            await self._run(self.desk.drop)
            return
        changed = [id_ for id_, (row, task) in self.tasks.items() if task.done() or not _same(row, rows.get(id_))]
        await self._end(changed)
        for id_, row in rows.items():
            if id_ not in self.tasks:
                self.tasks[id_] = (row, asyncio.create_task(self._poll(row)))

    async def _end(self, ids: list[int]) -> None:
        ended = [self.tasks.pop(id_)[1] for id_ in ids]
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)

    async def _poll(self, row: ChannelRow) -> None:
        """Ask again and again. Ends when the kind cannot be polled."""
        adapter = registry.get(row.kind)
        account = open_account(row, config.public_url())
        line = Line(row.id, row.workspace, adapter, account)
        cursor, pause_s = row.poll_cursor, PAUSE_S_MIN
        while (request := adapter.poll(account, cursor)) is not None:
            began = time.monotonic()
            got: HttpResponse | CallFailed
            try:
                got = await self.client.send(request, wait_s=WAIT_S)
            except CallFailed as failure:
                got = failure
            if isinstance(got, HttpResponse) and got.status == 200:
                cursor = await self._run(self.desk.take, row, account, adapter, request, got) or cursor
                pause_s = PAUSE_S_MIN
                continue
            await self._run(self.desk.log_failure, row, line, began, request, got)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, PAUSE_S_MAX)

    async def _run(self, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.get_running_loop().run_in_executor(self.thread, partial(do, *args, **kwargs))


def run_poller(url: str, stop: threading.Event, *, test_clock: bool) -> None:
    """Poll until `stop`. Whatever happens is told in the log and survived: nothing starts this thread again."""
    while not stop.is_set():
        try:
            asyncio.run(_serve(url, stop, test_clock))
        except Exception as error:
            log.error("poller_restarts", error=type(error).__name__)
            stop.wait(PAUSE_S_MIN)


async def _serve(url: str, stop: threading.Event, test_clock: bool) -> None:
    async with ProviderClient(read_guard()) as client:
        await Poller(Desk(url, test_clock=test_clock), client).work(stop)


def _same(old: ChannelRow, new: ChannelRow | None) -> bool:
    return new is not None and (old.kind, old.settings, old.secrets) == (new.kind, new.settings, new.secrets)
