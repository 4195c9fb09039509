"""A round of a journey: the people of some shards whom it is for, each of whom may begin a run.

In the caller's transaction; what comes of it is decided like any other entry, so a refusal has its row in the ledger.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from tertulia.actions.run_facts import load_journeys_of_occasions, lock_entries_of
from tertulia.core.clocks import find_zone
from tertulia.core.conditions import read_path
from tertulia.core.decide import decide_occasion
from tertulia.core.entries import OccasionEntry
from tertulia.core.journeys import AudienceEntry, DateEntry, SegmentEntry
from tertulia.core.occasions import AUDIENCE_DUE, DATE_DUE, ROUND, SEGMENT, SEGMENT_CHANGES, name_heard
from tertulia.core.rounds import find_begin, find_target, is_due, list_days_wanted, read_date
from tertulia.core.rows import ContactRow
from tertulia.core.segments import is_reachable
from tertulia.core.stages import find_channel
from tertulia.core.world import Config, JourneyFacts, World
from tertulia.core.zones import load_zone
from tertulia.ids import derive_id, shard_of_contact
from tertulia.store import rounds as store
from tertulia.store import world as loader
from tertulia.store.assignments import load_assignments
from tertulia.store.db import Conn
from tertulia.store.rounds import RoundRow
from tertulia.store.runs import load_begun


def decide_round(
    conn: Conn, config: Config, row: RoundRow, shards: Sequence[int], now: datetime, serials: Iterator[int]
) -> World:
    """Everybody in these shards whom a round is for, as effects of a world; the shards are done."""
    journey = config.journeys[row.journey_id]
    world = World(now, config, serials)
    loader.load_profiles(conn, world, _list_candidates(conn, config, journey, row, shards))
    people = [
        contact
        for contact in {world.follow(contact_id): None for contact_id in list(world.contacts)}
        if (found := world.contacts.get(contact)) is not None
        and not found.erased
        and _is_meant(world, journey, row, found)
    ]
    entries = [_tell(world, journey, row, world.contacts[contact_id]) for contact_id in people]
    load_journeys_of_occasions(conn, world, [(journey.workspace, one.contact_id, now) for one in entries])
    load_begun(conn, world, [(one.contact_id, one.id) for one in entries])
    lock_entries_of(conn, world, {name_heard(journey.program.journey.entry)})
    load_assignments(conn, world)
    for one in entries:
        decide_occasion(world, one, journey.workspace)
    counts = Counter(shard_of_contact(contact_id) for contact_id in people)
    store.take_shards(conn, row.id, journey.workspace, {shard: counts[shard] for shard in shards})
    return world


def _list_candidates(
    conn: Conn, config: Config, journey: JourneyFacts, row: RoundRow, shards: Sequence[int]
) -> list[int]:
    entry = journey.program.journey.entry
    if isinstance(entry, DateEntry):
        wanted = list_days_wanted(entry, row.day)
        return store.list_dated(conn, journey.workspace, shards, entry.attribute, wanted, yearly=entry.yearly)
    key = entry.segment if isinstance(entry, AudienceEntry | SegmentEntry) else ""
    if not key:
        return store.list_everybody(conn, journey.workspace, shards)
    named = [one for one in config.segments.values() if (one.workspace, one.key) == (journey.workspace, key)]
    return [member for segment in named for member in store.list_members(conn, segment.id, shards)]


def _is_meant(world: World, journey: JourneyFacts, row: RoundRow, contact: ContactRow) -> bool:
    entry = journey.program.journey.entry
    if isinstance(entry, DateEntry):
        return is_due(entry, contact.attributes, row.day)
    if isinstance(entry, AudienceEntry) and entry.channel:
        channel = find_channel(world, journey.workspace, entry.channel)
        return channel is not None and is_reachable(contact, channel.family)
    return True


def _tell(world: World, journey: JourneyFacts, row: RoundRow, contact: ContactRow) -> OccasionEntry:
    """What may begin a run, under an id of its own for each round and contact."""
    document = journey.program.journey
    entry = document.entry
    occasion_id = derive_id("occasion", "round", row.id, contact.id)
    properties: dict[str, Any] = {"day": row.day.isoformat()}
    begins_at = None
    if document.entry_is_local and isinstance(entry, AudienceEntry | DateEntry):
        begins_at = find_begin(entry, row.day, load_zone(find_zone(world, contact, document.zone).zone))
    if isinstance(entry, SegmentEntry):
        kind, name = SEGMENT, SEGMENT_CHANGES["entered"]
        properties |= {"segment": entry.segment, "at_launch": True}
    elif isinstance(entry, DateEntry):
        kind, name = ROUND, DATE_DUE
        value = read_path(contact.attributes, entry.attribute)
        on = read_date(value)
        years = find_target(entry, row.day).year - on.year if on is not None else 0
        properties |= {"attribute": entry.attribute, "date": value, "years": years}
    else:
        kind, name = ROUND, AUDIENCE_DUE
        properties |= {"segment": entry.segment} if isinstance(entry, AudienceEntry) and entry.segment else {}
    return OccasionEntry(*(contact.id, occasion_id, kind, name, world.now, properties, journey.id), begins_at=begins_at)
