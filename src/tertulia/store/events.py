"""What customers did in a business's apps and sites, read for pages and the API: a contact's own events, the newest
arrivals of a source, how many came on which day, what properties they have, and what was not taken and why.

Nothing here writes: events are written by the cycle that decides them, discards by the edge.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json

WINDOWS_S: Final = (10, 120, 1_800)  # `list_recent` looks so far back from the newest arrival, each time further
DAYS_OFF: Final = timedelta(days=7)


class StoredEvent(msgspec.Struct, frozen=True):
    """One event. `type` is identify, track, page, screen, group or alias; `name` that of a track call, or of a page or
    screen. Of identify and group `properties` are the traits. `contact_id` is the contact that it came to, which may
    be merged into another since (M8); 0 for a group's own. `imported`: it came from a file of past events (E4)."""

    id: UUID
    contact_id: int
    source_id: int
    type: str
    name: str
    message_id: str
    user_id: str
    anonymous_id: str
    properties: dict[str, Any]
    context: dict[str, Any]
    occurred_at: datetime
    received_at: datetime
    imported: bool


class EventVolume(msgspec.Struct, frozen=True):
    """How many events of a name arrived on a day (UTC), and when the last one did."""

    type: str
    name: str
    day: date
    count: int
    last_at: datetime


class EventProperty(msgspec.Struct, frozen=True):
    """A property of the events of a name and the JSON types that it had: text, number, boolean, object, list, null."""

    type: str
    name: str
    property: str
    json_types: tuple[str, ...]
    first_at: datetime
    last_at: datetime


class Discard(msgspec.Struct, frozen=True):
    """A message that was not taken: `code` says why, `place` where it stood in its batch, from 0; `sample` is the
    beginning of what came."""

    id: UUID
    source_id: int
    at: datetime
    code: str
    place: int
    message_id: str
    type: str
    name: str
    sample: str


def list_contact_events(conn: Conn, contact_ids: Sequence[int], before: datetime, limit: int) -> list[StoredEvent]:
    """What these contacts (one person's family, M8) did before an instant, the newest first."""
    ids = list(contact_ids)
    args = {"shards": [shard_of_contact(id_) for id_ in ids], "ids": ids, "before": before, "limit": limit}
    return [_read_event(row) for row in fetch_all(conn, load("events")["contact_events"], args)]


def list_named_events(conn: Conn, contact_ids: Sequence[int], type_: str, name: str, limit: int) -> list[StoredEvent]:
    """What these contacts did of one type and name, the newest first; `track` takes in what was derived."""
    ids = list(contact_ids)
    types = [type_, "derived"] if type_ == "track" else [type_]
    args = {"shards": [shard_of_contact(id_) for id_ in ids], "ids": ids, "name": name, "types": types, "limit": limit}
    return [_read_event(row) for row in fetch_all(conn, load("events")["named_events"], args)]


class Arrived(msgspec.Struct, frozen=True, gc=False):
    """An event as it came in, for playing it again; fields as in StoredEvent. `arrived_at`: of what was imported when
    it happened."""

    contact_id: int
    source_id: int
    type: str
    message_id: str
    occurred_at: datetime
    name: str
    properties: dict[str, Any]
    context: dict[str, Any]
    arrived_at: datetime


def list_arrived(
    conn: Conn,
    workspace: int,
    since: datetime,
    until: datetime,
    names: Collection[tuple[str, str]] | None,
    limit: int,
) -> list[Arrived]:
    """What contacts did in a while, of these types and names (None: all), by its arrival; the newest where there is
    more. What the clients' clocks place more than `DAYS_OFF` beside it is left out."""
    args = {
        "workspace": workspace,
        "since": since,
        "until": until,
        "first_day": (since - DAYS_OFF).date(),
        "last_day": (until + DAYS_OFF).date(),
        "types": None if names is None else [type_ for type_, _ in names],
        "names": None if names is None else [name for _, name in names],
        "limit": limit,
    }
    rows = fetch_all(conn, load("events")["arrived"], args)
    return [Arrived(*(*row[:6], read_json(row[6]), read_json(row[7]), row[8])) for row in reversed(rows)]


def list_groups(conn: Conn, contact_ids: Sequence[int]) -> list[str]:
    """The ids of the groups that these contacts belong to."""
    ids = list(contact_ids)
    args = {"shards": [shard_of_contact(id_) for id_ in ids], "ids": ids}
    return [row[0] for row in fetch_all(conn, load("events")["groups"], args)]


def list_recent(
    conn: Conn, workspace: int, source_id: int | None, name: str, after: datetime, limit: int
) -> list[StoredEvent]:
    """Events that arrived after an instant, the newest arrivals first; of one source (None: of all) and of one name
    (empty: of every name)."""
    args: dict[str, Any] = {"workspace": workspace, "source_id": source_id, "name": name, "limit": limit}
    newest = fetch_one(conn, load("events")["newest_arrival"], {**args, "since": after.date()})
    last_at = newest[0] if newest else None
    if last_at is None or last_at <= after:
        return []
    rows: list[tuple[Any, ...]] = []
    for window_s in (*WINDOWS_S, None):
        start = after if window_s is None else max(after, last_at - timedelta(seconds=window_s))
        rows = fetch_all(conn, load("events")["recent_events"], {**args, "after": start})
        if len(rows) >= limit or start == after:
            break
    return [_read_event(row) for row in rows]


def count_by_day(conn: Conn, workspace: int, source_id: int | None, since: date) -> list[EventVolume]:
    """How many events of each type and name arrived on each day from `since` (UTC), by type, name and day."""
    args = {"workspace": workspace, "source_id": source_id, "since": since}
    return [EventVolume(*row) for row in fetch_all(conn, load("events")["volumes"], args)]


def list_properties(conn: Conn, workspace: int, source_id: int | None) -> list[EventProperty]:
    """The properties of the events of each type and name, by type, name and property."""
    rows = fetch_all(conn, load("events")["properties"], {"workspace": workspace, "source_id": source_id})
    return [
        EventProperty(type_, name, property_, tuple(json_types), first_at, last_at)
        for type_, name, property_, json_types, first_at, last_at in rows
    ]


def list_discards(
    conn: Conn, workspace: int, source_id: int | None, before: datetime, limit: int, code: str = ""
) -> list[Discard]:
    """Messages that were not taken before an instant, for one reason or any (an empty `code`), the newest first."""
    args = {"workspace": workspace, "source_id": source_id, "before": before, "limit": limit, "code": code}
    return [Discard(*row) for row in fetch_all(conn, load("events")["discards"], args)]


def count_discards(conn: Conn, workspace: int, source_id: int | None, since: date) -> dict[str, int]:
    """How many messages were not taken from a day (UTC) or an instant on, by code."""
    args = {"workspace": workspace, "source_id": source_id, "since": since}
    return dict(fetch_all(conn, load("events")["discard_counts"], args))


def _read_event(row: Sequence[Any]) -> StoredEvent:
    id_, contact_id, source_id, type_, name, message_id, user_id, anonymous_id, properties, context = row[:10]
    return StoredEvent(
        *(id_, contact_id, source_id, type_, name, message_id, user_id, anonymous_id),
        *(read_json(properties), read_json(context), *row[10:]),
    )
