"""What is forgotten in time, and how.

Deliveries with their verdict, the decisions about them, and events lie in partitions by day, which are dropped whole.
Everything else is deleted from its old end in batches.

Why the log has no partitions by day: its reader asks for the next numbers of every (shard, writer) in every round, and
those must be unique. With the day in the key each of these looks would go through every day's partition, and uniqueness
would end at midnight; a day could not be dropped before its last writer, which may live for months. A batch of deletes
costs the owner nothing: it reads on from its position and never sees the old end. Two cores that did other work besides
deleted 14,500 rows a second so; a billion entries a day are 11,600 a second, spread over the machines that such a day
needs.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import psycopg
from psycopg import sql

from tertulia.ids import day_of
from tertulia.store.allowances import forget_totals
from tertulia.store.db import Conn, fetch_all, load, run
from tertulia.store.hook_samples import KEPT_DAYS
from tertulia.store.otp import forget_otps
from tertulia.store.slots import forget_slots

BATCH_ROWS = 20_000
HISTORY = ("delivery", "ledger", "run")
EVENTS = ("event",)
REFERENCES_LONGER = timedelta(days=7)  # an unknown outcome is settled within three days of its hand-over

LINKS_LONGER = timedelta(days=30)  # than they lead anywhere


class Kept(NamedTuple):
    """How many days each is kept; None for ever."""

    log: int | None = None
    calls: int | None = None
    clicks: int | None = None
    history: int | None = None
    events: int | None = None


def list_duties(kept: Kept) -> Sequence[Callable[[Conn, datetime], int]]:
    """What there is to forget, each as a function of the connection and the decision clock's now that gives how many
    rows it dropped, at most BATCH_ROWS: 0 when there is nothing left."""
    found: list[Callable[[Conn, datetime], int]] = [_forget_slots, _forget_otps, forget_totals]
    for query, days in (
        ("forget_log", kept.log),
        ("forget_calls", kept.calls),
        ("forget_parked", kept.calls),
        ("forget_clicks", kept.clicks),
    ):
        if days is not None:
            found.append(_make_duty(query, timedelta(days=days)))
    if kept.history is not None:
        history = timedelta(days=kept.history)
        found += [_make_history_duty(history), _make_duty("forget_references", history + REFERENCES_LONGER)]
    if kept.events is not None:
        found.append(_make_events_duty(timedelta(days=kept.events)))
    return [*found, _make_duty("forget_samples", KEPT_DAYS), _make_duty("forget_message_links", LINKS_LONGER)]


def drop_partitions(conn: Conn, before: date, parents: Sequence[str] = HISTORY) -> int:
    """Drop the partitions of days before one, each in a transaction of its own; the number dropped. One that is in use
    right now is left for the next time."""
    dropped = 0
    for parent, name in fetch_all(conn, load("retention")["partitions"], {"parents": list(parents)}):
        day = _read_day(parent, name)
        if day is None or day >= before:
            continue
        try:
            with conn.transaction():
                conn.execute(sql.SQL(load("retention")["drop_partition"]).format(name=sql.Identifier(name)))
        except psycopg.errors.LockNotAvailable:
            continue
        dropped += 1
    return dropped


def _make_duty(query: str, kept: timedelta) -> Callable[[Conn, datetime], int]:
    def forget(conn: Conn, now: datetime) -> int:
        return run(conn, load("retention")[query], {"before": now - kept, "limit": BATCH_ROWS})

    return forget


def _forget_slots(conn: Conn, now: datetime) -> int:
    return forget_slots(conn, now, BATCH_ROWS)


def _forget_otps(conn: Conn, now: datetime) -> int:
    return forget_otps(conn, now, BATCH_ROWS)


def _make_history_duty(kept: timedelta) -> Callable[[Conn, datetime], int]:
    def forget(conn: Conn, now: datetime) -> int:
        before = day_of(now - kept)
        args = {"day": before, "limit": BATCH_ROWS}
        rows = run(conn, load("retention")["forget_deliveries"], args)
        rows += run(conn, load("retention")["forget_decisions"], args)
        rows += run(conn, load("retention")["forget_runs"], args)
        return rows + drop_partitions(conn, before)

    return forget


def _make_events_duty(kept: timedelta) -> Callable[[Conn, datetime], int]:
    def forget(conn: Conn, now: datetime) -> int:
        before = day_of(now - kept)
        args = {"day": before, "limit": BATCH_ROWS}
        rows = run(conn, load("retention")["forget_events"], args)
        rows += run(conn, load("retention")["forget_tallies"], args)
        rows += run(conn, load("retention")["forget_discards"], {"before": now - kept, "limit": BATCH_ROWS})
        return rows + drop_partitions(conn, before, EVENTS)

    return forget


def _read_day(parent: str, name: str) -> date | None:
    """The day of a partition; None for the one for the rest."""
    text = name.removeprefix(f"{parent}_")
    return date.fromisoformat(text) if text.isdecimal() and len(text) == 8 else None
