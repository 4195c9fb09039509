"""What a simulation keeps in place of a database: rows by key, as they are stored.

`fill` makes the working set of one decision, as a cycle loads it; `keep` writes what the decision brought about, by the
folds that cycles use. So no rule has a second copy here, and only where rows lie is a simulation's own.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from itertools import count
from operator import attrgetter
from typing import Final
from uuid import UUID

from tertulia.core import budget_effects as bx
from tertulia.core import call_effects as cx
from tertulia.core import effects as fx
from tertulia.core import entry_effects as ee
from tertulia.core import event_effects as ev
from tertulia.core import run_effects as rx
from tertulia.core import segment_effects as gx
from tertulia.core import slot_effects as sx
from tertulia.core.best_hours import MOMENTS_IN, list_moments
from tertulia.core.budgets import FOR_GOOD, LOOK_EVERY, TotalKey, list_keys
from tertulia.core.calls import derive_call_id
from tertulia.core.came import subject_of
from tertulia.core.deliveries import DeliveryState
from tertulia.core.entries import Entry, HandOverEntry
from tertulia.core.families import join_families, take_assignment, take_passage
from tertulia.core.folds import fold, name_type
from tertulia.core.identity import IdentityRef
from tertulia.core.rows import (
    CallRow,
    ClosedDelivery,
    ContactRow,
    CouponRow,
    GoalRow,
    IdentityRow,
    OpenDelivery,
    Recalled,
    RunRow,
    SlotRow,
    WatchRow,
)
from tertulia.core.segments import floor_to
from tertulia.core.sessions import ENDED, STARTED
from tertulia.core.simulation.bandits import Bandits
from tertulia.core.simulation.guards import Guards
from tertulia.core.simulation.members import Members
from tertulia.core.simulation.timers import Timers
from tertulia.core.spending import find_own_pot
from tertulia.core.world import HORIZON_MAX, Config, World
from tertulia.ids import SHARDS, shard_of_contact

OWNED: Final = frozenset(SHARDS)
SERIALS_FROM: Final = 1 << 50  # of contacts that events make, out of the way of those that are there
EVENTS_KEPT: Final = 64  # of a contact, before those go that nothing asks for any more
CAP: Final = "cap"  # the gate
THROTTLE: Final = "throttle"  # another
NEVER_KEPT: Final = (
    *(fx.SuggestMerge, fx.SettleSuggestion, fx.RecordAbsorption, fx.Decide, rx.TallyStep, fx.MintMessageLink),
)


@dataclass(slots=True)
class Memory:
    """Everything that is known. `rows` has the tables, under the names of a world's facts; the rest is found by it."""

    rows: World
    timers: Timers = field(default_factory=Timers)
    forwarded: deque[tuple[int, int, Entry]] = field(default_factory=deque)  # workspace, shard, entry
    absorbed: dict[int, list[int]] = field(default_factory=dict)  # contacts, by the one they were merged into
    open_of: dict[int, dict[UUID, None]] = field(default_factory=dict)
    held: dict[int, dict[UUID, str]] = field(default_factory=dict)  # messages that a gate holds back, of a contact
    goals_of: dict[int, dict[UUID, None]] = field(default_factory=dict)  # runs whose goal may be reached, of a contact
    assigned: dict[int, dict[str, None]] = field(default_factory=dict)  # experiments, by contact (A1)
    passages_of: dict[int, dict[tuple[int, int, str], None]] = field(default_factory=dict)
    recalls: frozenset[tuple[str, str]] = frozenset()  # events that may stand in the way of an entry
    lookback: timedelta = timedelta()
    watches: dict[int, dict[tuple[UUID, int], WatchRow]] = field(default_factory=dict)  # by contact (R6)
    members: Members = field(default_factory=Members)
    bandits: Bandits = field(default_factory=Bandits)
    guards: Guards = field(default_factory=Guards)
    is_recorded: bool = False  # who comes into a segment or leaves it is told, and not decided
    has_guards: bool = False  # else nobody asks what became of messages
    has_bandits: bool = False  # else nobody asks what ways have come to
    has_best_hours: bool = False  # else nobody asks when customers opened, clicked or wrote
    has_sessions: bool = False  # somebody listens to them; else nobody asks which are running

    @property
    def config(self) -> Config:
        return self.rows.config

    def add_contact(self, row: ContactRow) -> None:
        """Somebody who is known from the beginning, with their identities; the row stays the caller's."""
        self.rows.contacts[row.id] = _copy_contact(row)
        if row.merged_into is not None:
            self.absorbed.setdefault(row.merged_into, []).append(row.id)
        for linked in row.identities:
            known = IdentityRow(row.id, shard_of_contact(row.id), linked.trust)
            self.rows.identities[(row.workspace, linked.identity)] = known

    def add_slot(self, slot: SlotRow) -> None:
        """A message that caps count, of before or of another journey."""
        self.rows.slots.setdefault(slot.contact_id, {})[slot.message_id] = slot

    def spend(self, workspace: int, at: datetime, micros: int) -> None:
        """Others' messages cost so much at an instant: the workspace's budget has less left (V3)."""
        pot = find_own_pot(self.config.workspaces[workspace])
        for key, _per, limit in list_keys(workspace, pot, at) if pot is not None else ():
            self.rows.rooms[key] = self.rows.rooms.get(key, limit) - micros

    # a decision's working set

    def make_world(self, now: datetime) -> World:
        """An empty one."""
        counts = {journey_id: dict(days) for journey_id, days in self.rows.entries.items()}
        made = World(now, self.config, self.rows.serials, owned=OWNED, entries=counts)
        made.rooms, made.lines, made.items = dict(self.rows.rooms), dict(self.rows.lines), self.rows.items
        return made

    def fill(self, world: World, contact_ids: Iterable[int]) -> None:
        """The facts of these contacts and their families: runs, sessions, messages without a verdict, passages, and
        the events that may be asked for."""
        wanted, fresh = list(contact_ids), []
        while wanted:
            contact_id = wanted.pop()
            stored = self.rows.contacts.get(contact_id)
            if stored is None or contact_id in world.contacts:
                continue
            world.contacts[contact_id] = mine = _copy_contact(stored)
            fresh.append(mine)
            if stored.merged_into is not None:
                wanted.append(stored.merged_into)
            wanted += self.absorbed.get(contact_id, ())
        join_families(world, fresh)
        for contact in fresh:
            self._fill_one(world, contact.id)

    def _fill_one(self, world: World, contact_id: int) -> None:
        rows, root = self.rows, world.follow(contact_id)
        world.listed |= {(contact_id, segment_id) for segment_id in self.members.inside.get(contact_id, ())}
        if (session := rows.sessions.get(contact_id)) is not None:
            world.sessions[contact_id] = session  # rows of sessions are never written to, but replaced
        if ids := rows.runs_of.get(contact_id):
            world.runs |= {run_id: RunRow(*_read_run(rows.runs[run_id])) for run_id in ids}
            world.runs_of[contact_id] = list(ids)
            if rows.calls:
                self.fill_calls(world, (derive_call_id(rows.runs[run_id]) for run_id in ids))
        for delivery_id in self.open_of.get(contact_id, ()):
            world.open[delivery_id] = OpenDelivery(*_read_open(rows.open[delivery_id]))
        if doings := rows.doings.get(contact_id):
            world.doings.setdefault(root, []).extend(doings)
        if recalled := rows.recalled.get(contact_id):
            world.recalled.setdefault(root, []).extend(recalled)
        if slots := rows.slots.get(contact_id):
            mine = world.slots.setdefault(root, {})
            mine |= {message_id: SlotRow(*_read_slot(row)) for message_id, row in slots.items()}
        if coupons := rows.coupons.get(contact_id):
            world.coupons.setdefault(root, []).extend(CouponRow(*_read_coupon(row)) for row in coupons)
        for run_id in self.goals_of.get(contact_id, ()):
            world.goals[run_id] = GoalRow(*_read_goal(rows.goals[run_id]))
        for experiment in self.assigned.get(contact_id, ()):
            take_assignment(world, root, experiment, rows.assignments[(contact_id, experiment)])
        if moments := rows.moments.get(contact_id):
            world.moments.setdefault(root, set()).update(moments)
        for place in self.passages_of.get(contact_id, ()):
            take_passage(world, rows.passages[place])

    def fill_identities(self, world: World, workspace: int, identities: Iterable[IdentityRef]) -> None:
        """Whose these are, with the facts of those contacts."""
        found = []
        for identity in identities:
            if (row := self.rows.identities.get((workspace, identity))) is not None:
                world.identities[(workspace, identity)] = row  # replaced, as sessions are
                found += [row.contact_id] if row.contact_id is not None else []
        self.fill(world, found)

    def fill_calls(self, world: World, call_ids: Iterable[UUID]) -> None:
        """Those of these calls that are undecided."""
        for call_id in call_ids:
            if (row := self.rows.calls.get(call_id)) is not None and call_id not in world.calls:
                world.calls[call_id] = CallRow(*_read_call(row))

    def fill_message(self, world: World, message: OpenDelivery | ClosedDelivery) -> None:
        """The facts of a message's contact, and what stands against its address."""
        self.fill(world, (message.contact_id,))
        if message.run_id in self.rows.depths:
            world.depths[message.run_id] = self.rows.depths[message.run_id]
        if isinstance(message, ClosedDelivery):
            world.closed[message.id] = ClosedDelivery(*_read_closed(message))
        subject = subject_of(IdentityRef(message.to_kind, "", message.to_value))
        key = (message.workspace, subject.kind, subject.value)
        if (against := self.rows.suppressed.get(key)) is not None:
            world.suppressed[key] = list(against)

    def list_deferred(self, world: World, contact_ids: Iterable[int]) -> list[OpenDelivery]:
        """The messages of these contacts that wait for room under a cap (F6), as a decision has them by now."""
        found = [
            world.open.get(delivery_id)
            for contact_id in contact_ids
            for delivery_id, gate in self.held.get(contact_id, {}).items()
            if gate == CAP
        ]
        return [row for row in found if row is not None and row.state == DeliveryState.QUEUED.value]

    # what it brought about

    def keep(self, world: World) -> None:
        """Store the effects."""
        for effect in world.effects:
            if isinstance(effect, fx.Forward):
                if not isinstance(effect.entry, HandOverEntry):  # what people say to it nobody knows
                    self.forwarded.append((effect.workspace, effect.shard, effect.entry))
            elif isinstance(effect, ev.StoreEvent):
                self._keep_event(effect, world.now)
            elif not isinstance(effect, NEVER_KEPT) and (self.has_sessions or not isinstance(effect, ev.SetSession)):
                fold(self.rows, effect)
                self._index(effect, world.now)
        if self.has_best_hours:
            told = list_moments(effect for effect in world.effects if isinstance(effect, MOMENTS_IN))
            for (_, contact_id), moments in told.items():
                self.rows.moments.setdefault(contact_id, set()).update(moments)
        self.rows.untaken.clear()
        self.rows.released.clear()  # what nobody took over is free

    def _keep_event(self, effect: ev.StoreEvent, now: datetime) -> None:
        """Only where something may ask for it: the end of a visit, or an entry with exceptions (E5, X3)."""
        if not effect.contact_id or not (self.has_sessions or (name_type(effect.type), effect.name) in self.recalls):
            return
        fold(self.rows, effect)
        self._forget_recalled(effect.contact_id, now)
        if not self.has_sessions:
            self.rows.doings.clear()

    def recall(self, contact_id: int, told: Recalled, now: datetime) -> None:
        """An event that nothing comes of, and that may yet stand in the way of an entry."""
        if (name_type(told.type), told.name) in self.recalls:
            self.rows.recalled.setdefault(contact_id, []).append(told)
            self._forget_recalled(contact_id, now)

    def _forget_recalled(self, contact_id: int, now: datetime) -> None:
        recalled = self.rows.recalled.get(contact_id, [])
        if len(recalled) > EVENTS_KEPT:
            recalled[:] = [told for told in recalled if told.occurred_at >= now - HORIZON_MAX - self.lookback]

    def _index(self, effect: fx.Effect, now: datetime) -> None:
        """Whose a row is, and when it is due."""
        match effect:
            case rx.SetRun():
                self.timers.runs.set(effect.id, effect.due_at)
                self.timers.exits.set(effect.id, effect.exit_at)
            case rx.EndRun():
                self.timers.runs.set(effect.id, None)
                self.timers.exits.set(effect.id, None)
                if depth := effect.event.get("depth"):
                    self.rows.depths[effect.id] = int(depth)  # what becomes of its messages may begin another (I11)
            case cx.QueueCall():
                self.timers.calls.set(effect.id, effect.at)
            case cx.SetCall():
                self.timers.calls.set(effect.id, effect.not_before if effect.state == "queued" else None)
            case cx.EndCall():
                self.timers.calls.set(effect.id, None)
            case ev.SetSession():
                self.timers.sessions.set(effect.contact_id, effect.ends_at)
                if effect.ends_at is None:
                    self._forget_doings(effect.contact_id, now)
            case fx.QueueDelivery():
                self.open_of.setdefault(effect.contact_id, {})[effect.id] = None
                self.timers.claims.set(effect.id, effect.not_before)
            case fx.SetOpenState():
                waits = effect.state in ("queued", "held")
                self.timers.claims.set(effect.id, effect.not_before if waits else None)
                self._hold(effect.contact_id, effect.id, effect.held_by)
            case bx.GiveBack(key=TotalKey(period="total")):
                self.timers.totals.set(effect.key.workspace, floor_to(now, LOOK_EVERY) + LOOK_EVERY)
            case fx.AdvanceDelivery(state="read") | fx.StoreClick(class_="human"):
                self.heed(effect.contact_id, effect.delivery_id if isinstance(effect, fx.StoreClick) else effect.id)
            case fx.CloseDelivery():
                self.open_of[effect.contact_id].pop(effect.id, None)
                self.timers.claims.set(effect.id, None)
                self._hold(effect.contact_id, effect.id, "")
            case sx.WakeHeld():
                for delivery_id in self.held.pop(effect.contact_id, {}):
                    self.timers.claims.set(delivery_id, effect.at)
            case gx.MoveMember():
                self._look_at_exits(effect, now)
            case fx.MergeContact():
                self.absorbed.setdefault(effect.into_id, []).append(effect.contact_id)
                self.rows.slots.setdefault(effect.into_id, {}).update(self.rows.slots.pop(effect.contact_id, {}))
                self.rows.coupons.setdefault(effect.into_id, []).extend(self.rows.coupons.pop(effect.contact_id, []))
            case ee.WatchMessage():
                self._watch(effect)
            case ee.OpenGoal():
                self.goals_of.setdefault(effect.contact_id, {})[effect.run_id] = None
            case ee.ReachGoal():
                self.goals_of.get(effect.contact_id, {}).pop(effect.run_id, None)
            case ee.Assign():
                self.assigned.setdefault(effect.contact_id, {})[effect.experiment] = None
            case rx.NotePassage():
                place = (effect.journey_id, effect.contact_id, effect.key)
                self.passages_of.setdefault(effect.contact_id, {})[place] = None
            case _:
                pass

    def _look_at_exits(self, moved: gx.MoveMember, now: datetime) -> None:
        """X5: of runs that end for who is in a segment, or is not."""
        named = self.config.exit_segments.get(moved.segment_id, ())
        for run_id in self.rows.runs_of.get(moved.contact_id, ()) if named else ():
            if (run := self.rows.runs[run_id]).journey_id in named:
                run.exit_at = now
                self.timers.exits.set(run_id, now)

    def _watch(self, effect: ee.WatchMessage) -> None:
        told = (effect.contact_id, effect.workspace, effect.journey_id, effect.delivery_id, effect.due_at)
        row = WatchRow(*told, effect.properties, effect.depth, heeded=False)
        self.watches.setdefault(effect.contact_id, {})[(effect.delivery_id, effect.journey_id)] = row
        self.timers.watches.set((effect.contact_id, effect.delivery_id, effect.journey_id), effect.due_at)

    def heed(self, contact_id: int, delivery_id: UUID | None) -> None:
        """The customer has read a message, clicked in it or answered it: nobody says that they ignored it."""
        for (watched, _), row in self.watches.get(contact_id, {}).items():
            row.heeded |= watched == delivery_id

    def wake_waiting(self, now: datetime) -> bool:
        """What waits for money is looked at where some came back. False where none did."""
        due = self.timers.totals.take_due(now)
        for held in self.held.values() if due else ():
            for delivery_id in [one for one, gate in held.items() if gate == THROTTLE]:
                row = self.rows.open[delivery_id]
                if row.workspace in due and self.timers.claims.find(delivery_id) in (FOR_GOOD, row.deadline):
                    self.timers.claims.set(delivery_id, now)
        return bool(due)

    def _hold(self, contact_id: int, delivery_id: UUID, gate: str) -> None:
        if gate:
            self.held.setdefault(contact_id, {})[delivery_id] = gate
        elif contact_id in self.held:
            self.held[contact_id].pop(delivery_id, None)

    def _forget_doings(self, contact_id: int, now: datetime) -> None:
        """A visit is over; another begins within the horizon."""
        doings = self.rows.doings.get(contact_id, [])
        if len(doings) > EVENTS_KEPT:
            doings[:] = [done for done in doings if done.occurred_at >= now - HORIZON_MAX]


def make_memory(config: Config, since: datetime) -> Memory:
    """An empty one, for these journeys."""
    programs = [journey.program for journey in config.journeys.values()]
    counted = [row.id for row in config.journeys.values() if row.program.journey.entries is not None]
    return Memory(
        World(since, config, count(SERIALS_FROM), entries={journey_id: {} for journey_id in counted}),
        recalls=frozenset((rule.type, rule.event) for program in programs for rule in program.journey.exceptions),
        lookback=max((program.lookback for program in programs), default=timedelta()),
        has_sessions=any(name in (STARTED, ENDED) for _, _, name in config.heard),
        has_guards=any(program.journey.guards is not None for program in programs),
        has_bandits=any(program.list_bandits() for program in programs),
        has_best_hours=any(program.has_best_hours for program in programs),
    )


_COPIED: Final = (ContactRow, RunRow, OpenDelivery, ClosedDelivery, SlotRow, GoalRow, CallRow, CouponRow)
_read_contact, _read_run, _read_open, _read_closed, _read_slot, _read_goal, _read_call, _read_coupon = (
    attrgetter(*(told.name for told in fields(kind))) for kind in _COPIED
)
"""What makes the copies that decisions may write to; a fifth of the time of `copy`."""


def _copy_contact(row: ContactRow) -> ContactRow:
    made = ContactRow(*_read_contact(row))
    made.attributes, made.changed = dict(row.attributes), dict(row.changed)
    made.addresses, made.identities, made.consents = list(row.addresses), list(row.identities), list(row.consents)
    return made
