"""Tells the log what came of each attempt: one thread, one connection, one transaction a group.

Outcomes gather while the last group commits, so groups grow with the load. Nothing is thrown away: when the database
cannot be reached the group waits and is told again by a fresh writer; a repeated outcome has the same key (E1). What
cannot be written at all (a poison row) is found by telling the items singly, is logged and left to its lease (S3).
"""

import contextlib
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import psycopg
import structlog

from tertulia.core.entries import CallEntry, LookUpEntry, OutcomeEntry, Signal, key_of, route
from tertulia.store.calls import CallExchange, KeptAnswer, keep_answers, record_call_exchanges
from tertulia.store.channel_log import Exchange, record_exchanges
from tertulia.store.clock import decision_now, real_now
from tertulia.store.db import Conn
from tertulia.store.log import LogWriter, NewEntry, notify
from tertulia.store.sending import beat_sender, end_sender

GROUP_ITEMS_MAX = 1_000
GROUP_EVERY_S = 0.04  # a commit and a hint cost as much as some dozens of outcomes
BEAT_EVERY_S = 5.0
RECONNECT_S = 0.5
PATIENCE_S = 20.0  # with a database that is away, once the sender has to stop; less than whoever stops it waits

log = structlog.get_logger("sender.outcomes")


@dataclass(frozen=True, slots=True)
class Told:
    """What one attempt came to: entries for the log (stamped when they are written) and the exchanges it made; of a
    call to a company's API its own, and what it saved of the `answers`."""

    workspace: int
    entries: tuple[OutcomeEntry | LookUpEntry | Signal | CallEntry, ...]
    exchanges: tuple[Exchange, ...] = ()
    calls: tuple[CallExchange, ...] = ()
    answers: tuple[KeptAnswer, ...] = ()


class OutcomeWriter:
    """The thread. `tell` from any thread; `stop` returns when everything told is written, or when the database stays
    away for `patience_s` more: what is lost then is unknown at the end of its lease (S3)."""

    def __init__(
        self, connect: Callable[[], Conn], name: str, *, test_clock: bool, patience_s: float = PATIENCE_S
    ) -> None:
        self._connect = connect
        self._patience_s = patience_s
        self._give_up_at = math.inf
        self._name = name
        self._test_clock = test_clock
        self._queue: queue.SimpleQueue[Told | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="outcomes", daemon=True)
        self._conn: Conn | None = None
        self._writer: LogWriter | None = None
        self._beat_at = 0.0

    def start(self) -> None:
        self._thread.start()

    def tell(self, told: Told) -> None:
        self._queue.put(told)

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def stop(self) -> None:
        self._give_up_at = time.monotonic() + self._patience_s
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        stopping = False
        self._write_until_written(())
        while not stopping:
            group, stopping = self._gather()
            self._write_until_written(group)
            time.sleep(0 if stopping else GROUP_EVERY_S)
        with contextlib.suppress(psycopg.Error):  # it is taken for gone soon enough
            if self._conn is not None and self._writer is not None:
                end_sender(self._conn, self._writer.writer)
                self._conn.commit()
        self._drop_connection()

    def _gather(self) -> tuple[list[Told], bool]:
        """What waits, at least one item or a beat's time; whether the end was asked for."""
        group: list[Told] = []
        try:
            item = self._queue.get(timeout=BEAT_EVERY_S)
            while item is not None:
                group.append(item)
                if len(group) >= GROUP_ITEMS_MAX:
                    return group, False
                item = self._queue.get_nowait()
        except queue.Empty:
            return group, False
        return group, True

    def _write_until_written(self, group: Sequence[Told]) -> None:
        while True:
            try:
                self._write(group)
                return
            except psycopg.OperationalError as error:
                log.warning("database_lost", error=type(error).__name__)
                self._drop_connection()
                if self._give_up_at < math.inf and (not group or time.monotonic() > self._give_up_at):
                    if group:
                        log.error("outcomes_not_written", count=len(group))
                    return
                time.sleep(RECONNECT_S)
            except psycopg.Error as error:
                self._drop_connection()
                if len(group) == 1:
                    log.error("outcome_not_written", error=type(error).__name__)
                    return
                for item in group:
                    self._write_until_written([item])
                return

    def _write(self, group: Sequence[Told]) -> None:
        conn, writer = self._open()
        now = decision_now(conn, test_clock=self._test_clock)
        entries = [_stamp(told.workspace, entry, now) for told in group for entry in told.entries]
        writer.append(conn, entries, now)
        record_exchanges(conn, [exchange for told in group for exchange in told.exchanges])
        record_call_exchanges(conn, [exchange for told in group for exchange in told.calls])
        keep_answers(conn, [kept for told in group for kept in told.answers])
        self._beat(conn, writer)
        conn.commit()
        writer.committed()
        if entries:
            notify(conn)
            conn.commit()

    def _beat(self, conn: Conn, writer: LogWriter) -> None:
        if time.monotonic() - self._beat_at >= BEAT_EVERY_S:
            beat_sender(conn, writer.writer, real_now())
            self._beat_at = time.monotonic()

    def _open(self) -> tuple[Conn, LogWriter]:
        if self._conn is None or self._writer is None:
            self._conn = self._connect()
            self._writer = LogWriter.lease(self._conn, self._name, real_now())
            self._conn.commit()
        return self._conn, self._writer

    def _drop_connection(self) -> None:
        """Numbers of a transaction whose end is unknown are never used again: the next writer is a fresh one."""
        if self._conn is not None:
            self._conn.close()
        self._conn, self._writer = None, None


def _stamp(workspace: int, entry: OutcomeEntry | LookUpEntry | Signal | CallEntry, now: datetime) -> NewEntry:
    """The entry as the log takes it, at the decision clock's instant (E8)."""
    stamped = msgspec.structs.replace(entry, at=now)
    return NewEntry(route(workspace, stamped), workspace, key_of(stamped), stamped, now)
