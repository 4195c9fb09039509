"""Instants that move with the clock, as documents write them: `now`, `now + 3 d`, `now - 30 d` (X5).

What is compared with one is an instant, or a date, which is the first moment of that day by the contact's clock.
"""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from tertulia.core.durations import read_duration
from tertulia.core.wall_clock import MIDNIGHT, resolve

INSTANT_TEXT: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
    r"(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
)
_INSTANT: Final = re.compile(INSTANT_TEXT)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOVING: Final = re.compile(r"\s*now(?:\s*([+-])(.+))?\s*")


@lru_cache(maxsize=1_000)
def read_moving(written: Any) -> timedelta | None:
    """How far it is from now; None for anything else."""
    found = _MOVING.fullmatch(written) if isinstance(written, str) else None
    if found is None:
        return None
    if not found[1]:
        return timedelta()
    try:
        distance = read_duration(found[2])
    except ValueError:
        return None
    return distance if found[1] == "+" else -distance


def read_instant(value: Any) -> datetime | None:
    """A text such as 2027-01-31T09:00:00Z, with its offset; None for anything else."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def read_moment(value: Any, clock: datetime) -> datetime | None:
    """An instant, or the first moment of a date such as 2027-01-31 by a clock, which is one of a zone."""
    zone = clock.tzinfo
    if not isinstance(zone, ZoneInfo) or not isinstance(value, str) or not _DATE.fullmatch(value):
        return read_instant(value)
    try:
        return resolve(date.fromisoformat(value), MIDNIGHT, zone)
    except (ValueError, OverflowError):
        return None
