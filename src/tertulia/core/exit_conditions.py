"""X5: what a journey ends for, and when that will be so.

An exit condition is judged whenever an attribute or a field of the contact is written. What compares with now changes
with time alone, and at instants that are known beforehand: where the value that it looks at lies as far from now as the
condition says. So every run carries the first of them at which its condition will hold if nothing else changes, and
whatever changes sets it anew. Where it names a segment, whoever comes into that or leaves it is looked at, too.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from tertulia.core.clocks import find_zone
from tertulia.core.conditions import Condition, Subject, judge, list_moving, read_operand, read_subject
from tertulia.core.instants import read_moment, read_moving
from tertulia.core.journeys import Program
from tertulia.core.rows import ContactRow
from tertulia.core.subjects import make_subject
from tertulia.core.world import World
from tertulia.core.zones import load_zone


def is_met(world: World, program: Program, contact: ContactRow) -> bool:
    """Whether a contact is what an exit condition says; without one never."""
    exit_when = program.journey.exit_when
    return exit_when is not None and judge(exit_when, _look(world, program, contact)).holds


def find_exit(world: World, program: Program, contact: ContactRow) -> datetime | None:
    """When a contact will be what the exit condition says, if nothing but the time changes: now, later or never."""
    exit_when = program.journey.exit_when
    return find_met_at(exit_when, _look(world, program, contact), world.now) if exit_when is not None else None


def find_met_at(condition: Condition, subject: Subject, now: datetime) -> datetime | None:
    """The first instant from `now` on at which a condition holds, by the clock of the subject; None: never."""
    if judge(condition, subject).holds:
        return now
    if subject.clock is None:
        return None
    zone = subject.clock.tzinfo
    turns = sorted({turn for part in list_moving(condition) for turn in _list_turns(part, subject) if turn > now})
    return next((at for at in turns if judge(condition, replace(subject, clock=at.astimezone(zone))).holds), None)


def _list_turns(comparison: Condition, subject: Subject) -> Iterator[datetime]:
    """When time changes a comparison: at the instant at which both sides are equal, or right after it."""
    assert subject.clock is not None
    value = read_moment(read_subject(comparison, subject), subject.clock)
    distance = read_moving(read_operand(comparison))
    if value is None or distance is None:
        return
    try:
        yield value - distance
        yield value - distance + timedelta.resolution
    except OverflowError:  # at the calendar's end
        return


def _look(world: World, program: Program, contact: ContactRow) -> Subject:
    """The contact, with their clock and their segments where these are asked for."""
    subject = make_subject({}, contact)
    if asked := program.exit_segments:
        config = world.config
        inside = {config.segments[one].key for one in config.exit_segments if (contact.id, one) in world.listed}
        subject = replace(subject, segments=frozenset(inside & asked))
    if not program.ends_by_time:
        return subject
    zone = find_zone(world, contact, program.journey.zone).zone
    return replace(subject, clock=world.now.astimezone(load_zone(zone)))
