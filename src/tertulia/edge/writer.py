"""The road into the log: one bounded thread per stream that commits what has gathered, then releases the waiters.

A request hands over its item and waits. The thread takes all items that wait, runs them in one transaction and, after
the commit, gives every waiter its answer: many requests share one flush of the disk. While it commits the next group
gathers, so groups grow with the load and a lonely request waits for nobody. A stream whose callers are machines may
set a pace besides (`every_s`): its groups begin at least so far apart, because a group's own cost is that of some
thirty items.

- Full (`WAITING_MAX` items) means `Full`, which the shells answer with 429 and Retry-After.
- A group that fails is retried item by item; the poison one alone is handed to the work's `refuse`.
- A connection that breaks may have taken the commit with it. The thread connects anew, leases a fresh writer id (so no
  number is used twice and none is left out) and tries the group once more: a repeated entry has the same key (E1).
"""

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import psycopg
import structlog

from tertulia.edge.clock import Clock
from tertulia.store.clock import real_now
from tertulia.store.db import Conn
from tertulia.store.log import LogWriter, notify

WAITING_MAX = 4_000  # items, of one stream in one process
GROUP_ITEMS_MAX = 500
NOTIFY_EVERY_S = 0.010
RECONNECT_S = 0.5
TRIES_MAX = 2  # of a group whose connection broke
STOP_LIMIT_S = 15.0

Item = TypeVar("Item")
Answer = TypeVar("Answer")
ItemIn = TypeVar("ItemIn", contravariant=True)
AnswerOut = TypeVar("AnswerOut", covariant=True)

log = structlog.get_logger("edge")


class Full(Exception):
    """Too many wait already: come again in a second."""


class Unavailable(Exception):
    """The database cannot be reached, or the process is stopping: nothing was stored."""


class Work(Protocol[ItemIn, AnswerOut]):
    """What a stream does with its items."""

    def commit_group(
        self, conn: Conn, entries: LogWriter, items: Sequence[ItemIn], now: datetime
    ) -> Sequence[AnswerOut]:
        """Write the items in the caller's transaction; one answer for each, in order."""
        ...

    def refuse(self, conn: Conn, entries: LogWriter, item: ItemIn, now: datetime, error: Exception) -> AnswerOut | None:
        """Park an item that fails by itself and answer it; None when there is nothing to keep."""
        ...


class Notifier:
    """Hints the owners after a commit, at most every 10 ms, on a connection of its own: a NOTIFY inside every commit
    would take a database-wide lock."""

    def __init__(self, connect: Callable[[], Conn]) -> None:
        self._connect = connect
        self._due = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def hint(self) -> None:
        """There is something in the log."""
        self._due.set()

    def stop(self) -> None:
        self._stop.set()
        self._due.set()
        self._thread.join(STOP_LIMIT_S)

    def _run(self) -> None:
        conn: Conn | None = None
        while not self._stop.is_set():
            self._due.wait()
            self._due.clear()
            try:
                conn = conn or self._connect()
                conn.autocommit = True
                notify(conn)
            except psycopg.Error:
                _close(conn)
                conn = None  # a hint only: the owners look by themselves too
                self._stop.wait(RECONNECT_S)
            self._stop.wait(NOTIFY_EVERY_S)
        _close(conn)


class GroupWriter(Generic[Item, Answer]):
    """One stream's thread. `start` and `submit` are called on the event loop, `stop` from anywhere else."""

    def __init__(
        self,
        name: str,
        connect: Callable[[], Conn],
        work: Work[Item, Answer],
        clock: Clock,
        notifier: Notifier,
        waiting_max: int = WAITING_MAX,
        every_s: float = 0.0,
        is_light: Callable[[Sequence[Item]], bool] = lambda items: True,
    ) -> None:
        """`every_s` is the shortest time from the beginning of a group to that of the next. `is_light` says whether a
        group's statements are small and may go in one pipeline: with one of several megabytes psycopg's waits for an
        answer before all of it is sent, and for ever."""
        self.name = name
        self.every_s = every_s
        self.waiting_max = waiting_max
        self.waiting = 0
        self.groups = 0
        self._connect = connect
        self._is_light = is_light
        self._work = work
        self._clock = clock
        self._notifier = notifier
        self._queue: queue.SimpleQueue[tuple[Item, asyncio.Future[Answer]] | None] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._conn: Conn | None = None
        self._entries: LogWriter | None = None
        self._stopping = False
        self._began_at = 0.0
        self._thread = threading.Thread(target=self._run, name=f"writer-{name}", daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive() and not self._stopping

    def submit(self, item: Item) -> "asyncio.Future[Answer]":
        """A future of the item's answer, set after its commit. Raises Full; the future may raise Unavailable or what
        the work's `refuse` could not settle."""
        assert self._loop is not None
        if self._stopping:
            raise Unavailable
        if self.waiting >= self.waiting_max:
            raise Full
        future: asyncio.Future[Answer] = self._loop.create_future()
        self.waiting += 1
        self._queue.put((item, future))
        return future

    def stop(self) -> None:
        """Commit what waits, then end the thread."""
        self._stopping = True
        self._queue.put(None)
        self._thread.join(STOP_LIMIT_S)

    def _run(self) -> None:
        try:
            while group := self._gather():
                items = [item for item, _ in group]
                self._release(group, self._commit(items))
                self.groups += 1
        finally:
            self._stopping = True
            _close(self._conn)

    def _gather(self) -> list[tuple[Item, "asyncio.Future[Answer]"]]:
        """Everything that waits, at least one item; empty at the end."""
        group = []
        first = self._queue.get()
        early_s = self._began_at + self.every_s - time.monotonic()
        if early_s > 0 and first is not None and self._queue.qsize() < GROUP_ITEMS_MAX:
            time.sleep(early_s)
        self._began_at = time.monotonic()
        while first is not None:
            group.append(first)
            if len(group) >= GROUP_ITEMS_MAX:
                break
            try:
                first = self._queue.get_nowait()
            except queue.Empty:
                break
        if first is None and group:
            self._queue.put(None)
        return group

    def _commit(self, items: Sequence[Item]) -> Sequence[Answer | Exception]:
        """One answer or error for each item. Nothing raises out of here: a waiter must always be released."""
        for _ in range(TRIES_MAX):
            try:
                return self._try_group(items)
            except Exception as error:
                if not self._is_broken():
                    return self._one_by_one(items)
                log.error("connection_lost", stream=self.name, error=type(error).__name__, items=len(items))
                self._drop_connection()
        return [Unavailable() for _ in items]

    def _try_group(self, items: Sequence[Item]) -> Sequence[Answer]:
        conn, entries = self._ready()
        try:
            # Begin, statements and commit in one journey: a group costs a seventh less.
            with conn.pipeline() if self._is_light(items) else contextlib.nullcontext():
                answers = self._work.commit_group(conn, entries, items, self._clock.now())
                conn.commit()
        except BaseException:
            _roll_back(conn, entries)
            raise
        entries.committed()
        self._notifier.hint()
        return answers

    def _one_by_one(self, items: Sequence[Item]) -> Sequence[Answer | Exception]:
        answers: list[Answer | Exception] = []
        for item in items:
            try:
                answers.extend(self._try_group([item]))
            except Exception as error:
                answers.append(self._refuse(item, error))
        return answers

    def _refuse(self, item: Item, error: Exception) -> Answer | Exception:
        log.error("poison", stream=self.name, error=type(error).__name__, code=getattr(error, "sqlstate", None))
        if self._is_broken():
            return Unavailable()
        conn, entries = self._ready()
        try:
            answer = self._work.refuse(conn, entries, item, self._clock.now(), error)
            conn.commit()
        except Exception as second:
            _roll_back(conn, entries)
            return second
        entries.committed()
        return error if answer is None else answer

    def _ready(self) -> tuple[Conn, LogWriter]:
        if self._conn is None or self._entries is None:
            self._drop_connection()
            self._conn = self._connect()
            self._entries = LogWriter.lease(self._conn, f"edge-{self.name}", real_now())
            self._conn.commit()
        return self._conn, self._entries

    def _is_broken(self) -> bool:
        return self._conn is None or self._conn.broken or self._conn.closed

    def _drop_connection(self) -> None:
        _close(self._conn)
        self._conn = self._entries = None

    def _release(
        self, group: Sequence[tuple[Item, "asyncio.Future[Answer]"]], answers: Sequence[Answer | Exception]
    ) -> None:
        assert self._loop is not None
        futures = [future for _, future in group]
        try:
            self._loop.call_soon_threadsafe(self._set_answers, futures, answers)
        except RuntimeError:  # the loop has ended: nobody waits any more
            self.waiting -= len(futures)

    def _set_answers(self, futures: Sequence["asyncio.Future[Answer]"], answers: Sequence[Answer | Exception]) -> None:
        self.waiting -= len(futures)
        for future, answer in zip(futures, answers, strict=True):
            if future.done():  # its caller hung up
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)


def _roll_back(conn: Conn, entries: LogWriter) -> None:
    entries.rolled_back()
    with contextlib.suppress(psycopg.Error):
        conn.rollback()


def _close(conn: Conn | None) -> None:
    if conn is not None:
        conn.close()
