"""The sweeper: what has to be done now and then, and may be done by anybody.

    every second      leases that ended are told as lost (S3), by real time
    every 10 seconds  the logs of channels and endpoints are cut to their last exchanges
    every minute      the coming days' partitions, by the decision clock (E8); keys past their week (E1); nonces past
                      their signatures' time; unused writers; what is kept for some days only and is older (`retention`)

Several sweepers do no harm: each statement guards itself. A duty that fails is told in the log and tried again at its
next turn, and the others are done all the same; nothing but the end of the process ends a sweeper.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import psycopg
import structlog

from tertulia import config
from tertulia.ids import day_of
from tertulia.store.calls import trim_call_log
from tertulia.store.channel_log import trim_log
from tertulia.store.clock import decision_now, real_now
from tertulia.store.db import Conn, connect
from tertulia.store.goals import forget_goals
from tertulia.store.log import LogWriter, notify
from tertulia.store.retention import BATCH_ROWS, Kept, list_duties
from tertulia.store.upkeep import (
    add_partition,
    drop_unused_writers,
    forget_keys,
    forget_nonces,
    limit_waits,
    list_missing,
)
from tertulia.workers.leases import tell_lost

DAYS_AHEAD = 3
KEYS_KEPT_DAYS = 8  # a day more than E1's week, for a day is a date
NONCES_KEPT_S = 3_600  # a signature is taken for five minutes
FORGET_LIMIT_S = 3.0  # a turn of each kind; a lost lease is told no later than after the last of them
AGAIN_S = 1.0
RECONNECT_S = 1.0

log = structlog.get_logger("sweeper")


@dataclass(slots=True)
class Duty:
    """One thing to do every `every_s` seconds; after a turn that did `full` or more, again after a second."""

    name: str
    every_s: float
    do: Callable[[], int]
    due_at: float = 0.0
    full: int = 0


class Sweeper:
    """One connection and its duties."""

    def __init__(self, conn: Conn, *, test_clock: bool, kept: Kept | None = None) -> None:
        self._conn = conn
        self._test_clock = test_clock
        self._writer = LogWriter.lease(conn, "sweeper", real_now())
        limit_waits(conn)
        conn.commit()
        self._duties = [
            Duty("partitions", 60.0, self._add_partitions),
            Duty("lost", 1.0, self._tell_lost),
            Duty("channel_log", 10.0, lambda: trim_log(conn)),
            Duty("call_log", 10.0, lambda: trim_call_log(conn)),
            Duty("keys", 60.0, self._forget_keys),
            Duty("nonces", 60.0, self._forget_nonces),
            Duty("goals", 600.0, self._forget_goals),
            Duty("writers", 60.0, lambda: drop_unused_writers(conn)),
            *(
                Duty("forget", 60.0, partial(self._forget, forget), full=BATCH_ROWS)
                for forget in list_duties(kept or Kept())
            ),
        ]

    def sweep(self) -> None:
        """Do what is due now. Raises psycopg.OperationalError when the connection is lost."""
        for duty in self._duties:
            if time.monotonic() < duty.due_at:
                continue
            duty.due_at = time.monotonic() + duty.every_s
            try:
                done = duty.do()
                self._conn.commit()
            except Exception as error:
                self._recover(duty, error)
                continue
            if duty.full and done >= duty.full:
                duty.due_at = time.monotonic() + AGAIN_S
            if done:
                log.info("swept", duty=duty.name, count=done)

    def _recover(self, duty: Duty, error: Exception) -> None:
        """Take back what a failed duty began. A commit whose end is unknown has lost its connection too, and with it
        the writer's numbers: then everything begins anew."""
        log.error("duty_failed", duty=duty.name, error=type(error).__name__)
        if self._conn.broken:
            raise psycopg.OperationalError("the connection is lost") from error
        self._conn.rollback()
        self._writer.rolled_back()

    def _tell_lost(self) -> int:
        now = decision_now(self._conn, test_clock=self._test_clock)
        told = tell_lost(self._conn, self._writer, real_now(), now)
        self._conn.commit()
        self._writer.committed()
        if told:
            notify(self._conn)
        return told

    def _add_partitions(self) -> int:
        today = day_of(decision_now(self._conn, test_clock=self._test_clock))
        made = 0
        for parent, day in list_missing(self._conn, [today + timedelta(days=n) for n in range(DAYS_AHEAD + 1)]):
            made += add_partition(self._conn, parent, day)
            self._conn.commit()  # each by itself: it locks the table for the rest
        return made

    def _forget(self, forget: Callable[[Conn, datetime], int]) -> int:
        """Batch after batch, each committed, for as long as there is something and the other duties can wait."""
        now = decision_now(self._conn, test_clock=self._test_clock)
        until = time.monotonic() + FORGET_LIMIT_S
        total = 0
        while dropped := forget(self._conn, now):
            self._conn.commit()
            total += dropped
            if dropped < BATCH_ROWS or time.monotonic() >= until:
                break
        return total

    def _forget_nonces(self) -> int:
        now = decision_now(self._conn, test_clock=self._test_clock)
        return forget_nonces(self._conn, now - timedelta(seconds=NONCES_KEPT_S))

    def _forget_goals(self) -> int:
        now = decision_now(self._conn, test_clock=self._test_clock)
        return forget_goals(self._conn, now)

    def _forget_keys(self) -> int:
        today = day_of(decision_now(self._conn, test_clock=self._test_clock))
        return forget_keys(self._conn, today - timedelta(days=KEYS_KEPT_DAYS))


def read_kept() -> Kept:
    """How long what is kept, by the settings. Raises ConfigError."""
    return Kept(
        log=config.read_days("LOG_KEPT_DAYS"),
        calls=config.read_days("CALLS_KEPT_DAYS"),
        clicks=config.read_days("CLICKS_KEPT_DAYS"),
        history=config.read_days("HISTORY_KEPT_DAYS"),
        events=config.read_days("EVENTS_KEPT_DAYS"),
    )


def run_sweeper(url: str, stop: threading.Event, *, test_clock: bool) -> None:
    """Sweep until `stop`. A lost connection is opened again, with a fresh writer; whatever else happens is told in the
    log and survived, for nothing starts this thread again. Raises ConfigError for a wrong setting, at once."""
    kept = read_kept()
    while not stop.is_set():
        try:
            with connect(url, name="tertulia sweeper") as conn:
                sweeper = Sweeper(conn, test_clock=test_clock, kept=kept)
                while not stop.wait(0.5):
                    sweeper.sweep()
        except Exception as error:
            with suppress(Exception):
                log.warning("sweeper_restarts", error=type(error).__name__)
            stop.wait(RECONNECT_S)
