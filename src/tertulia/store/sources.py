"""What the list of sources counts: events by source and day, their last one, and what was not taken."""

from dataclasses import dataclass
from datetime import date, datetime

from tertulia.ids import SHARDS
from tertulia.store.db import Conn, fetch_all, fetch_one, load


@dataclass(frozen=True, slots=True)
class SourceVolume:
    """How many events of a source arrived on one UTC day, and when the last one did."""

    source_id: int
    day: date
    count: int
    last_at: datetime


def has_events(conn: Conn, workspace: int, source_id: int) -> bool:
    """Whether any event of this source was ever stored."""
    args = {"shards": list(SHARDS), "workspace": workspace, "source": source_id}
    return fetch_one(conn, load("sources")["any"], args) is not None


def read_last_event(conn: Conn, workspace: int, source_id: int) -> datetime | None:
    """When the last event of a source arrived; None for one that never had any."""
    if not has_events(conn, workspace, source_id):
        return None
    row = fetch_one(conn, load("sources")["last"], {"workspace": workspace, "source": source_id})
    return row[0] if row else None


def count_volumes(conn: Conn, workspace: int, since: date) -> list[SourceVolume]:
    """The workspace's events by source and day of arrival, from a UTC day on, the oldest day first."""
    args = {"workspace": workspace, "since": since}
    return [SourceVolume(*row) for row in fetch_all(conn, load("sources")["volumes"], args)]


def read_client_sources(conn: Conn) -> frozenset[int]:
    """The sources whose callers are customers' own browsers and phones."""
    return frozenset(row[0] for row in fetch_all(conn, load("sources")["client"], {}))


def count_refusals(conn: Conn, workspace: int, since: datetime) -> dict[int, int]:
    """How many messages of each source were not taken since an instant; warnings, whose messages were taken, apart."""
    args = {"workspace": workspace, "since": since}
    return {row[0]: row[1] for row in fetch_all(conn, load("sources")["refusals"], args)}


def list_event_names(conn: Conn, workspace: int, since: date, limit: int = 200) -> list[str]:
    """Names of the events that came since a UTC day, derived ones too, the most frequent first."""
    args = {"workspace": workspace, "since": since, "limit": limit}
    return [row[0] for row in fetch_all(conn, load("sources")["event_names"], args)]


def count_named(conn: Conn, workspace: int, type_: str, name: str, since: date) -> int:
    """How many events of a type and name came since a UTC day; `track` takes in what was derived."""
    types = [type_, "derived"] if type_ == "track" else [type_]
    row = fetch_one(
        conn, load("sources")["named"], {"workspace": workspace, "name": name, "types": types, "since": since}
    )
    return int(row[0]) if row else 0
