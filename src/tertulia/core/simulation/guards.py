"""Guards in a simulation (V3): what became of the messages of a day, counted as decisions come, and who is paused.

An engine looks into its tables every ten seconds; here each journey with guards is looked at as soon after anything
that they count, and when something bad has left the day that they look at. Nobody resumes what is paused here.
"""

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tertulia.core import effects as fx
from tertulia.core.guards import BLOCKED_BY, EVERY, LEFT_BY, WINDOW, Counts, Fired, judge
from tertulia.core.journey import RUNNING
from tertulia.core.segments import floor_to
from tertulia.core.world import World

if TYPE_CHECKING:
    from tertulia.core.simulation.memory import Memory


@dataclass(frozen=True, slots=True)
class Pause:
    """A guard paused its journey at an instant."""

    at: datetime
    fired: Fired


@dataclass(slots=True)
class Book:
    """Of one journey, as `Counts` has it. `happened` in the order of time; `sent`: when a contact had a message last;
    `left`: of who opted out or blocked us, when the message before that was sent."""

    happened: deque[tuple[datetime, str]] = field(default_factory=deque)
    counts: Counter[str] = field(default_factory=Counter)
    sent: dict[int, datetime] = field(default_factory=dict)
    left: dict[str, dict[int, datetime]] = field(default_factory=lambda: {"opt_outs": {}, "complaints": {}})

    def add(self, what: str, at: datetime) -> None:
        """Something that a guard counts."""
        self.happened.append((at, what))
        self.counts[what] += 1

    def count(self, now: datetime) -> Counts:
        """Of the day before now; what is older is forgotten."""
        since = now - WINDOW
        while self.happened and self.happened[0][0] < since:
            self.counts[self.happened.popleft()[1]] -= 1
        people = {what: sum(at >= since for at in sent.values()) for what, sent in self.left.items()}
        return Counts(self.counts["handed_over"], self.counts["bounces"], aborts=self.counts["aborts"], **people)


@dataclass(slots=True)
class Guards:
    """By journey."""

    books: dict[int, Book] = field(default_factory=dict)
    paused: dict[int, Pause] = field(default_factory=dict)

    def note(self, memory: "Memory", world: World) -> None:
        """What a decision has brought about, while its messages are still in the working set."""
        for effect in world.effects:
            match effect:
                case fx.CloseDelivery(state="sent" | "delivered" | "read" | "failed"):
                    self._close(memory, world.closed[effect.id].journey_id, effect)
                case fx.AdvanceDelivery(state="failed"):
                    self._add(memory, world.closed[effect.id].journey_id, "bounces", effect.at)
                case fx.Decide(outcome="not_sent", gate="render"):
                    self._add(memory, effect.journey_id, "aborts", effect.at)
                case fx.RecordConsent(state="withdrawn") if effect.source in (*LEFT_BY, *BLOCKED_BY):
                    self._leave(memory, effect)
                case _:
                    pass

    def _close(self, memory: "Memory", journey_id: int | None, effect: fx.CloseDelivery) -> None:
        self._add(memory, journey_id, "handed_over", effect.at)
        if effect.state == "failed":
            self._add(memory, journey_id, "bounces", effect.at)
        elif journey_id in self.books:
            self.books[journey_id].sent[effect.contact_id] = effect.at

    def _add(self, memory: "Memory", journey_id: int | None, what: str, at: datetime) -> None:
        journey = memory.config.journeys.get(journey_id or 0)
        if journey is not None and journey.program.journey.guards is not None:
            self.books.setdefault(journey.id, Book()).add(what, at)
            memory.timers.guards.set(journey.id, floor_to(at, EVERY) + EVERY)

    def _leave(self, memory: "Memory", effect: fx.RecordConsent) -> None:
        what = "opt_outs" if effect.source in LEFT_BY else "complaints"
        for journey_id, book in self.books.items():
            if (sent := book.sent.get(effect.contact_id)) is not None:
                book.left[what][effect.contact_id] = sent
                memory.timers.guards.set(journey_id, floor_to(effect.at, EVERY) + EVERY)


def look_due(memory: "Memory", now: datetime) -> bool:
    """Judge the journeys whose time it is, and pause whose guard fires. False where it is nobody's."""
    due = memory.timers.guards.take_due(now)
    for journey_id in due:
        journey = memory.config.journeys[journey_id]
        rule, book = journey.program.journey.guards, memory.guards.books[journey_id]
        if rule is None or journey.state not in RUNNING:
            continue
        fired = judge(rule, book.count(now))
        if fired is not None:
            memory.guards.paused[journey_id] = Pause(now, fired)
            paused = replace(journey, state="paused", guard=fired.tell())
            memory.rows.config = replace(memory.config, journeys={**memory.config.journeys, journey_id: paused})
        elif book.happened and any(book.counts[what] for what in ("bounces", "aborts")):
            memory.timers.guards.set(journey_id, floor_to(book.happened[0][0] + WINDOW, EVERY) + EVERY)
    return bool(due)
