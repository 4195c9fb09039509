"""What became of a message may begin a journey (R6): it was delivered, opened, clicked, answered, ignored, or failed.

A message has failed when no other channel is tried in its place. One that was read was delivered too, whatever its
provider told. A message of a journey never begins that journey itself, and `depth` keeps journeys that begin each other
from going on for ever (I11). One is watched from its delivery where a journey waits for it to be ignored; whether it
was is asked once, when that time has come.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tertulia.core import entry_effects as ee
from tertulia.core.durations import read_duration
from tertulia.core.entries import ClickEntry, LookUpEntry, OccasionEntry, OutcomeEntry, ReceiptEntry
from tertulia.core.journeys import OutcomeEntry as OutcomeRule
from tertulia.core.occasions import OUTCOME, OUTCOMES, is_of, name_channel
from tertulia.core.rows import ClosedDelivery, OpenDelivery, WatchRow
from tertulia.core.world import World
from tertulia.ids import derive_id

Told = ReceiptEntry | OutcomeEntry | LookUpEntry
ANSWER_WITHIN: Final = timedelta(days=7)  # a message after so long answers nothing
PASSED: Final[Mapping[str, tuple[str, ...]]] = {
    "delivered": ("delivered",),
    "read": ("delivered", "opened"),
    "failed": ("failed",),
}
"""A delivery's state -> outcomes that it stands for."""


def hears_outcomes(world: World, workspace: int) -> bool:
    """Whether any journey of a workspace begins by what became of a message."""
    return any((workspace, OUTCOME, name) in world.config.heard for name in OUTCOMES.values())


@dataclass(frozen=True, slots=True)
class Noted:
    """How a message was before an entry: its state, and how deep what it begins is, for its run may end meanwhile."""

    state: str
    depth: int


def note_states(world: World, entry: Told, workspace: int) -> dict[UUID, Noted]:
    """How the messages of journeys and matches are that an entry may change, where a journey listens; an answer of
    ours, such as a greeting, is none of them."""
    if not hears_outcomes(world, workspace):
        return {}
    if isinstance(entry, ReceiptEntry) and entry.watermark:
        value = getattr(entry.identity, "value", "")
        closed: list[OpenDelivery | ClosedDelivery] = list(world.closed.values())
        rows = [row for row in closed if (row.channel_id, row.to_value) == (entry.channel_id, value)]
    else:
        row = _find(world, entry.delivery_id)
        rows = [row] if row is not None else []
    ours = [row for row in rows if row.journey_id is not None or row.match_id is not None]
    return {row.id: Noted(row.state, find_depth(world, row.run_id)) for row in ours}


def tell_outcomes(world: World, before: Mapping[UUID, Noted], at: datetime) -> Iterator[OccasionEntry]:
    """What became of them since; watches those that may be ignored from now on."""
    for delivery_id, old in before.items():
        row = _find(world, delivery_id)
        if row is None or row.state == old.state:
            continue
        passed = PASSED.get(old.state, ())
        for outcome in PASSED.get(row.state, ()):
            if outcome in passed or (outcome == "failed" and _has_successor(world, row)):
                continue
            if outcome == row.state == "delivered":
                _watch(world, row, at, old.depth)
            yield tell_outcome(world, row, outcome, at, old.depth)


def tell_outcome(
    world: World, row: OpenDelivery | ClosedDelivery, outcome: str, at: datetime, depth: int
) -> OccasionEntry:
    """One outcome, as what may begin a run."""
    occasion_id = derive_id("occasion", "outcome", str(row.id), outcome)
    told = (OUTCOME, OUTCOMES[outcome], at, describe_message(world, row))
    return OccasionEntry(row.contact_id, occasion_id, *told, depth=depth)


def tell_click(world: World, entry: ClickEntry, click_id: UUID) -> OccasionEntry:
    """A person opened a link of a match, or of a journey's message."""
    occasion_id = derive_id("occasion", "click", str(click_id))
    told = (entry.contact_id, occasion_id, OUTCOME, OUTCOMES["clicked"], entry.at)
    if (of := entry.message) is None:
        match = world.config.matches.get(entry.match_id or 0)
        return OccasionEntry(*told, {"match": match.name if match else "", "app": entry.app})
    journey, channel = world.config.journeys.get(of.journey_id), world.config.channels.get(of.channel_id)
    properties = {"journey": journey.key if journey else "", "step": of.step, "link": of.link}
    properties |= name_channel(channel) if channel else {}
    return OccasionEntry(*told, properties, depth=find_depth(world, of.run_id))


def tell_ignored(row: WatchRow) -> OccasionEntry:
    """A message that was watched was ignored."""
    occasion_id = derive_id("occasion", "ignored", str(row.delivery_id), row.journey_id)
    named = (OUTCOME, OUTCOMES["ignored"], row.due_at, row.properties, row.journey_id)
    return OccasionEntry(row.contact_id, occasion_id, *named, depth=row.depth)


def describe_message(world: World, row: OpenDelivery | ClosedDelivery) -> dict[str, Any]:
    """Whose message it was, and on which channel."""
    journey = world.config.journeys.get(row.journey_id) if row.journey_id is not None else None
    match = world.config.matches.get(row.match_id) if row.match_id is not None else None
    channel = world.config.channels.get(row.channel_id)
    told = {"journey": journey.key if journey else "", "step": row.step, "match": match.name if match else ""}
    return {name: value for name, value in told.items() if value} | (name_channel(channel) if channel else {})


def find_depth(world: World, run_id: UUID | None) -> int:
    """That of the run that sent a message; 0 for a match's."""
    if run_id is None:
        return 0
    run = world.runs.get(run_id)
    return 1 + (int(run.event.get("depth", 0)) if run is not None else world.depths.get(run_id, 0))


def _find(world: World, delivery_id: UUID | None) -> OpenDelivery | ClosedDelivery | None:
    if delivery_id is None:
        return None
    return world.closed.get(delivery_id) or world.open.get(delivery_id)


def _has_successor(world: World, row: OpenDelivery | ClosedDelivery) -> bool:
    """Whether the next channel is tried, or was: the run waits for another attempt of its message by now."""
    run = world.runs.get(row.run_id) if row.run_id is not None else None
    if run is not None and run.step == row.step and run.delivery_id not in (None, row.id):
        return True
    return any(
        (other.run_id, other.step, other.match_id, other.contact_id)
        == (row.run_id, row.step, row.match_id, row.contact_id)
        for other in world.open.values()
        if other.stage > row.stage
    )


def _watch(world: World, row: OpenDelivery | ClosedDelivery, at: datetime, depth: int) -> None:
    heard = world.config.heard.get((row.workspace, OUTCOME, OUTCOMES["ignored"]))
    properties = describe_message(world, row)
    for journey_id in heard.starts if heard is not None else ():
        rule = world.config.journeys[journey_id].program.journey.entry
        if isinstance(rule, OutcomeRule) and journey_id != row.journey_id and is_of(rule, properties):
            due_at = at + read_duration(rule.for_)
            told = (row.workspace, row.contact_id, journey_id, row.id, at, due_at, properties, depth)
            world.add(ee.WatchMessage(*told))
