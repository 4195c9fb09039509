"""When a message may go out by the contact's clock: send windows and quiet hours (Q1, Q2, Q3).

A window says for each weekday from when to when it is open; hours that end before they begin go on past midnight and
belong to the day they begin on. Several windows hold at once (the workspace's, the topic's, the journey's, the
contact's): a message goes out only while all are open, each read in the contact's zone.

What counts is what the clock on the contact's wall shows at that moment. So on the night of a change nothing goes out
at 01:10 by a window that begins at 01:30, although that clock has shown 01:30 once before; hours that a spring change
leaps over do not exist that day. Between two changes the clock is UTC plus an offset, so openings are intersected there
as plain wall times and only then turned into instants.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from tertulia.core.deliveries import CLASS_RULES, MessageClass
from tertulia.core.reasons import gettext_noop
from tertulia.core.wall_clock import DAY, OffsetSpan, Span, Weekday, list_offsets, read_wall

SEARCH: Final = timedelta(days=15)  # windows repeat each week; a spring change may leap over the one hour of one
SPREAD_S: Final = 900.0  # over which held messages are released
DAY_MIN: Final = 24 * 60

NOT_HOURS: Final = gettext_noop('Give hours as "from", "to" and, where not every day is meant, "days".')
NOT_FROM: Final = gettext_noop('Give "from" as a time in quotes, such as "09:00".')
NOT_TO: Final = gettext_noop('Give "to" as a time in quotes, such as "21:00", or "24:00" for the end of the day.')
NOT_DAYS: Final = gettext_noop('Give "days" as a list of mon, tue, wed, thu, fri, sat and sun.')
SAME_TIME: Final = gettext_noop('"from" and "to" are the same time; for a whole day give "00:00" and "24:00".')

_TIME: Final = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])")
_DAYS: Final = {day.name.lower(): day for day in Weekday}

DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_Stretch = tuple[datetime, datetime]  # wall times, from and before


class Hours(msgspec.Struct, frozen=True):
    """Open from `begin_min` to before `end_min`, in minutes of the day that they begin on by the contact's clock; an
    end after 1440 is on the next day."""

    weekday: Weekday
    begin_min: int
    end_min: int


class Window(msgspec.Struct, frozen=True):
    """The hours of a week. `name` says whose it is, for the ledger; `by_law` that a country's law sets it (Q3)."""

    hours: tuple[Hours, ...]
    name: str = ""
    by_law: bool = False


class Outside(StrEnum):
    """What becomes of a message outside its window (Q2)."""

    HOLD = "hold"  # until the window opens
    DROP = "drop"
    NEXT_CHANNEL = "next_channel"


class HoursRule(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    rename={"begin": "from", "end": "to"},
):
    """Hours as a document writes them: local times such as 09:00, and the days on which they begin; without `days`
    every day."""

    begin: str
    end: str
    days: tuple[DayName, ...] | None = None


WindowRule = HoursRule | tuple[HoursRule, ...]


class WindowProblem(ValueError):
    """A window that cannot be taken: a sentence for its author, the `field` at fault, and which of several hours it
    stands in, counted from 1."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
        self.number = 1


def read_window(written: object, *, name: str = "", by_law: bool = False) -> Window:
    """The window that a document's value writes: `{"from": "09:00", "to": "21:00", "days": ["mon", "tue"]}`, or a list
    of several such hours, any of which opens it. Raises WindowProblem."""
    several = written if isinstance(written, list) else [written]
    if not several:
        raise WindowProblem(NOT_HOURS)
    hours: list[Hours] = []
    for number, one in enumerate(several, 1):
        try:
            hours += _read_hours(one)
        except WindowProblem as problem:
            problem.number = number
            raise
    return Window(tuple(hours), name, by_law)


@lru_cache(maxsize=10_000)
def compile_window(rule: WindowRule, name: str) -> Window:
    """The window of a document's field. A revision never changes, so it is read once. Raises WindowProblem."""
    return read_window(write_window(rule), name=name)


def write_window(rule: WindowRule) -> list[dict[str, object]]:
    """A document's window as plain values, which `read_window` reads."""
    several = (rule,) if isinstance(rule, HoursRule) else rule
    written: list[dict[str, object]] = []
    for hours in several:
        days = {} if hours.days is None else {"days": list(hours.days)}
        written.append({"from": hours.begin, "to": hours.end, **days})
    return written


def choose_windows(
    windows: Iterable[Window], message_class: MessageClass, *, overridden: bool = False
) -> tuple[Window, ...]:
    """The windows that hold for a message (Q3): none for replies and transactional ones. `overridden`: a named person
    decided to send at any hour; what a law says of marketing holds all the same."""
    if CLASS_RULES[message_class].exempt_from_windows:
        return ()
    if not overridden:
        return tuple(windows)
    return tuple(window for window in windows if window.by_law and message_class is MessageClass.MARKETING)


def find_closed(windows: Iterable[Window], at: datetime, zone: ZoneInfo) -> Window | None:
    """The first of these windows that is closed at an instant, None when all are open (Q1)."""
    wall = read_wall(at, zone)
    return next((window for window in windows if not _shows_open(window, wall)), None)


def is_open(windows: Iterable[Window], at: datetime, zone: ZoneInfo) -> bool:
    """Whether all windows are open at an instant; where there are none, it is always open (Q1)."""
    return find_closed(windows, at, zone) is None


def next_open(windows: Sequence[Window], at: datetime, zone: ZoneInfo) -> datetime | None:
    """The first instant not before `at` at which all windows are open, None if they never are at once."""
    opening = next_opening(windows, at, zone)
    return opening.begin if opening else None


def next_opening(windows: Sequence[Window], at: datetime, zone: ZoneInfo) -> Span | None:
    """The first stretch not before `at` in which all windows are open, None if they never are at once. Its end is told
    up to the fifteen days that are searched."""
    return next(list_openings(windows, at, at + SEARCH, zone), None)


def list_openings(windows: Sequence[Window], begin: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Span]:
    """The stretches between two instants in which all windows are open, in order and none touching the next (Q1)."""
    last: Span | None = None
    for still in _list_steps(begin, end, zone):
        shown = [(_to_wall(still.begin, still.offset), _to_wall(still.end, still.offset))]
        for window in windows:
            shown = _intersect(shown, _list_hours(window, shown[0][0], shown[-1][1])) if shown else []
        for opened, closed in shown:
            span = Span(_from_wall(opened, still.offset), _from_wall(closed, still.offset))
            if last is None:
                last = span
            elif last.end == span.begin:
                last = Span(last.begin, span.end)
            else:
                yield last
                last = span
    if last is not None:
        yield last


def spread(delivery_id: UUID, open_at: datetime, close_at: datetime, *, over_s: float = SPREAD_S) -> datetime:
    """When a held delivery is released after its window opens (Q2): within `over_s` seconds of `open_at` and before
    `close_at`, at a place that the hash of its id gives: the same again on a replay, even over a batch.

    Raises ValueError for a window that closes before it opens."""
    width = min(timedelta(seconds=over_s), close_at - open_at)
    if width <= timedelta(0):
        raise ValueError("a window closes after it opens")
    place = int.from_bytes(blake2b(delivery_id.bytes, digest_size=8, person=b"tertulia.release").digest(), "big")
    return open_at + timedelta(microseconds=(width // timedelta(microseconds=1) * place) >> 64)


def _read_hours(written: object) -> Iterator[Hours]:
    if not isinstance(written, Mapping) or not {"from", "to"} <= written.keys() <= {"from", "to", "days"}:
        raise WindowProblem(NOT_HOURS)
    begin, end = _read_time(written["from"]), _read_time(written["to"])
    if begin is None or begin == DAY_MIN:
        raise WindowProblem(NOT_FROM, "from")
    if end is None:
        raise WindowProblem(NOT_TO, "to")
    if begin == end:
        raise WindowProblem(SAME_TIME, "to")
    days = written.get("days", list(_DAYS))
    if not isinstance(days, list) or not days or not all(isinstance(day, str) and day in _DAYS for day in days):
        raise WindowProblem(NOT_DAYS, "days")
    return (Hours(_DAYS[day], begin, end if end > begin else end + DAY_MIN) for day in dict.fromkeys(days))


def _read_time(written: object) -> int | None:
    """Minutes from midnight to a time of the day, 24:00 included; None for anything else. YAML reads 21:00 without
    quotes as the number 1260."""
    found = _TIME.fullmatch(written) if isinstance(written, str) else None
    minutes = int(found[1]) * 60 + int(found[2]) if found else DAY_MIN + 1
    return minutes if minutes <= DAY_MIN else None


def _list_steps(begin: datetime, end: datetime, zone: ZoneInfo) -> Iterator[OffsetSpan]:
    """A day at most each, so that who wants the first opening alone pays for a day or two."""
    while begin < end:
        step = min(begin + DAY, end)
        yield from list_offsets(begin, step, zone)
        begin = step


def _shows_open(window: Window, wall: datetime) -> bool:
    """By today's hours, or by yesterday's that go on past midnight. In whole minutes: every claim asks this."""
    today, minute = wall.weekday(), wall.hour * 60 + wall.minute
    since = {today: minute, (today - 1) % 7: minute + DAY_MIN}
    return any(hours.begin_min <= since.get(hours.weekday, -1) < hours.end_min for hours in window.hours)


def _list_hours(window: Window, begin: datetime, end: datetime) -> list[_Stretch]:
    """The hours that touch a stretch of wall time, in order; those that meet are one."""
    merged: list[_Stretch] = []
    for opened, closed in sorted(_each_hours(window, begin, end)):
        if merged and opened <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closed))
        else:
            merged.append((opened, closed))
    return merged


def _each_hours(window: Window, begin: datetime, end: datetime) -> Iterator[_Stretch]:
    """Every day's hours from the day before `begin`, whose may go on past midnight."""
    day = datetime.combine(begin.date(), time(0)) - DAY
    while day <= end:
        for hours in window.hours:
            if hours.weekday == day.weekday():
                yield day + timedelta(minutes=hours.begin_min), day + timedelta(minutes=hours.end_min)
        day += DAY


def _intersect(some: list[_Stretch], others: list[_Stretch]) -> list[_Stretch]:
    both = ((max(one[0], other[0]), min(one[1], other[1])) for one in some for other in others)
    return [stretch for stretch in both if stretch[0] < stretch[1]]


def _to_wall(at: datetime, offset: timedelta) -> datetime:
    return at.replace(tzinfo=None) + offset


def _from_wall(wall: datetime, offset: timedelta) -> datetime:
    return (wall - offset).replace(tzinfo=UTC)
