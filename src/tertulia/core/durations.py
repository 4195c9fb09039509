"""Durations as documents write them: a number and a unit, `30 s`, `15 min`, `1 h`, `2 d`, `1 w`.

A day is 24 hours here and a week seven of them; calendar days are another thing (T3). A bare number is refused: nobody
can tell whether 30 was meant in seconds or minutes.
"""

import re
from datetime import timedelta
from typing import Final

from tertulia.core.reasons import gettext_noop

DURATION_MAX: Final = timedelta(days=5 * 365)
UNITS: Final = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "min": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
NOT_A_DURATION: Final = gettext_noop("Give a duration such as 30 min, 2 h or 7 d.")
OUT_OF_RANGE: Final = gettext_noop("Give a duration of more than 0 s and at most 1825 d (5 years).")

_WRITTEN: Final = re.compile(r"\s*([0-9]+)\s?(s|min|h|d|w)\s*")
_COUNT_DIGITS_MAX: Final = 9  # five years have 157,680,000 seconds


def read_duration(written: object) -> timedelta:
    """The duration that a document's value writes. Raises ValueError with a sentence for its author."""
    found = _WRITTEN.fullmatch(written) if isinstance(written, str) else None
    if found is None:
        raise ValueError(NOT_A_DURATION)
    digits, size = found[1].lstrip("0"), UNITS[found[2]]
    if len(digits) > _COUNT_DIGITS_MAX or not 0 < int(digits or "0") <= DURATION_MAX // size:
        raise ValueError(OUT_OF_RANGE)
    return int(digits) * size


def write_duration(duration: timedelta) -> str:
    """The one way to write it: in the largest unit that leaves no remainder (`90 min`, `36 h`, `1 w`).

    Raises ValueError for what `read_duration` would not read back: out of range, or parts of a second."""
    if not timedelta(0) < duration <= DURATION_MAX:
        raise ValueError(OUT_OF_RANGE)
    for unit, size in UNITS.items():
        if not duration % size:
            return f"{duration // size} {unit}"
    raise ValueError(NOT_A_DURATION)
