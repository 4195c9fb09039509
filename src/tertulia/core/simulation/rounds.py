"""Rounds in a simulation: the times at which journeys look for people by themselves, and who is found (R5).

An engine makes a round when one is due and looks through its shards; here the rounds of the whole time are known from
the beginning, each with a timer, and everybody is in memory.
"""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

from tertulia.core.entries import OccasionEntry
from tertulia.core.journeys import SegmentEntry
from tertulia.core.occasions import name_heard
from tertulia.core.round_people import is_meant, name_segment, tell_round
from tertulia.core.rounds import has_rounds, is_at_launch, list_rounds
from tertulia.core.world import JourneyFacts
from tertulia.core.zones import load_zone

if TYPE_CHECKING:
    from tertulia.core.simulation.memory import Memory


def begin_rounds(memory: "Memory", since: datetime, until: datetime, launched: Collection[int]) -> None:
    """Set the timers of every round up to `until`. `launched`: journeys that are published first at `since`, so that
    whom their launch is for enters then."""
    for journey in memory.config.journeys.values():
        document = journey.program.journey
        heard = memory.config.heard.get((journey.workspace, *name_heard(document.entry)))
        if journey.state != "live" or heard is None or journey.id not in heard.starts:
            continue
        inside = isinstance(document.entry, SegmentEntry) and document.entry.already_inside
        if journey.id in launched and (inside or is_at_launch(document.entry)):
            memory.timers.rounds.set((journey.id, since.date()), since)
        elif has_rounds(document.entry):
            zone = load_zone(document.zone or memory.config.workspaces[journey.workspace].zone)
            for found in list_rounds(document, since, until, zone):
                memory.timers.rounds.set((journey.id, found.day), found.due_at)


def list_invited(memory: "Memory", journey: JourneyFacts, day: date, now: datetime) -> Iterator[OccasionEntry]:
    """What a round tells of everybody whom it is for."""
    world = memory.make_world(now)
    key = name_segment(journey)
    named = {one.id for one in memory.config.segments.values() if (one.workspace, one.key) == (journey.workspace, key)}
    inside = memory.members.inside
    for contact in list(memory.rows.contacts.values()):
        if contact.workspace != journey.workspace or contact.merged_into is not None or contact.erased:
            continue
        if key and not named & inside.get(contact.id, set()):
            continue
        whole = contact
        if contact.id in memory.absorbed:  # with what their family knows (M8)
            memory.fill(world, (contact.id,))
            whole = world.contacts[contact.id]
        if is_meant(world, journey, day, whole):
            yield tell_round(world, journey, day, now, whole)
