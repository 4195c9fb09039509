"""What tracking SDKs told us goes into the log, many requests at once.

Whose the identities are is looked up in one query. An event goes to the shard of the contact whom its user id names;
to the user id's own where it is not known yet, also when the device is: so all that one user does keeps its order (E6).
Of somebody who is not signed in the same holds by the device. Nothing else is decided here.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from tertulia.core.catalogs import ITEMS_MAX
from tertulia.core.entries import EventEntry, key_of, route
from tertulia.core.hook_items import ItemChange
from tertulia.core.ingest import Discard
from tertulia.store import catalogs as store
from tertulia.store.db import Conn
from tertulia.store.discards import StoredDiscard, insert_discards
from tertulia.store.hook_samples import NewSample, insert_samples, tell_privacy
from tertulia.store.identities import find_contacts
from tertulia.store.log import LogWriter, NewEntry


class EventRequest(msgspec.Struct, frozen=True):
    """One request of an SDK, read, or one webhook. `notes` are discards and warnings, to be kept; `sample` is the
    webhook as it came, `items` what it says of items of catalogs."""

    id: UUID
    workspace: int
    source_id: int
    entries: Sequence[EventEntry]
    notes: Sequence[Discard]
    sample: NewSample | None = None
    items: Sequence[ItemChange] = ()


def record_events(conn: Conn, log: LogWriter, requests: Sequence[EventRequest], now: datetime) -> None:
    """Append the requests' entries to the log and keep their notes, in the caller's transaction."""
    log.append(conn, place_events(conn, [(r.workspace, entry) for r in requests for entry in r.entries]), now)
    record_notes(conn, [*requests, *put_items(conn, requests, now)], now)


def put_items(conn: Conn, requests: Sequence[EventRequest], now: datetime) -> list[EventRequest]:
    """What webhooks say of items of catalogs, in the caller's transaction; requests with the notes of those that were
    not kept. Nothing is told anew to engines and nothing stands in the audit log, for shops change all day."""
    changes = [(r, place, item) for r in requests for place, item in enumerate(r.items)]
    if not changes:
        return []
    told = [store.ToldItem(r.workspace, i.catalog, i.id, i.fields, i.find_instant(now)) for r, _, i in changes]
    refused = store.put_told(conn, told, ITEMS_MAX)
    found = []
    for (request, place, item), code in zip(changes, refused, strict=True):
        if code:
            first = max((note.place for note in request.notes), default=-1) + 1
            note = Discard(first + place, code, name=f"{item.catalog}, {item.id}")
            found.append(EventRequest(request.id, request.workspace, request.source_id, (), (note,)))
    return found


def record_notes(conn: Conn, requests: Sequence[EventRequest], now: datetime) -> None:
    """Keep the requests' notes and samples alone."""
    notes = [StoredDiscard(r.id, r.workspace, r.source_id, note) for r in requests for note in r.notes]
    insert_discards(conn, notes, now)
    tell_privacy(conn, notes, now)
    insert_samples(conn, [r.sample for r in requests if r.sample is not None], now)


def place_events(conn: Conn, events: Sequence[tuple[int, EventEntry]]) -> list[NewEntry]:
    """Each (workspace, entry) with its shard and its key. It occurred at `client_at`: the day of that is part of what
    makes an event the same event (E1)."""
    who = [(workspace, entry.identity) for workspace, entry in events]
    known = find_contacts(conn, who)
    rows = []
    for (workspace, entry), whose in zip(events, who, strict=True):
        contact_id = known.get(whose, entry.contact_id)
        shard = route(workspace, entry, contact_id)
        rows.append(NewEntry(shard, workspace, key_of(entry), entry, entry.client_at, contact_id))
    return rows
