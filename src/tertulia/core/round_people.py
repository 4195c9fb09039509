"""Whom a round of a journey is for, and what it tells of each of them, which may begin a run."""

from datetime import UTC, date, datetime
from typing import Any

from tertulia.core.clocks import find_zone
from tertulia.core.conditions import read_path
from tertulia.core.entries import OccasionEntry
from tertulia.core.journeys import AudienceEntry, DateEntry, SegmentEntry
from tertulia.core.occasions import AUDIENCE_DUE, DATE_DUE, ROUND, SEGMENT, SEGMENT_CHANGES
from tertulia.core.rounds import find_begin, find_target, is_due, read_date
from tertulia.core.rows import ContactRow
from tertulia.core.segments import is_reachable
from tertulia.core.stages import find_channel
from tertulia.core.world import JourneyFacts, World
from tertulia.core.zones import load_zone
from tertulia.ids import derive_id


def name_segment(journey: JourneyFacts) -> str:
    """The key of the segment whose members a journey's rounds are for; empty for everybody."""
    entry = journey.program.journey.entry
    return entry.segment if isinstance(entry, AudienceEntry | SegmentEntry) else ""


def is_meant(world: World, journey: JourneyFacts, day: date, contact: ContactRow) -> bool:
    """Whether a round of this local day is for a contact, who is in the segment that the entry names, if any."""
    entry = journey.program.journey.entry
    if isinstance(entry, DateEntry):
        return is_due(entry, contact.attributes, day)
    if isinstance(entry, AudienceEntry) and entry.channel:
        channel = find_channel(world, journey.workspace, entry.channel)
        return channel is not None and is_reachable(contact, channel.family)
    return True


def tell_round(world: World, journey: JourneyFacts, day: date, due_at: datetime, contact: ContactRow) -> OccasionEntry:
    """What may begin a run of a contact whom a round is for, under an id of its own for each round, known by when it
    was due, and contact."""
    document = journey.program.journey
    entry = document.entry
    occasion_id = derive_id("occasion", "round", journey.id, due_at.astimezone(UTC).isoformat(), contact.id)
    properties: dict[str, Any] = {"day": day.isoformat()}
    begins_at = None
    if document.entry_is_local and isinstance(entry, AudienceEntry | DateEntry):
        begins_at = find_begin(entry, day, load_zone(find_zone(world, contact, document.zone).zone))
    if isinstance(entry, SegmentEntry):
        kind, name = SEGMENT, SEGMENT_CHANGES["entered"]
        properties |= {"segment": entry.segment, "at_launch": True}
    elif isinstance(entry, DateEntry):
        kind, name = ROUND, DATE_DUE
        value = read_path(contact.attributes, entry.attribute)
        on = read_date(value)
        years = find_target(entry, day).year - on.year if on is not None else 0
        properties |= {"attribute": entry.attribute, "date": value, "years": years}
    else:
        kind, name = ROUND, AUDIENCE_DUE
        properties |= {"segment": entry.segment} if isinstance(entry, AudienceEntry) and entry.segment else {}
    return OccasionEntry(*(contact.id, occasion_id, kind, name, world.now, properties, journey.id), begins_at=begins_at)
