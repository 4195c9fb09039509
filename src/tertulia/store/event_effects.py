"""Writes what a cycle's events bring about: the events themselves, how many there were of each name and what properties
they have, what they say of contacts, and groups. Each kind is folded and written with one statement.
"""

import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec

from tertulia.core import effects as fx
from tertulia.core import event_effects as ev
from tertulia.core.entries import shard_of_address, shard_of_identity
from tertulia.core.events import LISTED
from tertulia.core.identity import IdentityRef
from tertulia.core.search import fold
from tertulia.core.traits import FIELDS
from tertulia.ids import day_of, shard_of_contact, shard_of_kind
from tertulia.store.db import Conn, load, run, write_json

PROPERTIES_MAX: Final = 200  # of one event that are counted
NAME_CHARACTERS_MAX: Final = 200

Switch = fx.LinkIdentity | fx.UnlinkIdentity


def settle_switches(effects: Iterable[Switch]) -> list[Switch]:
    """Links and their ends as they are after the cycle: of an identity that goes from one contact to another and on, or
    back, only where it began and where it is now. One statement ends links and one makes them, whatever their order."""
    moves: dict[tuple[int, IdentityRef], list[Switch]] = defaultdict(list)
    for effect in effects:
        moves[(effect.workspace, effect.identity)].append(effect)
    settled: list[Switch] = []
    for steps in moves.values():
        first, last = steps[0], steps[-1]
        if len(steps) == 1 or not any(isinstance(step, fx.UnlinkIdentity) for step in steps):
            settled += steps
            continue
        began = first if isinstance(first, fx.UnlinkIdentity) else None
        ended = last if isinstance(last, fx.LinkIdentity) else None
        if began and ended and began.contact_id == ended.contact_id:
            continue
        settled += [step for step in (began, ended) if step is not None]
    return settled


def list_users(conn: Conn, group: list[fx.LinkIdentity]) -> None:
    """A user id is what a list calls the customer, so that a list that comes later finds the contact."""
    if not group:
        return
    args = {
        "kind": LISTED,
        "shards": [shard_of_address(e.workspace, LISTED, e.identity.value) for e in group],
        "homes": [shard_of_contact(e.contact_id) for e in group],
        "workspaces": [e.workspace for e in group],
        "users": [e.identity.value for e in group],
        "ids": [e.contact_id for e in group],
    }
    run(conn, load("event_effects")["list_users"], args)
    run(conn, load("event_effects")["name_users"], args)


def change_contacts(conn: Conn, group: list[ev.ChangeContact]) -> None:
    """Fields, attributes and the instants of their writes (E2); several of one contact in their order."""
    joined: dict[int, tuple[dict[str, str], dict[str, Any], dict[str, datetime]]] = {}
    for e in group:
        fields, attributes, changed = joined.setdefault(e.contact_id, ({}, {}, {}))
        fields |= e.fields
        attributes |= e.attributes
        changed |= e.changed
    rows = list(joined.values())
    args: dict[str, Any] = {
        "shards": [shard_of_contact(contact_id) for contact_id in joined],
        "ids": list(joined),
        "attributes": [write_json({k: v for k, v in row[1].items() if v is not None}) for row in rows],
        "cleared": [write_json([k for k, v in row[1].items() if v is None]) for row in rows],
        "changed": [write_json(row[2]) for row in rows],
        "words": [fold(f"{row[0].get('name', '')} {row[0].get('surname', '')}") for row in rows],
        "at": group[-1].at,
    }
    args |= {field: [row[0].get(field) for row in rows] for field in FIELDS}
    run(conn, load("event_effects")["change_contacts"], args)


def touch_contacts(conn: Conn, group: list[ev.TouchContact]) -> None:
    """When contacts were last seen: the latest of each."""
    latest: dict[int, datetime] = {}
    for e in group:
        latest[e.contact_id] = max(e.at, latest.get(e.contact_id, e.at))
    ids = list(latest)
    args = {"shard": [shard_of_contact(contact_id) for contact_id in ids], "id": ids, "at": list(latest.values())}
    run(conn, load("effects")["touch_contacts"], args)


def store_events(conn: Conn, group: list[ev.StoreEvent]) -> None:
    """The events, and what is counted of them. That each comes once (E1) was seen by its key before: COPY, which takes
    a third of the time of an INSERT, would refuse a second one."""
    with conn.cursor().copy(load("event_effects")["store_events"]) as copy:
        copy.write(_COPY_HEAD)
        for first in range(0, len(group), EVENTS_A_PIECE):
            copy.write(b"".join([_write_event(e) for e in group[first : first + EVENTS_A_PIECE]]))
        copy.write(_COPY_END)
    _tally(conn, group)
    _note_properties(conn, group)


def _write_event(e: ev.StoreEvent) -> bytes:
    """A row as PostgreSQL's binary COPY wants it: every field with its length before it. Half the time of text, which
    has to be escaped and its instants spelt out, and read again on the other side."""
    type_, name, message_id = e.type.encode(), e.name.encode(), e.message_id.encode()
    user_id, anonymous_id = e.user_id.encode(), e.anonymous_id.encode()
    properties, context = msgspec.json.encode(e.properties), msgspec.json.encode(e.context)
    return b"".join(
        (
            _PACK_HEAD(
                *(16, 2, e.shard, 4, e.day.toordinal() - _FIRST_DAY, 16, e.key, 4, e.workspace, 8, e.contact_id),
                *(4, e.source_id, len(type_)),
            ),
            *(type_, _PACK_LENGTH(len(name)), name, _PACK_LENGTH(len(message_id)), message_id),
            *(_PACK_LENGTH(len(user_id)), user_id, _PACK_LENGTH(len(anonymous_id)), anonymous_id),
            *(_PACK_JSON(len(properties) + 1, 1), properties, _PACK_JSON(len(context) + 1, 1), context),
            _PACK_TAIL(8, _count_us(e.occurred_at), 8, _count_us(e.received_at), 1, e.imported),
        )
    )


def _count_us(instant: datetime) -> int:
    """Microseconds since the beginning of 2000, as PostgreSQL counts."""
    return (instant - _EPOCH) // _MICROSECOND


EVENTS_A_PIECE: Final = 250  # PostgreSQL stores one piece while the next is made
_COPY_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END: Final = b"\xff\xff"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_FIRST_DAY: Final = _EPOCH.toordinal()
_MICROSECOND: Final = timedelta(microseconds=1)
_PACK_HEAD: Final = struct.Struct(">hihiii16siiiqiii").pack
_PACK_LENGTH: Final = struct.Struct(">i").pack
_PACK_JSON: Final = struct.Struct(">iB").pack  # of jsonb the version of the format stands before the text
_PACK_TAIL: Final = struct.Struct(">iqiqi?").pack


def _tally(conn: Conn, group: Sequence[ev.StoreEvent]) -> None:
    """Counted in one of the owner's shards, which of them does not matter: nobody else counts there, and a cycle's
    events of a name are one row and not a row for each of their contacts' shards."""
    shard = min(e.shard for e in group)
    counts: dict[tuple[int, int, int, str, str, date], list[Any]] = {}
    for e in group:
        key = (shard, e.workspace, e.source_id, e.type, e.name, day_of(e.received_at))
        found = counts.setdefault(key, [0, e.received_at, e.received_at])
        found[0] += 1
        found[2] = max(found[2], e.received_at)
    keys = sorted(counts)  # one order for all who write them
    columns = ("shard", "workspace", "source_id", "type", "name", "day")
    args: dict[str, Any] = {name: [key[n] for key in keys] for n, name in enumerate(columns)}
    args |= {name: [counts[key][n] for key in keys] for n, name in enumerate(("count", "first_at", "last_at"))}
    run(conn, load("event_effects")["tally_events"], args)


def _note_properties(conn: Conn, group: Sequence[ev.StoreEvent]) -> None:
    """Which top-level properties there are, of which JSON types. The statement writes what is new, and the last time
    once an hour."""
    found: dict[tuple[int, int, int, str, str, str, str], datetime] = {}
    shapes = set()  # most events of a name look alike
    for e in group:
        shape = (e.workspace, e.source_id, e.type, e.name, tuple(e.properties), tuple(map(type, e.properties.values())))
        if shape in shapes:
            continue
        shapes.add(shape)
        shard = shard_of_kind(e.workspace, "event", e.type, e.name)
        head = (shard, e.workspace, e.source_id, e.type, e.name)
        for name, value in list(e.properties.items())[:PROPERTIES_MAX]:
            if len(name) <= NAME_CHARACTERS_MAX:
                found[(*head, name, _type_of(value))] = e.received_at
    if not found:
        return
    keys = sorted(found)  # one order for all who write them
    columns = ("shard", "workspace", "source_id", "type", "name", "property", "json_type")
    args: dict[str, Any] = {name: [key[n] for key in keys] for n, name in enumerate(columns)}
    args["at"] = [found[key] for key in keys]
    run(conn, load("event_effects")["note_properties"], args)


_JSON_TYPES: Final[Mapping[type, str]] = {
    str: "text",
    bool: "boolean",
    int: "number",
    float: "number",
    dict: "object",
    list: "list",
    type(None): "null",
}


def _type_of(value: Any) -> str:
    return _JSON_TYPES[type(value)]


def write_groups(conn: Conn, group: list[ev.WriteGroup]) -> None:
    """Traits of groups: of each the latest write (E2), in this cycle and of all before."""
    joined: dict[tuple[int, str], dict[str, tuple[datetime, str]]] = {}
    for e in group:
        traits = joined.setdefault((e.workspace, e.group_id), {})
        for name, value in e.traits.items():
            written = (e.written_at, msgspec.json.encode(value, order="deterministic").decode())
            traits[name] = max(written, traits.get(name, written))
    keys = sorted(joined)  # one order for all who write them
    args: dict[str, Any] = {
        "shards": [shard_of_identity(workspace, IdentityRef("group_id", "", id_)) for workspace, id_ in keys],
        "workspaces": [workspace for workspace, _ in keys],
        "ids": [id_ for _, id_ in keys],
        "traits": [_join_json({name: text for name, (_, text) in joined[key].items()}) for key in keys],
        "changed": [write_json({name: at for name, (at, _) in joined[key].items()}) for key in keys],
        "at": group[-1].at,
    }
    run(conn, load("event_effects")["write_groups"], args)


def _join_json(texts: Mapping[str, str]) -> str:
    return write_json({name: msgspec.Raw(text.encode()) for name, text in texts.items()})


def join_groups(conn: Conn, group: list[ev.JoinGroup]) -> None:
    """Who belongs to which group, since the first that was told of it."""
    first: dict[tuple[int, str], ev.JoinGroup] = {}
    for e in group:
        known = first.setdefault((e.contact_id, e.group_id), e)
        if e.at < known.at:
            first[(e.contact_id, e.group_id)] = e
    rows = list(first.values())
    args = {name: [getattr(e, name) for e in rows] for name in ("contact_id", "group_id", "workspace", "at")}
    args["shard"] = [shard_of_contact(e.contact_id) for e in rows]
    run(conn, load("event_effects")["join_groups"], args)
