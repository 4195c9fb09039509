"""From what a clock on the wall shows to an instant and back (T1, T2, T3, T5, T6).

A rule such as "at 09:00" is kept as what it says (local date, local time, zone) and becomes an instant only here, with
the offset that the zone has *on that date*: today's offset is an hour wrong on the other side of a change of the
clocks. The instant of a wall time is the first one at which the clock shows that time or a later one. So a time that a
spring change leaps over is the moment of the change, a time that an autumn change repeats is its first occurrence, and
a later wall time never comes before an earlier one.

Days are cut in the same way: a day begins at its 00:00, whether it has 23, 24 or 25 hours, and the days of a zone cover
all time without a gap or an overlap, also where the clocks change at midnight.

Instants come and go in UTC, and all have a zone of their own. A `ZoneInfo` is an argument (`zones.load_zone`).
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

MIDNIGHT: Final = time(0)
DAY: Final = timedelta(days=1)
LATE_MAX: Final = timedelta(hours=1)  # by which a wait may be late and still goes on (T6)
_SECOND: Final = timedelta(seconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Weekday(IntEnum):
    """A day of the week by the local calendar, numbered as `date.weekday` does."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6


_EVERY_DAY: Final = frozenset(Weekday)


class Late(StrEnum):
    """What becomes of a wait whose target is already past (T6)."""

    RUN_NOW = "run_now"
    SKIP = "skip"
    EXIT = "exit"


class Span(msgspec.Struct, frozen=True):
    """From `begin` to before `end`, in UTC."""

    begin: datetime
    end: datetime


class OffsetSpan(msgspec.Struct, frozen=True):
    """A stretch of time, from `begin` to before `end` in UTC, in which the clocks of a zone do not change: they show
    UTC plus `offset`."""

    begin: datetime
    end: datetime
    offset: timedelta


def read_time(text: str) -> time | None:
    """A local time such as 09:00; None for nothing. Raises ValueError for what is none."""
    if not text:
        return None
    hours, colon, minutes = text.partition(":")
    if not (colon and len(minutes) == 2 and hours.isdecimal() and minutes.isdecimal()):
        raise ValueError(text)
    return time(int(hours), int(minutes))


def resolve(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant in UTC at which the clock of `zone` first shows `at` on `day`, or a later time (T1, T2).

    Raises OverflowError for a date within a day of the calendar's ends (years 1 and 9999)."""
    wanted = datetime.combine(day, at, tzinfo=zone)
    first, second = (wanted.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:  # once, or twice in an autumn fold
        return first
    return _find_change(second, first, zone)  # never: a spring gap, which lies between the two readings


def read_wall(at: datetime, zone: ZoneInfo) -> datetime:
    """What the clock of `zone` shows at an instant: a date and time without a zone."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def add_calendar_days(at: datetime, days: int, local_time: time | None, zone: ZoneInfo) -> datetime:
    """`days` on the calendar after `at`, at a local time; None: at the time of day that it is at `at` (T3).

    "N days" is another thing: N times 24 hours, `at + timedelta(days=N)`. With 0 days the result may lie before `at`.
    """
    wall = read_wall(at, zone)
    return resolve(wall.date() + days * DAY, wall.time() if local_time is None else local_time, zone)


def next_time_of_day(at: datetime, local_time: time, zone: ZoneInfo) -> datetime:
    """The first instant not before `at` that is `local_time` by the contact's clock. Each date has one (T2): within the
    repeated hour of an autumn change it is the next day's."""
    return next_weekday(at, _EVERY_DAY, local_time, zone)


def next_weekday(at: datetime, weekdays: Collection[int], local_time: time, zone: ZoneInfo) -> datetime:
    """The first instant not before `at` that is `local_time` on one of these days of the local week (T5).

    Raises ValueError where no weekday is named."""
    if not weekdays:
        raise ValueError("Name at least one weekday.")
    today = read_wall(at, zone).date()
    # From yesterday on: its 23:30 may be now, where the clocks leap over midnight.
    days = (today + n * DAY for n in count(-1))
    moments = (resolve(day, local_time, zone) for day in days if day.weekday() in weekdays)
    return next(moment for moment in moments if moment >= at)


def day_bounds(at: datetime, zone: ZoneInfo) -> Span:
    """The local day that holds `at`."""
    day = _date_of(at, zone)
    return _span_days(day, day + DAY, zone)


def week_bounds(at: datetime, zone: ZoneInfo) -> Span:
    """The local week that holds `at`, from Monday."""
    day = _date_of(at, zone)
    monday = day - day.weekday() * DAY
    return _span_days(monday, monday + 7 * DAY, zone)


def month_bounds(at: datetime, zone: ZoneInfo) -> Span:
    """The local month that holds `at`."""
    first = _date_of(at, zone).replace(day=1)
    return _span_days(first, (first + 31 * DAY).replace(day=1), zone)


def list_offsets(begin: datetime, end: datetime, zone: ZoneInfo) -> Iterator[OffsetSpan]:
    """The stretches between two changes of the clocks that make up the time from `begin` to `end`, in order."""
    started = begin = begin.astimezone(UTC)
    while begin < end:
        step = min(begin + DAY, end)
        offset = _offset_at(begin, zone)
        if _offset_at(step, zone) != offset:
            step = _find_change(begin, step, zone)
            yield OffsetSpan(started, step, offset)
            started = step
        begin = step
    if started < end:
        yield OffsetSpan(started, end, _offset_at(started, zone))


def settle_past(target: datetime, now: datetime, policy: Late | None = None) -> Late:
    """What becomes of a wait until `target` that is looked at `now`, when it is over (T6). Without a policy it goes on
    where it is at most an hour late, and is skipped where it is later."""
    if policy is not None:
        return policy
    return Late.RUN_NOW if now - target <= LATE_MAX else Late.SKIP


def _span_days(first: date, after: date, zone: ZoneInfo) -> Span:
    return Span(resolve(first, MIDNIGHT, zone), resolve(after, MIDNIGHT, zone))


def _date_of(at: datetime, zone: ZoneInfo) -> date:
    """The day that holds an instant. Where the clocks went back over midnight they show the old date again for a while;
    the new day goes on, for a date begins once."""
    day = read_wall(at, zone).date()
    while resolve(day + DAY, MIDNIGHT, zone) <= at:
        day += DAY
    return day


def _offset_at(at: datetime, zone: ZoneInfo) -> timedelta:
    return read_wall(at, zone) - at.astimezone(UTC).replace(tzinfo=None)


def _find_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant after `before` and not after `after` at which the clocks change, for they differ at the two. Changes
    fall on whole seconds."""
    old = _offset_at(before, zone)
    first = (before - _EPOCH) // _SECOND + 1
    last = (after - _EPOCH) // _SECOND
    seconds = range(first, last + 1)
    found = bisect_left(seconds, True, key=lambda second: _offset_at(_EPOCH + second * _SECOND, zone) != old)
    return _EPOCH + seconds[found] * _SECOND
