"""Cursors: opaque texts that say where the next page begins, read strictly."""

import base64
import binascii
from datetime import UTC, datetime

from tertulia.errors import Invalid

LIMIT_MAX = 500


def write_cursor(at: datetime, last: object) -> str:
    """A cursor after a row with this instant and id."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{last}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str] | None:
    """The instant and id of a cursor; None for the first page. Raises Invalid."""
    if not cursor:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, last = text.partition("|")
        instant = datetime.fromisoformat(at)
    except (ValueError, binascii.Error, UnicodeDecodeError):
        raise Invalid("This cursor is not one of ours.", field="cursor") from None
    if instant.tzinfo is None or not last:
        raise Invalid("This cursor is not one of ours.", field="cursor")
    return instant, last


def read_limit(limit: int) -> int:
    """A page's size. Raises Invalid."""
    if not 1 <= limit <= LIMIT_MAX:
        raise Invalid(f"A page has 1 to {LIMIT_MAX} rows.", field="limit")
    return limit


def read_instant(given: datetime | None) -> datetime | None:
    """An instant as it was given; one without a zone is in UTC."""
    return given.replace(tzinfo=UTC) if given is not None and given.tzinfo is None else given
