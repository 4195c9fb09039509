"""Plays what happened to contacts through journeys on a virtual clock.

The clock jumps from one instant to the next at which something is due: an event arrives, a message may go out, a visit
may be over, a run's wait is. At each of them things are decided in the order of an engine's round: the log first, then
messages, visits and runs, until nothing is left; then the provider answers what was handed over. Every decision is the
core's own (`decide`, `claim_delivery`, `settle`, `advance`, `hear_reply`); here is only the shell around it. Questions
are answered by a stated share of customers, a minute after they read them, by the step's own sample.

A call to a company's API is not made: it works, and its answer is the step's sample.

Left out is what has no part in a decision: rates of channels (a message goes out in the second in which it may) and
events that nobody listens to and that teach nothing about their contact.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final
from uuid import UUID

import msgspec

from tertulia.core.asking import is_asked
from tertulia.core.call_answers import OK
from tertulia.core.call_outcomes import claim_call
from tertulia.core.claim import claim_delivery
from tertulia.core.decide import decide, decide_occasion
from tertulia.core.deliveries import DeliveryState
from tertulia.core.entries import (
    AbsorbEntry,
    CallEntry,
    Entry,
    EventEntry,
    MergeEntry,
    OccasionEntry,
    OutcomeEntry,
    ReceiptEntry,
    route,
)
from tertulia.core.events import identities_of
from tertulia.core.folds import name_type
from tertulia.core.identity import IdentityRef
from tertulia.core.journey import advance, find_program, hear_reply
from tertulia.core.membership import stir
from tertulia.core.message_outcomes import tell_ignored
from tertulia.core.reasons import Reason
from tertulia.core.rows import CallRow, OpenDelivery
from tertulia.core.sessions import settle
from tertulia.core.simulation.bandits import weigh_due
from tertulia.core.simulation.members import settle_members, stir_by_time
from tertulia.core.simulation.memory import Memory
from tertulia.core.simulation.rounds import begin_rounds, list_invited
from tertulia.core.slots import list_released, wake_deferred
from tertulia.core.steps.base import Woken
from tertulia.core.steps.call.step import CallStep
from tertulia.core.world import World
from tertulia.ids import day_of

SETTINGS: Final = ("language", "locale", "zone", "timezone")  # what any event may teach of its contact
TELLS: Final = ("identify", "alias")  # calls that teach more


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """An event as it came to a workspace, or what a round tells of somebody."""

    at: datetime
    workspace: int
    entry: EventEntry | OccasionEntry


REPLY_AFTER: Final = timedelta(minutes=1)
ANSWERED: Final = 0.5  # the share of questions that are answered, if nothing else is said

Answer = Callable[[OpenDelivery, datetime], list[Entry]]
Watch = Callable[[World], None]


def accept(delivery: OpenDelivery, now: datetime) -> list[Entry]:
    """What a provider says that takes every message and delivers it at once."""
    told = (delivery.channel_id, "")
    return [
        OutcomeEntry(*told, delivery.id, delivery.attempt, now, "ok"),
        ReceiptEntry(*told, "delivered", now, delivery_id=delivery.id),
    ]


def accept_most(refused: float, silent: float = 0.0) -> Answer:
    """A provider that finds nobody at the address for this share of messages, 0 to 1, and never tells of another share
    whether it was delivered; the same messages each time."""

    def answer(delivery: OpenDelivery, now: datetime) -> list[Entry]:
        if int.from_bytes(delivery.id.bytes[-8:-4], "big") < silent * 2**32:
            return accept(delivery, now)[:1]
        if int.from_bytes(delivery.id.bytes[-4:], "big") >= refused * 2**32:
            return accept(delivery, now)
        return [OutcomeEntry(delivery.channel_id, "", delivery.id, delivery.attempt, now, "gone")]

    return answer


@dataclass(slots=True)
class Player:
    """One passage of time. `watch` is shown every decision, with its effects; `answer` says what a provider makes of a
    message; `answered`: the share of questions that a customer answers, 0 to 1, the same ones each time; `stop` is
    asked at every instant whether to leave off there; `launched`: journeys that are published first when it begins."""

    memory: Memory
    watch: Watch
    answer: Answer = accept
    answered: float = ANSWERED
    stop: Callable[[], bool] = lambda: False
    launched: Collection[int] = ()
    handed_over: list[OpenDelivery] = field(default_factory=list)
    called: list[CallRow] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)  # events, by a hash of what makes them the same (E1)
    played_to: datetime | None = None
    events: int = 0

    def play(self, arrivals: Iterable[Arrival], until: datetime) -> None:
        """Everything up to `until`; `arrivals` by their time."""
        begin_rounds(self.memory, self.memory.rows.now, until, self.launched)
        for arrival in takewhile(lambda told: told.at <= until, arrivals):
            if not self._run_to(arrival.at):
                return
            self.played_to = arrival.at
            self.events += 1
            entry = arrival.entry
            if isinstance(entry, EventEntry) and (self._is_known(entry) or self._is_idle(arrival.workspace, entry)):
                continue
            owner = self._find_owner(arrival.workspace, entry)
            self.memory.forwarded.append((arrival.workspace, route(arrival.workspace, entry, owner), entry))
            self._decide_log(arrival.at)
        if self._run_to(until, including=True):
            self.played_to = until

    def _run_to(self, until: datetime, *, including: bool = False) -> bool:
        """Everything that is due before then. False when it was stopped."""
        while (at := self.memory.timers.find_next()) is not None and (at < until or (including and at <= until)):
            if self.stop():
                return False
            self.played_to = at
            self._settle_at(at)
        return not self.stop()

    # one instant

    def _settle_at(self, now: datetime) -> None:
        """Everything that is to be done now, in the order of an engine's rounds."""
        while True:
            self._decide_log(now)
            did = self._claim(now) | self._end_sessions(now) | self._end_watches(now) | self._wake(now)
            if did | self._hear(now) | self._claim_calls(now) | self._move_members(now):
                continue
            if weigh_due(self.memory, now) or self._take_rounds(now):
                continue
            if not self.handed_over and not self.called:
                return
            for call in self.called:
                self.memory.forwarded.append((call.workspace, *self._answer_call(call, now)))
            self.called.clear()
            for delivery in self.handed_over:
                self._expect_reply(delivery, now)
                for entry in self.answer(delivery, now):
                    self.memory.forwarded.append((delivery.workspace, route(delivery.workspace, entry), entry))
            self.handed_over.clear()

    def _decide_log(self, now: datetime) -> None:
        forwarded = self.memory.forwarded
        while forwarded:
            workspace, shard, entry = forwarded.popleft()
            world = self.memory.make_world(now)
            self._fill(world, workspace, entry)
            decide(world, entry, workspace, shard)
            self._end(world)
            if isinstance(entry, ReceiptEntry) and entry.delivery_id is not None:
                self.memory.rows.closed.pop(entry.delivery_id, None)  # nothing more comes of it

    def _fill(self, world: World, workspace: int, entry: Entry) -> None:
        rows = self.memory.rows
        match entry:
            case EventEntry():
                self.memory.fill_identities(world, workspace, identities_of(entry))
                self.memory.fill(world, [entry.contact_id] if entry.contact_id is not None else ())
            case OccasionEntry():
                self.memory.fill(world, (entry.contact_id,))
            case CallEntry():
                self.memory.fill(world, (entry.contact_id,))
                self.memory.fill_calls(world, (entry.call_id,))
            case MergeEntry() | AbsorbEntry():
                self.memory.fill(world, (entry.absorbed, entry.into))
            case OutcomeEntry(delivery_id=delivery_id) | ReceiptEntry(delivery_id=UUID() as delivery_id):
                message = rows.open.get(delivery_id) or rows.closed.get(delivery_id)
                if message is not None:
                    self.memory.fill_message(world, message)
            case _:
                raise AssertionError(f"no {type(entry).__name__} comes about here")

    def _claim(self, now: datetime) -> bool:
        """Messages that may go out; those of a channel that is stopped wait for ever."""
        rows = self.memory.rows
        due = self.memory.timers.claims.take_due(now)
        due.sort(key=lambda delivery_id: (rows.open[delivery_id].lane, delivery_id))  # as an engine takes them
        for delivery_id in due:
            delivery = rows.open[delivery_id]
            if (
                delivery.state != DeliveryState.QUEUED.value
                or rows.config.channels[delivery.channel_id].state != "live"
            ):
                continue
            world = self.memory.make_world(now)
            self.memory.fill_message(world, delivery)
            handed_over = claim_delivery(world, world.open[delivery_id])
            self._end(world)
            if handed_over:
                self.handed_over.append(rows.open[delivery_id])
        return bool(due)

    def _end_sessions(self, now: datetime) -> bool:
        due = self.memory.timers.sessions.take_due(now)
        for contact_id in due:
            world = self.memory.make_world(now)
            self.memory.fill(world, (contact_id,))
            settle(world, world.sessions[contact_id], now)
            self._end(world)
        return bool(due)

    def _end_watches(self, now: datetime) -> bool:
        """Messages that were to be ignored so long: what nobody heeded may begin its journey (R6)."""
        due = sorted(self.memory.timers.watches.take_due(now))
        for place in due:
            watch = self.memory.watches.pop(place)
            world = self.memory.make_world(now)
            self.memory.fill(world, (watch.contact_id,))
            if not watch.heeded and world.follow(watch.contact_id) == watch.contact_id:
                decide_occasion(world, tell_ignored(watch), watch.workspace)
            self._end(world)
        return bool(due)

    def _take_rounds(self, now: datetime) -> bool:
        """Journeys look for people by themselves."""
        due = self.memory.timers.rounds.take_due(now)
        for journey_id, day in due:
            journey = self.memory.config.journeys[journey_id]
            for invited in list_invited(self.memory, journey, day, now):
                world = self.memory.make_world(now)
                self.memory.fill(world, (invited.contact_id,))
                decide_occasion(world, invited, journey.workspace)
                self._end(world)
        return bool(due)

    def _wake(self, now: datetime) -> bool:
        due = sorted(self.memory.timers.runs.take_due(now))
        for run_id in due:
            run = self.memory.rows.runs[run_id]
            world = self.memory.make_world(now)
            self.memory.fill(world, (run.contact_id,))
            advance(world, world.runs[run_id], Woken.TIMER)
            self._end(world)
        return bool(due)

    def _expect_reply(self, delivery: OpenDelivery, now: datetime) -> None:
        """Whether the customer will answer, where this is a question."""
        run = self.memory.rows.runs.get(delivery.run_id) if delivery.run_id is not None else None
        asks = run is not None and run.question.get("delivery") == str(delivery.id)
        if run is not None and asks and int.from_bytes(delivery.id.bytes[-8:-4], "big") < self.answered * 2**32:
            self.memory.timers.replies.set(run.id, now + REPLY_AFTER)

    def _hear(self, now: datetime) -> bool:
        """Customers answer questions that still wait, with what the step says is an answer."""
        due = self.memory.timers.replies.take_due(now)
        for run_id in due:
            run = self.memory.rows.runs.get(run_id)
            if run is None or not is_asked(run):
                continue
            world = self.memory.make_world(now)
            self.memory.fill(world, (run.contact_id,))
            mine = world.runs[run_id]
            contact = world.contacts[run.contact_id]
            sample = find_program(world, mine).nodes[mine.step].step.imagine_reply()
            reply = replace(sample, language=contact.locale, country=contact.country)
            hear_reply(world, mine, reply, IdentityRef("", "", ""))
            self._end(world)
        return bool(due)

    def _claim_calls(self, now: datetime) -> bool:
        due = sorted(self.memory.timers.calls.take_due(now))
        for call_id in due:
            call = self.memory.rows.calls[call_id]
            world = self.memory.make_world(now)
            self.memory.fill(world, (call.contact_id,))
            handed_over = claim_call(world, world.calls[call_id])
            self._end(world)
            if handed_over:
                self.called.append(call)
        return bool(due)

    def _answer_call(self, call: CallRow, now: datetime) -> tuple[int, CallEntry]:
        """It worked, and what it saves is the sample of its step."""
        run = self.memory.rows.runs.get(call.run_id)
        node = find_program(self.memory.rows, run).nodes.get(call.step) if run is not None else None
        if node is not None and isinstance(node.step, CallStep):
            call.saved = dict(node.step.sample)
        entry = CallEntry(call.contact_id, call.id, call.attempt, OK, now, Reason.CALL_DONE.value)
        return route(call.workspace, entry), entry

    def _move_members(self, now: datetime) -> bool:
        """Those whom time alone may move into a segment or out of it (R4)."""
        due = self.memory.timers.segments.take_due(now)
        contacts = self.memory.rows.contacts
        stirred = stir_by_time(self.memory.config, {one: contacts[one].workspace for one in due})
        self._settle_members(settle_members(self.memory, stirred, now, 0), 0)
        return bool(due)

    def _end(self, world: World, depth: int = 0) -> None:
        wake_deferred(world, self.memory.list_deferred(world, list_released(world)))
        self.memory.keep(world)
        if self.memory.has_bandits:
            self.memory.bandits.note(self.memory, world)
        self.watch(world)
        if self.memory.config.segments:
            self.memory.members.note(self.memory.config, world)
            stirred = stir(self.memory.config, world.effects)
            self._settle_members(settle_members(self.memory, stirred, world.now, depth), depth)

    def _settle_members(self, world: World | None, depth: int) -> None:
        if world is not None and world.effects:
            self._end(world, depth + 1)

    # events that need no decision

    def _is_known(self, entry: EventEntry) -> bool:
        """E1: the same event again."""
        key = hash((day_of(entry.client_at), entry.message_id))
        known = key in self.seen
        self.seen.add(key)
        return known

    def _is_idle(self, workspace: int, entry: EventEntry) -> bool:
        """Nobody listens to it, and it teaches nothing about its contact."""
        config = self.memory.config
        if self.memory.has_sessions or entry.call in TELLS:
            return False
        told = (workspace, name_type(entry.call), entry.name)
        if told in config.heard or told in config.counted:
            return False
        owners = {self._follow(workspace, identity) for identity in identities_of(entry)}
        owner = self._find_owner(workspace, entry)
        if owner is None or owners - {owner}:
            return False
        contact = self.memory.rows.contacts[owner]
        return bool(contact.locale and contact.zone) or not any(name in entry.context for name in SETTINGS)

    def _find_owner(self, workspace: int, entry: EventEntry | OccasionEntry) -> int | None:
        """Whose it is said to be, else what the edge's look-up finds."""
        named = entry.contact_id
        if named is not None or isinstance(entry, OccasionEntry):
            return self.memory.rows.follow(named) if named in self.memory.rows.contacts else None
        return self._follow(workspace, entry.identity)

    def _follow(self, workspace: int, identity: IdentityRef) -> int | None:
        row = self.memory.rows.identities.get((workspace, identity))
        return self.memory.rows.follow(row.contact_id) if row is not None and row.contact_id is not None else None
