"""Figures of a workspace as a whole, for the first page."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tertulia.store.db import Conn, fetch_all, fetch_one, load


@dataclass(frozen=True, slots=True)
class Grown:
    """A count, and how many of it came since the instant that was asked for."""

    total: int
    since: int


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One local day: messages that arrived, and millionths spent by currency."""

    day: date
    currency: str
    delivered: int
    cost_micros: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a person: `parked` entries, `unread` calls, merge `suggestions`."""

    parked: int
    unread: int
    suggestions: int


def count_contacts_grown(conn: Conn, workspace: int, since: datetime) -> Grown:
    """All contacts of the workspace."""
    row = fetch_one(conn, load("overview")["contacts"], {"workspace": workspace, "since": since})
    assert row is not None
    return Grown(row[0], row[1])


def count_reachable(conn: Conn, workspace: int, since: datetime) -> Grown:
    """Contacts that an app reaches."""
    row = fetch_one(conn, load("overview")["reachable"], {"workspace": workspace, "since": since})
    assert row is not None
    return Grown(row[0], row[1])


def read_days(conn: Conn, workspace: int, since: datetime, zone: str) -> list[DayFigures]:
    """Deliveries and their cost by local day and currency, since an instant."""
    first_day = (since - timedelta(days=1)).date()  # a delivery's partition is a UTC day, and made before it was sent
    args = {"workspace": workspace, "since": since, "zone": zone, "first_day": first_day}
    return [DayFigures(*row) for row in fetch_all(conn, load("overview")["deliveries"], args)]


def read_matched_days(conn: Conn, workspace: int, since: datetime, zone: str) -> dict[date, int]:
    """Contacts matched by local day, since an instant."""
    args = {"workspace": workspace, "since": since, "zone": zone}
    return {row[0]: row[1] for row in fetch_all(conn, load("overview")["matched"], args)}


def count_waiting(conn: Conn, workspace: int) -> Waiting:
    """Parked entries, unread calls and open suggestions."""
    row = fetch_one(conn, load("overview")["waiting"], {"workspace": workspace})
    assert row is not None
    return Waiting(*row)
