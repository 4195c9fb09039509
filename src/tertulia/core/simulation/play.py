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

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count, takewhile
from operator import attrgetter
from typing import Final
from uuid import UUID

from tertulia.core import effects as fx
from tertulia.core import segment_effects as gx
from tertulia.core.asking import is_asked
from tertulia.core.call_answers import OK
from tertulia.core.call_outcomes import claim_call
from tertulia.core.claim import claim_delivery
from tertulia.core.decide import decide, decide_occasion
from tertulia.core.deliveries import DeliveryState
from tertulia.core.entries import (
    AbsorbEntry,
    CallEntry,
    ClickEntry,
    ConsentEntry,
    Entry,
    EventEntry,
    LinkedMessage,
    MergeEntry,
    OccasionEntry,
    OutcomeEntry,
    ReceiptEntry,
    route,
)
from tertulia.core.events import identities_of
from tertulia.core.identity import IdentityRef
from tertulia.core.journey import advance, find_program, hear_reply
from tertulia.core.membership import TIME, stir
from tertulia.core.message_outcomes import tell_ignored
from tertulia.core.occasions import COMMENT, MESSAGE
from tertulia.core.reasons import Reason
from tertulia.core.rows import CallRow, OpenDelivery
from tertulia.core.run_ends import leave_in_time
from tertulia.core.sessions import settle
from tertulia.core.simulation.arrivals import Arrival, Called, Moved, Sent, Spent, Wrote
from tertulia.core.simulation.bandits import weigh_due
from tertulia.core.simulation.crowd import REPLIED, Act, Crowd
from tertulia.core.simulation.guards import look_due
from tertulia.core.simulation.idle import find_known, find_owner, is_idle
from tertulia.core.simulation.members import settle_members, stir_by_time
from tertulia.core.simulation.memory import Memory
from tertulia.core.simulation.reactions import hear, list_entries, open_comment, open_window, reply, tell_given
from tertulia.core.simulation.rounds import begin_rounds, list_invited
from tertulia.core.slots import list_released, sort_waiting, wake_deferred
from tertulia.core.stages import find_channel
from tertulia.core.steps.base import Woken
from tertulia.core.steps.call.step import CallStep
from tertulia.core.world import World
from tertulia.ids import day_of

ANSWER_AFTER: Final = timedelta(minutes=1)
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


@dataclass(slots=True)
class Player:
    """One passage of time. `watch` is shown every decision, with its effects; `answer` says what a provider makes of a
    message; `answered`: the share of questions that a customer answers, 0 to 1, the same ones each time; `stop` is
    asked at every instant whether to leave off there; `launched`: journeys that are published first
    when it begins; `crowd`: what customers do with their messages, where that is synthetic; `asked`: the journey
    that is asked about, for which calls are that name none."""

    memory: Memory
    watch: Watch
    answer: Answer = accept
    answered: float = ANSWERED
    stop: Callable[[], bool] = lambda: False
    launched: Collection[int] = ()
    crowd: Crowd | None = None
    asked: int = 0
    handed_over: list[OpenDelivery] = field(default_factory=list)
    called: list[CallRow] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)  # events, by a hash of what makes them the same (E1)
    links: dict[UUID, list[str]] = field(default_factory=dict)  # of messages that are being handed over, for the crowd
    acts: dict[int, Act] = field(default_factory=dict)
    awaited: Counter[UUID] = field(default_factory=Counter)  # what is to come yet of a message
    wrote: set[tuple[int, int]] = field(default_factory=set)  # contacts who answered before, each on a channel
    serials: Iterator[int] = field(default_factory=count)
    played_to: datetime | None = None
    events: int = 0

    def play(self, arrivals: Iterable[Arrival], until: datetime, rounds_until: datetime | None = None) -> None:
        """Everything up to `until`; `arrivals` by their time. Journeys look for people by themselves as long, or up to
        `rounds_until`."""
        begin_rounds(self.memory, self.memory.rows.now, rounds_until or until, self.launched)
        for arrival in takewhile(lambda told: told.at <= until, arrivals):
            if not self._run_to(arrival.at):
                return
            self.played_to = arrival.at
            self.events += 1
            entry = arrival.entry
            if isinstance(entry, Sent):
                self.memory.add_slot(entry.slot)
                continue
            if isinstance(entry, Spent):
                self.memory.spend(arrival.workspace, arrival.at, entry.micros)
                continue
            if isinstance(entry, Moved):
                self._move(arrival.workspace, arrival.at, entry)
                continue
            if isinstance(entry, Wrote | Called):
                self._read(arrival.workspace, arrival.at, entry)
                continue
            if isinstance(entry, EventEntry) and (self._is_known(entry) or is_idle(self.memory, arrival, entry)):
                continue
            owner = find_owner(self.memory, arrival.workspace, entry)
            self.memory.forwarded.append((arrival.workspace, route(arrival.workspace, entry, owner), entry))
            self._decide_log(arrival.at)
        if self._run_to(until, including=True):
            self.played_to = until

    def _move(self, workspace: int, at: datetime, moved: Moved) -> None:
        """Somebody came into a segment or left it, which begins nothing: that is told apart."""
        world = self.memory.make_world(at)
        self.memory.fill(world, (moved.contact_id,))
        world.add(gx.MoveMember(workspace, moved.contact_id, moved.segment_id, moved.entered, TIME, "", at))
        self.memory.members.note(self.memory.config, world)
        self._end(world)

    def _read(self, workspace: int, at: datetime, message: Wrote | Called) -> None:
        """A message of a customer who is known, a comment, or a call about them."""
        owner = find_known(self.memory, workspace, message.identity)
        if owner is not None and (isinstance(message, Called) or message.post is not None):
            told = tell_given(self.memory, owner, message, at, self.asked)
            self.memory.forwarded.append((workspace, route(workspace, told), told))
            self._decide_log(at)
        elif owner is not None and isinstance(message, Wrote):
            first = (owner, message.channel_id) not in self.wrote
            self.wrote.add((owner, message.channel_id))
            self._end(hear(self.memory, owner, message, at, first=first))
            self._decide_log(at)

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
        while not self.stop():
            self._react(now)
            self._decide_log(now)
            did = self._claim(now) | self._end_sessions(now) | self._end_watches(now)
            did |= self._look_at_exits(now) | self._wake(now)
            if did | self._hear(now) | self._claim_calls(now) | self._move_members(now):
                continue
            if weigh_due(self.memory, now) or look_due(self.memory, now) or self.memory.wake_waiting(now):
                continue
            if self._take_rounds(now):
                continue
            if not self.handed_over and not self.called:
                return
            for call in self.called:
                self.memory.forwarded.append((call.workspace, *self._answer_call(call, now)))
            self.called.clear()
            for delivery in self.handed_over:
                self._expect_answer(delivery, now)
                for entry in self.answer(delivery, now):
                    self._tell(delivery, entry)
            self.handed_over.clear()

    def _decide_log(self, now: datetime) -> None:
        forwarded = self.memory.forwarded
        while forwarded:
            workspace, shard, entry = forwarded.popleft()
            world = self.memory.make_world(now)
            self._fill(world, workspace, entry)
            if isinstance(entry, OccasionEntry) and entry.kind in (MESSAGE, COMMENT):
                self._come_by_channel(world, workspace, entry)
            decide(world, entry, workspace, shard)
            self._end(world)
            if isinstance(entry, ReceiptEntry) and entry.delivery_id is not None:
                self._forget(entry.delivery_id)

    def _come_by_channel(self, world: World, workspace: int, entry: OccasionEntry) -> None:
        """What a message or a comment brings about beside what it begins: here nobody received it before."""
        channel = find_channel(world, workspace, str(entry.properties["channel"]))
        if channel is not None and entry.kind == COMMENT:
            open_comment(world, entry, channel)
        elif channel is not None and self.crowd is not None:
            open_window(world, entry.contact_id, channel)

    def _fill(self, world: World, workspace: int, entry: Entry) -> None:
        rows = self.memory.rows
        match entry:
            case EventEntry():
                self.memory.fill_identities(world, workspace, identities_of(entry))
                self.memory.fill(world, [entry.contact_id] if entry.contact_id is not None else ())
            case OccasionEntry() | ConsentEntry():
                self.memory.fill(world, (entry.contact_id,))
            case ClickEntry(message=LinkedMessage(delivery_id=delivery_id)):
                self.memory.fill_message(world, rows.open.get(delivery_id) or rows.closed[delivery_id])
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
        """Messages that may go out; those of a channel that is stopped wait for ever, or of a journey that its guard
        paused."""
        rows = self.memory.rows
        due = sort_waiting(rows.open[delivery_id] for delivery_id in self.memory.timers.claims.take_due(now))
        due.sort(key=attrgetter("channel_id"))  # an engine takes a channel's together
        for delivery_id in takewhile(lambda _: not self.stop(), [row.id for row in due]):
            delivery = rows.open[delivery_id]
            if (
                delivery.state != DeliveryState.QUEUED.value
                or self._is_paused(delivery.journey_id)
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
            watch = self.memory.watches[place[0]].pop(place[1:])
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
            if self._is_paused(journey_id):
                continue
            for invited in takewhile(lambda _: not self.stop(), list_invited(self.memory, journey, day, now)):
                world = self.memory.make_world(now)
                self.memory.fill(world, (invited.contact_id,))
                decide_occasion(world, invited, journey.workspace)
                self._end(world)
        return bool(due)

    def _look_at_exits(self, now: datetime) -> bool:
        """Runs end that time has made what their journey ends for (X5)."""
        due = sorted(self.memory.timers.exits.take_due(now))
        for run_id in due:
            world = self.memory.make_world(now)
            self.memory.fill(world, (self.memory.rows.runs[run_id].contact_id,))
            leave_in_time(world, world.runs[run_id])
            self._end(world)
        return bool(due)

    def _wake(self, now: datetime) -> bool:
        due = sorted(self.memory.timers.runs.take_due(now))
        for run_id in due:
            run = self.memory.rows.runs[run_id]
            if self._is_paused(run.journey_id):
                continue
            world = self.memory.make_world(now)
            self.memory.fill(world, (run.contact_id,))
            advance(world, world.runs[run_id], Woken.TIMER)
            self._end(world)
        return bool(due)

    def _expect_answer(self, delivery: OpenDelivery, now: datetime) -> None:
        """What the customer will do with a message, and whether they will answer where it is a question."""
        run = self.memory.rows.runs.get(delivery.run_id) if delivery.run_id is not None else None
        asks = run is not None and run.question.get("delivery") == str(delivery.id)
        if run is not None and asks and int.from_bytes(delivery.id.bytes[-8:-4], "big") < self.answered * 2**32:
            self.memory.timers.replies.set(run.id, now + ANSWER_AFTER)
        if self.crowd is not None:
            for act in self.crowd.plan(delivery, self.links.pop(delivery.id, ()), now):
                if not (asks and act.what == REPLIED):
                    serial = next(self.serials)
                    self.acts[serial] = act
                    self.awaited[delivery.id] += 1
                    self.memory.timers.acts.set(serial, act.at)

    def _react(self, now: datetime) -> None:
        """Customers do with their messages what they will."""
        for serial in self.memory.timers.acts.take_due(now):
            act = self.acts.pop(serial)
            of = act.delivery
            assert self.crowd is not None
            self.crowd.note(act)
            if act.what == REPLIED:
                first = (of.contact_id, of.channel_id) not in self.wrote
                self.wrote.add((of.contact_id, of.channel_id))
                self.memory.heed(of.contact_id, of.id)
                self._end(reply(self.memory, of, now, first=first))
            for entry in list_entries(self.memory.config.channels[of.channel_id], act, now):
                self._tell(of, entry)
            self._decide_log(now)
            self._forget(of.id)

    def _tell(self, of: OpenDelivery, entry: Entry) -> None:
        """What comes of a message."""
        if isinstance(entry, ReceiptEntry):
            self.awaited[of.id] += 1
        self.memory.forwarded.append((of.workspace, route(of.workspace, entry), entry))

    def _forget(self, delivery_id: UUID) -> None:
        """One thing less is to come of a message; after the last one nobody asks for it any more."""
        self.awaited[delivery_id] -= 1
        if self.awaited[delivery_id] <= 0:
            del self.awaited[delivery_id]
            self.memory.rows.closed.pop(delivery_id, None)

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
            if self._is_paused(call.journey_id):
                continue
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
        if not due:
            return False
        contacts = self.memory.rows.contacts
        stirred = stir_by_time(self.memory.config, {one: contacts[one].workspace for one in due})
        self._settle_members(settle_members(self.memory, stirred, now, 0), 0)
        return bool(due)

    def _is_paused(self, journey_id: int | None) -> bool:
        """By its guard: what waits stands still, for nobody resumes it here."""
        return journey_id in self.memory.guards.paused

    def _end(self, world: World, depth: int = 0) -> None:
        wake_deferred(world, self.memory.list_deferred(world, list_released(world)))
        if self.crowd is not None:
            self._note_links(world)
        self.memory.keep(world)
        if self.memory.has_guards:
            self.memory.guards.note(self.memory, world)
        if self.memory.has_bandits:
            self.memory.bandits.note(self.memory, world)
        self.watch(world)
        if self.memory.config.segments and not self.memory.is_recorded:
            self.memory.members.note(self.memory.config, world)
            stirred = stir(self.memory.config, world.effects)
            self._settle_members(settle_members(self.memory, stirred, world.now, depth), depth)

    def _note_links(self, world: World) -> None:
        for effect in world.effects:
            if isinstance(effect, fx.MintMessageLink):
                self.links.setdefault(effect.delivery_id, []).append(effect.name)

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
