"""The rows of an import as people read them: by outcome, in file order."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tertulia.store.db import Conn, fetch_all, load

ROWS_PER_READ = 5_000


class Listing(StrEnum):
    """Which rows: a tab of the check."""

    REJECTED = "rejected"
    WITHOUT_SMS = "without_sms"
    DUPLICATE = "duplicate"
    UPDATED = "updated"
    NEW = "new"
    UNCHANGED = "unchanged"
    SUPPRESSED = "suppressed"
    KEPT = "kept"
    ALL = "all"


_ALL = ("new", "updated", "unchanged", "duplicate", "rejected", "suppressed", "undone", "kept")
_OUTCOMES = {Listing.WITHOUT_SMS: ("new", "updated", "unchanged"), Listing.ALL: _ALL}


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One row: `reason` and `suggestion` are packed notes (`core.import_reasons`)."""

    row: int
    outcome: str
    field: str
    value: str
    reason: str
    suggestion: str
    contact_id: int | None
    sms: bool


def list_rows(
    conn: Conn, import_id: int, listing: Listing, after: int, limit: int, *, first: int = 0, last: int = 0
) -> list[ListedRow]:
    """At most `limit` rows behind row `after`; `first` and `last` bound them where given."""
    args = {
        "id": import_id,
        "outcomes": list(_OUTCOMES.get(listing, (listing.value,))),
        "after": after,
        "without_sms": listing is Listing.WITHOUT_SMS,
        "first": first,
        "last": last,
        "limit": limit,
    }
    return [ListedRow(*row) for row in fetch_all(conn, load("import_rows")["list"], args)]


def iter_rows(conn: Conn, import_id: int, listing: Listing) -> Iterator[ListedRow]:
    """Every row of a listing, read in pages, for downloads."""
    after = 0
    while rows := list_rows(conn, import_id, listing, after, ROWS_PER_READ):
        yield from rows
        after = rows[-1].row
