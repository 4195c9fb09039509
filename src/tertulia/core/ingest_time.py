"""When an event happened: what the client's clock said, corrected by what it said on sending (E2).

A device's clock may be wrong by hours, but it is wrong by the same amount when the event happens and when it is sent.
So an event lies as long before its arrival as its own time lies before its sending.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

FUTURE_MAX: Final = timedelta(minutes=5)
YEAR_MIN: Final = 1970  # before it are only the zeros of clocks that were never set
YEAR_MAX: Final = 9_000
MILLISECONDS_MIN: Final = 100_000_000_000  # a larger number counts milliseconds, a smaller one seconds
SECONDS_MAX: Final = 221_000_000_000  # within YEAR_MAX
TEXT_MAX: Final = 64
_LOOSE: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d+))?)?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d\d:?\d\d)?"
)
_NUMBER: Final = re.compile(r"\d{9,16}(\.\d+)?")


def read_time(value: Any) -> datetime | None:
    """An instant in UTC of a text (ISO 8601, loosely) or of seconds or milliseconds since 1970; without a zone it is
    UTC. None for what is no time, and for years outside 1970 to 9000."""
    try:
        if isinstance(value, str):
            at = _read_text(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            at = _read_number(value)
        else:
            return None
        if at is None or not YEAR_MIN <= at.year <= YEAR_MAX:
            return None
        if at.tzinfo is UTC:
            return at
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def correct(client: datetime | None, sent: datetime | None, received_at: datetime) -> datetime:
    """When an event happened, by our clock (E2): on arrival where the client says nothing; as it says where it does not
    say when it sent; else as long before arrival as before sending. Never later than FUTURE_MAX after its arrival:
    then the arrival."""
    if client is None:
        return received_at
    at = client
    if sent is not None:
        skewed = received_at - (sent - client)
        at = skewed if skewed.year >= YEAR_MIN else client
    return received_at if at > received_at + FUTURE_MAX else at


def _read_text(text: str) -> datetime | None:
    if len(text) > TEXT_MAX:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return _read_number(float(text))
    found = _LOOSE.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    at_zone = _read_zone(zone or "Z")
    return datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micros, at_zone
    )


def _read_zone(text: str) -> timezone:
    """Raises ValueError for a zone a day away or more."""
    if text[0] not in "+-":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(offset if text[0] == "+" else -offset)


def _read_number(value: float) -> datetime | None:
    seconds = value / 1_000 if value >= MILLISECONDS_MIN else value
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < SECONDS_MAX else None
