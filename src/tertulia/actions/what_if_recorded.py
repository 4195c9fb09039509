"""History as it is played through a draft: what the workspace was told and what became of its messages in a while.

The newest is taken, as far as the limits let. Contacts are as they are today; whoever a round may be for is there too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.actions.what_if import People, Tape
from tertulia.actions.what_if_audience import list_invited
from tertulia.core.durations import read_duration
from tertulia.core.entries import EventEntry, OccasionEntry
from tertulia.core.journeys import ApiEntry, CommentEntry, MessageEntry, OutcomeEntry, Program, SegmentEntry
from tertulia.core.occasions import (
    API,
    COMMENT,
    MESSAGE,
    OCCASIONS,
    OUTCOME,
    OUTCOMES,
    RECEIVED,
    SEGMENT,
    SEGMENT_CHANGES,
    name_channel,
)
from tertulia.core.sessions import ENDED, STARTED
from tertulia.core.simulation.arrivals import Arrival, Sent
from tertulia.core.world import Config
from tertulia.ids import derive_id
from tertulia.store import recorded as store
from tertulia.store.db import Conn
from tertulia.store.events import Arrived, list_arrived
from tertulia.store.slots import KEPT_S

CAPS_REACH_S = KEPT_S  # so far back messages are known that caps count


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is played at most."""

    events: int
    contacts: int


def read_tape(
    conn: Conn,
    configs: Sequence[Config],
    programs: Sequence[Program],
    ids: Sequence[int],
    workspace: int,
    since: datetime,
    until: datetime,
    limits: Limits,
) -> Tape:
    """What was recorded in a while of what the drafts listen to, each in its configuration, under its journey's id."""
    arrivals = list(_list_events(conn, configs, workspace, since, until, limits.events + 1))
    occasions: dict[tuple[UUID, int | None], Arrival] = {}  # each once, though several drafts begin by it
    for config, program, journey_id in zip(configs, programs, ids, strict=True):
        asked = (conn, config, program, journey_id, ids, workspace, since, until, limits.events + 1)
        for one in _list_occasions(*asked):
            assert isinstance(one.entry, OccasionEntry)
            occasions.setdefault((one.entry.id, one.entry.journey_id), one)
    arrivals += occasions.values()
    arrivals.sort(key=lambda told: told.at)
    cut = "events" if len(arrivals) > limits.events else ""
    invited = {
        one
        for config, program in zip(configs, programs, strict=True)
        for one in list_invited(conn, config, workspace, program.journey, since, until, limits.contacts)
    }
    taken: list[Arrival] = []
    contact_ids = set(sorted(invited)[-limits.contacts :])
    if len(invited) >= limits.contacts:
        cut = "contacts"
    for told in reversed(arrivals[-limits.events :]):
        owner = _find_owner(told)
        if owner not in contact_ids and len(contact_ids) >= limits.contacts:
            cut = "contacts"
            break
        contact_ids.add(owner)
        taken.append(told)
    taken.reverse()
    begin = taken[0].at if cut and taken and not invited else since
    return Tape(workspace, taken, frozenset(contact_ids), begin, until, cut)


def _find_owner(told: Arrival) -> int:
    assert isinstance(told.entry, EventEntry | OccasionEntry)
    assert told.entry.contact_id is not None
    return told.entry.contact_id


def list_sent(conn: Conn, tape: Tape, people: People, journey_id: int, since: datetime) -> Iterator[Arrival]:
    """The messages of other journeys that these customers had since an instant, as caps count them."""
    rows = store.list_slots(conn, [row.id for row in people.rows], journey_id, since, tape.until)
    rows.sort(key=lambda row: row.at)
    return (Arrival(row.at, tape.workspace, Sent(row)) for row in rows)


def _list_events(
    conn: Conn, configs: Sequence[Config], workspace: int, since: datetime, until: datetime, limit: int
) -> Iterator[Arrival]:
    heard = {key[1:] for config in configs for key in config.heard if key[0] == workspace}
    names: set[tuple[str, str]] | None = {told for told in heard if told[0] not in OCCASIONS}
    if names is not None and names & {("track", STARTED), ("track", ENDED)}:
        names = None  # everything is part of a visit
    return (_arrive(workspace, row) for row in list_arrived(conn, workspace, since, until, names, limit))


def _arrive(workspace: int, row: Arrived) -> Arrival:
    """Whose it was is known and not asked again."""
    traits = row.properties if row.type in ("identify", "group") else {}
    entry = EventEntry(
        *(row.source_id, row.type, row.message_id, row.occurred_at, row.occurred_at, row.name),
        properties={} if traits else row.properties,
        traits=traits,
        context=row.context,
        contact_id=row.contact_id,
    )
    return Arrival(row.arrived_at, workspace, entry)


def _list_occasions(
    conn: Conn,
    config: Config,
    program: Program,
    journey_id: int,
    ids: Sequence[int],
    workspace: int,
    since: datetime,
    until: datetime,
    limit: int,
) -> list[Arrival]:
    """What a draft begins by and is no event. `ids`: the journeys whose calls are meant, its own among them."""
    entry = program.journey.entry
    match entry:
        case OutcomeEntry():
            for_s = read_duration(entry.for_).total_seconds() if entry.outcome == "ignored" else 0.0
            rows = store.list_outcomes(conn, workspace, entry.outcome, since, until, limit, for_s)
            return [Arrival(row.at, workspace, _tell_outcome(config, entry.outcome, row)) for row in rows]
        case MessageEntry():
            messages = store.list_messages(conn, workspace, since, until, limit)
            told = [(row.at, _tell_message(config, row)) for row in messages if row.channel_id in config.channels]
            return [Arrival(at, workspace, one) for at, one in told]
        case ApiEntry():
            called = store.list_begun(conn, workspace, API, ids, since, until, limit)
            return [Arrival(at, workspace, _tell_begun(who, at, event, journey_id)) for who, at, event in called]
        case CommentEntry():
            comments = store.list_begun(conn, workspace, COMMENT, None, since, until, limit)
            return [Arrival(at, workspace, _tell_begun(who, at, event, None)) for who, at, event in comments]
        case SegmentEntry():
            return list(_list_changes(conn, config, entry, workspace, since, until, limit))
        case _:
            return []


def _list_changes(
    conn: Conn, config: Config, entry: SegmentEntry, workspace: int, since: datetime, until: datetime, limit: int
) -> Iterator[Arrival]:
    name = SEGMENT_CHANGES[entry.on]
    for segment in config.segments.values():
        if (segment.workspace, segment.key) == (workspace, entry.segment):
            properties = {"segment": segment.key, "segment_name": segment.name}
            for contact_id, at in store.list_changes(conn, segment.id, entry.on == "entered", since, until, limit):
                occasion_id = derive_id("occasion", "recorded", segment.id, contact_id, name, at.isoformat())
                told = OccasionEntry(contact_id, occasion_id, SEGMENT, name, at, dict(properties))
                yield Arrival(at, workspace, told)


def _tell_begun(contact_id: int, at: datetime, event: Mapping[str, Any], journey_id: int | None) -> OccasionEntry:
    """What a run keeps of a call or a comment that began it. A call is for the draft that is asked about."""
    told = (contact_id, UUID(event["id"]), event["type"], event["name"], at, dict(event["properties"]))
    return OccasionEntry(*told, journey_id, int(event.get("depth", 0)))


def _tell_outcome(config: Config, outcome: str, row: store.Outcome) -> OccasionEntry:
    """As it was told (core.message_outcomes)."""
    journey = config.journeys.get(row.journey_id) if row.journey_id is not None else None
    match = config.matches.get(row.match_id) if row.match_id is not None else None
    channel = config.channels.get(row.channel_id)
    said: Mapping[str, Any] = {
        "journey": journey.key if journey else "",
        "step": row.step,
        "match": match.name if match else "",
        "link": row.link,
        "app": row.app if match else "",
        "text": row.text,
    }
    properties = {name: value for name, value in said.items() if value} | (name_channel(channel) if channel else {})
    occasion_id = derive_id("occasion", "recorded", str(row.id), outcome)
    return OccasionEntry(row.contact_id, occasion_id, OUTCOME, OUTCOMES[outcome], row.at, properties)


def _tell_message(config: Config, row: store.Message) -> OccasionEntry:
    said = {"text": row.text, "form": row.form, "first": row.first, "payload": row.payload}
    properties = {**said, **name_channel(config.channels[row.channel_id])}
    occasion_id = derive_id("occasion", "message", row.channel_id, row.provider_id)
    return OccasionEntry(row.contact_id, occasion_id, MESSAGE, RECEIVED, row.at, properties)
