"""Rounds: the times at which a journey looks for people by itself, for an audience or a date of theirs.

A round is of one local day. By the journey's own clock it is due when that clock shows the time; by the customers'
clocks it is due when the first clock on earth does, and whoever is found then begins when their own does (T1, T2, T4).
What cannot begin within an hour of its time does not (T6): a round is not made up for when the engine was away.
"""

import calendar
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from tertulia.core.conditions import read_path
from tertulia.core.journeys import AudienceEntry, DateEntry, Entry, Journey, SegmentEntry
from tertulia.core.rows import RunRow
from tertulia.core.steps.wait.step import WEEKDAYS
from tertulia.core.wall_clock import DAY, LATE_MAX, read_time, resolve
from tertulia.core.world import World
from tertulia.core.zones import load_zone

FIRST_ZONE: Final = "Pacific/Kiritimati"  # no clock is further ahead
SPREAD: Final = timedelta(hours=26)  # from the first clock on earth to the last
LOOK_BACK: Final = 2 * DAY

_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Round:
    """`day` is local; `due_at` in UTC."""

    day: date
    due_at: datetime


def has_rounds(entry: Entry) -> bool:
    """Whether people are looked for by the clock."""
    return isinstance(entry, AudienceEntry | DateEntry)


def is_at_launch(entry: Entry) -> bool:
    """Whether an audience enters when the journey is published first."""
    return isinstance(entry, AudienceEntry) and entry.at_launch


def list_rounds(journey: Journey, since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[Round]:
    """Those that are due after `since` and not after `until`. `zone`: the journey's."""
    entry = journey.entry
    if not isinstance(entry, AudienceEntry | DateEntry):
        return
    clock = load_zone(FIRST_ZONE) if journey.entry_is_local else zone
    at = read_hour(entry)
    day = since.date() - 2 * DAY
    while day <= until.date() + 2 * DAY:
        if _is_on(entry, day):
            due_at = resolve(day, at, clock)
            if since < due_at <= until:
                yield Round(day, due_at)
        day += DAY


def is_once(entry: Entry) -> bool:
    """Whether an audience enters once: at the launch, or on a date."""
    return isinstance(entry, AudienceEntry) and (entry.at_launch or entry.on is not None)


def find_once(journey: Journey, zone: ZoneInfo) -> datetime | None:
    """When the one round of a date is due, in UTC; None of one at the launch, and of all others."""
    entry = journey.entry
    if not isinstance(entry, AudienceEntry) or entry.on is None:
        return None
    around = datetime.combine(entry.on, time(0), tzinfo=UTC)
    return next((one.due_at for one in list_rounds(journey, around - 2 * DAY, around + 3 * DAY, zone)), None)


def read_hour(entry: AudienceEntry | DateEntry) -> time:
    """The time of day."""
    return read_time(entry.time) or time(0)


def _is_on(entry: AudienceEntry | DateEntry, day: date) -> bool:
    if isinstance(entry, DateEntry) or entry.every == "day":
        return True
    if entry.every == "week":
        return WEEKDAYS[day.weekday()] in entry.weekdays
    if entry.every == "month":
        last = calendar.monthrange(day.year, day.month)[1]
        return day.day == min(entry.day or 1, last)
    return day == entry.on


def is_too_late(journey: Journey, due_at: datetime, now: datetime) -> bool:
    """Whether nobody of a round can begin any more (T6). Whom a launch is for is never late."""
    if isinstance(journey.entry, SegmentEntry) or is_at_launch(journey.entry):
        return False
    return now > due_at + LATE_MAX + (SPREAD if journey.entry_is_local else timedelta())


def find_begin(entry: AudienceEntry | DateEntry, day: date, zone: ZoneInfo) -> datetime:
    """When a customer whose clock shows `zone` begins."""
    return resolve(day, read_hour(entry), zone)


def read_date(value: Any) -> date | None:
    """The date at the beginning of a text such as 1990-05-17; None for anything else."""
    found = _DATE.match(value) if isinstance(value, str) else None
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def find_target(entry: DateEntry, day: date) -> date:
    """The date that is looked for on a day."""
    return day + timedelta(days=entry.days_before - entry.days_after)


def is_due(entry: DateEntry, attributes: Mapping[str, Any], day: date) -> bool:
    """Whether the date in a customer's attribute is the one that is looked for on a day; of a date that comes again
    every year, the 29th of February is the 28th where there is no 29th."""
    on = read_date(read_path(attributes, entry.attribute))
    target = find_target(entry, day)
    if on is None:
        return False
    if not entry.yearly:
        return on == target
    if (on.month, on.day) == (2, 29) and not calendar.isleap(target.year):
        return (target.month, target.day) == (2, 28)
    return (on.month, on.day) == (target.month, target.day)


def list_days_wanted(entry: DateEntry, day: date) -> list[str]:
    """How a date that may be due begins, or ends: `1990-05-17`, or of every year `05-17`."""
    target = find_target(entry, day)
    if not entry.yearly:
        return [target.isoformat()]
    wanted = [target.isoformat()[5:]]
    if wanted == ["02-28"] and not calendar.isleap(target.year):
        wanted.append("02-29")
    return wanted


def is_still_meant(world: World, run: RunRow, entry: Entry) -> bool:
    """Whether a round that was for a customer would still be."""
    contact = world.contacts[run.contact_id]
    if isinstance(entry, DateEntry):
        return is_due(entry, contact.attributes, date.fromisoformat(run.event["properties"]["day"]))
    if isinstance(entry, AudienceEntry) and entry.segment:
        ids = [
            row.id
            for row in world.config.segments.values()
            if (row.workspace, row.key) == (run.workspace, entry.segment)
        ]
        return any((contact.id, id_) in world.listed for id_ in ids)
    return True
