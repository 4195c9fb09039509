"""What synthetic customers do: events, messages to us, and calls of the API about them, at stated rates.

Each customer does each thing independently of the others, so often a day on average, between eight in the morning and
eleven at night by their own clock. What an event says is as the workspace's own events of that name say it, drawn; of a
name that never came it is made so that what journeys ask for holds in most.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from tertulia.core.clocks import find_zone
from tertulia.core.conditions import Condition
from tertulia.core.entries import EventEntry, OccasionEntry
from tertulia.core.journeys import ApiEntry, CommentEntry, MessageEntry, Program
from tertulia.core.occasions import API, CALLED, COMMENT, COMMENTED, MESSAGE, OCCASIONS, RECEIVED, name_channel
from tertulia.core.rows import ContactRow
from tertulia.core.segment_document import read_condition
from tertulia.core.segments import is_reachable
from tertulia.core.sessions import ENDED, STARTED
from tertulia.core.simulation.arrivals import Arrival
from tertulia.core.simulation.chance import draw, draw_gap
from tertulia.core.simulation.rates import Rates
from tertulia.core.stages import find_channel
from tertulia.core.wall_clock import resolve
from tertulia.core.world import Config, World
from tertulia.core.zones import load_zone
from tertulia.ids import derive_id

SOURCE: Final = -1  # of synthetic events: a customer's own device's
AWAKE_FROM_H: Final = 8
AWAKE_H: Final = 15
FITTING: Final = 0.7  # how many of made-up events have what a journey asks for
MESSAGES, COMMENTS, CALLS = "message", "comment", "api"  # how rates name what is no event
HELLO: Final = "Hello"
POST: Final = "1"
_VARIABLE: Final = re.compile(r"\bevent\.([A-Za-z_]\w*)")

Told = tuple[str, str]
_KINDS: Final[Mapping[type, str]] = {MessageEntry: MESSAGES, CommentEntry: COMMENTS, ApiEntry: CALLS}


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that customers do: an event by type and name, or with an empty type a message or a call of the API.
    `per_day` of a customer; `known` says whence that is: said, seen or assumed."""

    type: str
    name: str
    per_day: float
    known: str

    @property
    def key(self) -> str:
        """How rates name it."""
        return self.name or self.type


@dataclass(frozen=True, slots=True)
class Seen:
    """What a workspace's own last days had of an event: how often a customer did it a day, and what some said."""

    per_day: float
    samples: Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Habits:
    """What synthetic customers do, and what that says: `seen` by type and name, `asked` conditions on what events say,
    `named` values that texts show or runs are told apart by."""

    rates: Rates
    config: Config
    workspace: int
    seen: Mapping[Told, Seen]
    asked: dict[Told, list[Condition]] = field(default_factory=dict)
    named: dict[Told, set[str]] = field(default_factory=dict)


def list_happenings(habits: Habits) -> list[Happening]:
    """Everything that some journey or segment of the workspace listens to."""
    config, workspace = habits.config, habits.workspace
    heard = {key[1:] for key in [*config.heard, *config.counted] if key[0] == workspace}
    events = [told for told in heard if told[0] not in OCCASIONS and told not in (("track", STARTED), ("track", ENDED))]
    found = [_rate(habits, *told) for told in sorted(events)]
    if (MESSAGE, RECEIVED) in heard:
        found.append(_rate(habits, "", MESSAGES))
    if (COMMENT, COMMENTED) in heard:
        found.append(_rate(habits, "", COMMENTS))
    if (API, CALLED) in heard:
        found.append(_rate(habits, "", CALLS))
    return found


def _rate(habits: Habits, type_: str, name: str) -> Happening:
    said = habits.rates.events.get(name or type_)
    if said is not None:
        return Happening(type_, name, said, "said")
    seen = habits.seen.get((type_, name))
    if seen is not None:
        return Happening(type_, name, seen.per_day, "seen")
    return Happening(type_, name, habits.rates.event, "assumed")


def make_habits(rates: Rates, config: Config, workspace: int, seen: Mapping[Told, Seen]) -> Habits:
    """With what the workspace's journeys and segments ask of events."""
    habits = Habits(rates, config, workspace, seen)
    for journey in config.journeys.values():
        if journey.workspace == workspace:
            for told, condition, names in _list_asked(journey.program):
                if condition is not None:
                    habits.asked.setdefault(told, []).append(condition)
                habits.named.setdefault(told, set()).update(names)
    for (owner, type_, name), keys in config.counted.items():
        if owner == workspace:
            found = [read_condition(key.where) for _id, key in keys if key.where]
            habits.asked.setdefault((type_, name), []).extend(one for one in found if one is not None)
            habits.named.setdefault((type_, name), set())
    return habits


def _list_asked(program: Program) -> Iterator[tuple[Told, Condition | None, set[str]]]:
    """Events that a journey names, what it asks of them, and which of their values it uses."""
    journey = program.journey
    keys = {rule.same for rule in journey.exceptions if rule.same}
    entry = journey.entry
    if (kind := _KINDS.get(type(entry))) is not None:
        told = ("", kind)
    else:
        told = (getattr(entry, "type", ""), getattr(entry, "event", ""))
    shown = set(_VARIABLE.findall(msgspec.json.encode(journey).decode()))
    yield told, entry.where, shown | keys | ({entry.key} if getattr(entry, "key", "") else set())
    for rule in journey.exceptions:
        yield (rule.type, rule.event), rule.where, keys
    if journey.goal is not None:
        yield (journey.goal.type, journey.goal.event), journey.goal.where, set()
    for node in program.nodes.values():
        if (hears := node.step.hears()) is not None:
            yield ("track", hears.event), hears.where, set()


def list_arrivals(
    habits: Habits, happenings: Iterable[Happening], people: Sequence[ContactRow], since: datetime, until: datetime
) -> list[Arrival]:
    """What all of them do in a while, by its time."""
    world = World(since, habits.config, iter(()))
    zones = [load_zone(find_zone(world, contact).zone) for contact in people]
    found: list[Arrival] = []
    for happening in happenings:
        for contact, zone in zip(people, zones, strict=True):
            for number, at in enumerate(_list_times(habits.rates, happening, contact.id, since, until, zone)):
                if (made := _make(habits, world, happening, contact, number, at)) is not None:
                    found.append(Arrival(at, habits.workspace, made))
    found.sort(key=lambda told: told.at)
    return found


def _list_times(
    rates: Rates, happening: Happening, contact_id: int, since: datetime, until: datetime, zone: ZoneInfo
) -> Iterator[datetime]:
    first, awake, at, number = since.astimezone(zone).date(), 0.0, since, 0
    while happening.per_day:
        about = ("when", happening.type, happening.name, contact_id, number)
        awake += draw_gap(happening.per_day, draw(rates.seed, *about))
        number += 1
        day, part = divmod(awake, 1.0)
        if day > (until - since).days + 1:
            return
        second = int(part * AWAKE_H * 3600)
        clock = time(AWAKE_FROM_H + second // 3600, second // 60 % 60, second % 60)
        at = resolve(first + timedelta(days=int(day)), clock, zone)
        if since <= at < until:
            yield at


def _make(
    habits: Habits, world: World, happening: Happening, contact: ContactRow, number: int, at: datetime
) -> EventEntry | OccasionEntry | None:
    about = (habits.workspace, contact.id, happening.type, happening.name, number)
    properties = _say(habits, happening, contact, number, at)
    if happening.type:
        traits = properties if happening.type in ("identify", "group") else {}
        told = (SOURCE, happening.type, str(derive_id("synthetic", *about)), at, at, happening.name)
        rest = {} if traits else properties
        return EventEntry(*told, properties=rest, traits=traits, contact_id=contact.id)
    if happening.name == CALLS:
        called = _choose(habits, [one.id for one in _list_by(habits, ApiEntry)], *about)
        told_api = (contact.id, derive_id("synthetic", *about), API, CALLED, at, properties, called)
        return OccasionEntry(*told_api)
    kind = CommentEntry if happening.name == COMMENTS else MessageEntry
    rules: list[Any] = [journey.program.journey.entry for journey in _list_by(habits, kind)]
    rule: MessageEntry | CommentEntry = _choose(habits, rules, *about)
    channels = [one for one in habits.config.channels.values() if one.workspace == habits.workspace]
    named = find_channel(world, habits.workspace, rule.channel) if rule.channel else None
    channel = next((one for one in ([named] if named else channels) if is_reachable(contact, one.family)), None)
    if channel is None:
        return None
    text = _choose(habits, rule.keyword or (HELLO,), "keyword", *about)
    if isinstance(rule, CommentEntry):
        comment_id = f"{contact.id}-{number}"
        below = {"text": text, "comment_id": comment_id, "post_id": rule.post or POST, **name_channel(channel)}
        return OccasionEntry(contact.id, derive_id("synthetic", *about), COMMENT, COMMENTED, at, below)
    said = {"text": text, "form": "text", "first": number == 0, "payload": "", **name_channel(channel)}
    return OccasionEntry(contact.id, derive_id("synthetic", *about), MESSAGE, RECEIVED, at, said)


def _list_by(habits: Habits, kind: type) -> list[Any]:
    journeys = habits.config.journeys.values()
    mine = [
        one for one in journeys if one.workspace == habits.workspace and isinstance(one.program.journey.entry, kind)
    ]
    return sorted(mine, key=lambda one: one.id)


def _choose(habits: Habits, among: Sequence[Any], *about: str | int) -> Any:
    return among[int(draw(habits.rates.seed, "which", *about) * len(among))]


def _say(habits: Habits, happening: Happening, contact: ContactRow, number: int, at: datetime) -> dict[str, Any]:
    """What an event says."""
    told = (happening.type, happening.name)
    about = (happening.type, happening.name, contact.id, number)
    if (seen := habits.seen.get(told)) is not None and seen.samples:
        return dict(_choose(habits, seen.samples, "says", *about))
    said: dict[str, Any] = {}
    for name in sorted(habits.named.get(told, ())):
        put(said, name, f"{name} {contact.id}-{at:%d}")  # the same in what one customer does on a day
    asked = habits.asked.get(told, ())
    if asked and draw(habits.rates.seed, "fits", *about) < FITTING:
        fit(_choose(habits, asked, "asked", *about), said)
    return said


def fit(condition: Condition, said: dict[str, Any]) -> None:
    """Add what makes a condition on an event's properties hold, where that can be said of it."""
    for part in (*(condition.all or ()), *(condition.any or ())[:1]):
        fit(part, said)
    if condition.property is None:
        return
    for value in (condition.is_, condition.at_least, condition.at_most, condition.contains, condition.starts_with):
        if value is not None:
            put(said, condition.property, value)
    for limit, step in ((condition.over, 1), (condition.under, -1)):
        if isinstance(limit, int | float):
            put(said, condition.property, limit + step)
    if condition.in_:
        put(said, condition.property, condition.in_[0])
    if condition.exists or condition.is_not is not None or condition.not_in:
        put(said, condition.property, condition.property)


def put(said: dict[str, Any], path: str, value: Any) -> None:
    """Set a value at a name, or at a dotted path into objects."""
    *outer, name = path.split(".")
    for part in outer:
        inner = said.get(part)
        said = said.setdefault(part, {}) if isinstance(inner, dict) or inner is None else said
    said[name] = value
