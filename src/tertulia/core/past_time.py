"""When a past event happened, as files write it: with a zone or without one, or as a number since 1970.

A time without a zone of its own is a time of day somewhere, so whoever asks says where. What names no day is no time;
a day without an hour begins at midnight. Nothing is guessed: a text that could be read in two ways is read in the one
that was chosen, or not at all.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final

YEAR_MIN: Final = 1970
YEAR_MAX: Final = 9_000
TEXT_MAX: Final = 64
SECONDS_MAX: Final = 221_000_000_000  # within YEAR_MAX
MILLISECONDS_MIN: Final = 100_000_000_000  # a larger number counts milliseconds, a smaller one seconds
MICROSECONDS_MIN: Final = MILLISECONDS_MIN * 1_000

_NUMBER: Final = re.compile(r"\d{9,17}(\.\d+)?")
_CLOCK: Final = (
    r"(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?:\s*([AaPp])\.?\s?[Mm]\.?)?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d\d:?\d\d)?"
)
_YEAR_FIRST: Final = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?" + _CLOCK)
_YEAR_LAST: Final = re.compile(r"(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{4})\.?" + _CLOCK)


def read_moment(value: Any, zone: tzinfo, *, month_first: bool = False) -> datetime | None:
    """An instant in UTC of a text or of seconds, milliseconds or microseconds since 1970. `zone` is that of a text that
    names none; `month_first`: 03/04/2026 is the 4th of March. None for what is no time and for years outside 1970 to
    9000."""
    try:
        if isinstance(value, str):
            at = _read_text(value.strip(), month_first)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            at = _read_number(value)
        else:
            return None
        if at is None:
            return None
        at = (at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC)
        return at if YEAR_MIN <= at.year <= YEAR_MAX else None
    except (ValueError, OverflowError):
        return None


def guess_month_first(cells: Iterable[str], default: bool) -> bool:
    """Whether the month stands first in a column's dates: as the first of them says that cannot be read in both ways;
    `default` where each can."""
    for cell in cells:
        found = _YEAR_LAST.fullmatch(cell.strip())
        if found is not None and (int(found[1]) > 12) != (int(found[2]) > 12):
            return int(found[2]) > 12
    return default


def looks_like_time(cell: str) -> bool:
    """Whether a cell can be read as a time, in any order of day and month; a number by itself may be anything."""
    return not cell.isdecimal() and any(
        read_moment(cell, UTC, month_first=first) is not None for first in (False, True)
    )


def _read_text(text: str, month_first: bool) -> datetime | None:
    if len(text) > TEXT_MAX:
        return None
    if _NUMBER.fullmatch(text):
        return _read_number(float(text))
    found = _YEAR_FIRST.fullmatch(text)
    if found is not None:
        year, month, day, *clock = found.groups()
        return _build(year, month, day, *clock)
    found = _YEAR_LAST.fullmatch(text)
    if found is not None:
        one, two, year, *clock = found.groups()
        return _build(year, one, two, *clock) if month_first else _build(year, two, one, *clock)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _build(
    year: str, month: str, day: str, hour: str | None, minute: str, second: str, fraction: str, half: str, zone: str
) -> datetime:
    """Raises ValueError for a moment that does not exist."""
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError("no hour of half a day")
        hours = hours % 12 + (12 if half in "pP" else 0)
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    at_zone = _read_zone(zone) if zone else None
    return datetime(int(year), int(month), int(day), hours, int(minute or 0), int(second or 0), micros, at_zone)


def _read_zone(text: str) -> timezone:
    """Raises ValueError for a zone a day away or more."""
    if text[0] not in "+-":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(offset if text[0] == "+" else -offset)


def _read_number(value: float) -> datetime | None:
    for least, unit in ((MICROSECONDS_MIN, 1_000_000), (MILLISECONDS_MIN, 1_000)):
        if value >= least:
            value = value / unit
            break
    return datetime.fromtimestamp(value, UTC) if 0 < value < SECONDS_MAX else None
