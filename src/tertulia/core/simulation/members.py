"""Segments in a simulation: what is counted of everybody, who is in them, and when time alone may change that.

An engine asks its database after each cycle, and looks at the turn of every hour for those whom time moves; here
everything is in memory, and each contact has a timer for the next hour at which anything of theirs leaves a window.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from tertulia.core import effects as fx
from tertulia.core import event_effects as ev
from tertulia.core import segment_effects as gx
from tertulia.core.conditions import Subject, judge
from tertulia.core.decide import decide_occasion
from tertulia.core.folds import name_type
from tertulia.core.membership import TIME, Stirred, decide_members, list_concerned, list_wanted
from tertulia.core.rows import ClosedDelivery
from tertulia.core.segment_document import read_condition
from tertulia.core.segments import (
    DAY,
    HOUR,
    Key,
    MemberFacts,
    MessageKey,
    SegmentFacts,
    find_leaving,
    floor_to,
    list_counted,
    matches,
    read_sum,
)
from tertulia.core.world import Config, World

if TYPE_CHECKING:
    from tertulia.core.simulation.memory import Memory

Tally = dict[datetime, tuple[int, Decimal]]
REACHED: Final[Mapping[str, tuple[str, ...]]] = {
    "sent": ("sent",),
    "delivered": ("sent", "delivered"),
    "read": ("sent", "delivered", "opened"),
    "failed": ("failed",),
}
"""A message's state -> what became of it by then."""


@dataclass(slots=True)
class Members:
    """`tallies` by contact and key; `inside`: segments by contact; `told`: what became of messages already."""

    tallies: dict[int, dict[Key, Tally]] = field(default_factory=dict)
    inside: dict[int, set[int]] = field(default_factory=dict)
    told: dict[object, set[str]] = field(default_factory=dict)

    def note(self, config: Config, world: World) -> None:
        """Count what a decision has brought about, before its messages leave the working set."""
        for effect in world.effects:
            match effect:
                case ev.StoreEvent() if effect.contact_id:
                    self._note_event(config, effect)
                case fx.CloseDelivery() | fx.AdvanceDelivery():
                    row = world.closed.get(effect.id)
                    if row is not None:
                        self._note_message(config, row, effect.state, effect.at)
                case gx.MoveMember():
                    mine = self.inside.setdefault(effect.contact_id, set())
                    (mine.add if effect.entered else mine.discard)(effect.segment_id)
                case _:
                    pass

    def _note_event(self, config: Config, effect: ev.StoreEvent) -> None:
        for _id, key in config.counted.get((effect.workspace, name_type(effect.type), effect.name), ()):
            if judge(read_condition(key.where), Subject(effect.properties, {}, {})).holds:
                total = read_sum(effect.properties.get(key.sum)) if key.sum else Decimal()
                self._add(effect.contact_id, key, effect.occurred_at, total)

    def _note_message(self, config: Config, row: ClosedDelivery, state: str, at: datetime) -> None:
        known = self.told.setdefault(row.id, set())
        channel, journey = config.channels.get(row.channel_id), config.journeys.get(row.journey_id or -1)
        kind = "" if channel is None else channel.kind if channel.app else "sms"
        for what in REACHED.get(state, ()):
            if what in known:
                continue
            known.add(what)
            for key in list_message_keys(config.segments.values()):
                of = journey.key if journey is not None else ""
                if (key.state, key.step or row.step, key.channel or kind) != (what, row.step, kind):
                    continue
                if key.journey in ("", of):
                    self._add(row.contact_id, key, at, Decimal())

    def _add(self, contact_id: int, key: Key, at: datetime, total: Decimal) -> None:
        tally = self.tallies.setdefault(contact_id, {}).setdefault(key, {})
        bucket = floor_to(at, HOUR if key.hourly else DAY)
        count, had = tally.get(bucket, (0, Decimal()))
        tally[bucket] = (count + 1, had + total)

    def gather(self, world: World, contact_id: int) -> MemberFacts | None:
        """What is known of a contact and their family; None of one who is not there any more."""
        contact = world.contacts.get(contact_id)
        if contact is None or contact.merged_into is not None or contact.erased:
            return None
        tallies: dict[Key, Tally] = {}
        for member in [one for one in world.contacts if world.follow(one) == contact_id]:
            for key, tally in self.tallies.get(member, {}).items():
                mine = tallies.setdefault(key, {})
                for bucket, (count, total) in tally.items():
                    had = mine.get(bucket, (0, Decimal()))
                    mine[bucket] = (had[0] + count, had[1] + total)
        return MemberFacts(contact, tallies, frozenset(self.inside.get(contact_id, ())), world.config.undone)


def list_message_keys(segments: Iterable[SegmentFacts]) -> set[MessageKey]:
    """What is counted of messages."""
    nodes = [node for segment in segments for node in list_counted(segment.node)]
    return {node.key for node in nodes if isinstance(node.key, MessageKey)}


def begin_members(memory: "Memory", contact_ids: Iterable[int], now: datetime) -> None:
    """Who belongs at the beginning, which begins nothing."""
    for contact_id in contact_ids:
        world = memory.make_world(now)
        memory.fill(world, (contact_id,))
        facts = memory.members.gather(world, contact_id)
        if facts is None:
            continue
        for segment in memory.config.segments.values():
            if segment.workspace == facts.contact.workspace and matches(segment.node, facts, now):
                memory.members.inside.setdefault(contact_id, set()).add(segment.id)
        set_timer(memory, contact_id, facts, now)


def set_timer(memory: "Memory", contact_id: int, facts: MemberFacts, now: datetime) -> None:
    """When anything of a contact leaves a window next."""
    leaving = [
        at
        for segment in memory.config.segments.values()
        for node in list_counted(segment.node)
        for bucket in facts.tallies.get(node.key, {})
        if (at := find_leaving(node, bucket, now)) is not None
    ]
    memory.timers.segments.set(contact_id, min(leaving, default=None))


def settle_members(memory: "Memory", stirred: Mapping[int, Stirred], now: datetime, depth: int) -> World | None:
    """Decide for whom something has changed, as effects of a world of its own (actions/segment_cycle.py)."""
    concerned = list_concerned(memory.config, stirred)
    if not concerned:
        return None
    world = memory.make_world(now)
    memory.fill(world, concerned)
    wanted, why = list_wanted(world, concerned, stirred)
    gathered = {one: memory.members.gather(world, one) for one in wanted}
    facts = {one: found for one, found in gathered.items() if found is not None}
    inside = {(one, segment_id) for one in wanted for segment_id in memory.members.inside.get(one, ())}
    changes = decide_members(world, wanted, why, facts, inside, depth)
    for contact_id, found in facts.items():
        set_timer(memory, contact_id, found, now)
    for one in changes:
        decide_occasion(world, one, why[one.contact_id].workspace)
    return world


def stir_by_time(config: Config, workspaces: Mapping[int, int]) -> dict[int, Stirred]:
    """Of contacts, with their workspaces, whose time has come."""
    asking = {segment.workspace for segment in config.segments.values()}
    return {
        contact_id: Stirred(workspace, {TIME}, cause=TIME)
        for contact_id, workspace in workspaces.items()
        if workspace in asking
    }
