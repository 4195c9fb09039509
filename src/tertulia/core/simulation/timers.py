"""What is due when on the virtual clock."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date, datetime
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar
from uuid import UUID

Key = TypeVar("Key", bound=Hashable)


class Queue(Generic[Key]):
    """Keys with the instant at which each is due, which may change; of one instant the one that was set first."""

    def __init__(self) -> None:
        self._due: dict[Key, tuple[datetime, int]] = {}
        self._heap: list[tuple[datetime, int, Key]] = []
        self._serials = count()

    def set(self, key: Key, at: datetime | None) -> None:
        """Due then; None: not at all."""
        if at is None:
            self._due.pop(key, None)
            return
        serial = next(self._serials)
        self._due[key] = (at, serial)
        heappush(self._heap, (at, serial, key))

    def find_next(self) -> datetime | None:
        """When the next is due."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][:2]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def find(self, key: Key) -> datetime | None:
        """When a key is due."""
        found = self._due.get(key)
        return found[0] if found is not None else None

    def take_due(self, now: datetime) -> list[Key]:
        """What is due by then, taken out."""
        taken = []
        while (at := self.find_next()) is not None and at <= now:
            key = heappop(self._heap)[2]
            del self._due[key]
            taken.append(key)
        return taken

    def __len__(self) -> int:
        return len(self._due)


@dataclass(slots=True)
class Timers:
    """Messages and calls to be claimed by their id, sessions that may end by their contact, runs to be woken, those
    whose exit condition is looked at, and those whose question is answered, by their id, contacts whom time may move
    into a segment or out of it, bandits by their experiment, journeys whose guards look, rounds by journey and day,
    messages that may have been ignored by then, by their contact, theirs and the journey's that waits for it, and what
    customers do, by a serial number."""

    claims: Queue[UUID] = field(default_factory=Queue)
    sessions: Queue[int] = field(default_factory=Queue)
    runs: Queue[UUID] = field(default_factory=Queue)
    exits: Queue[UUID] = field(default_factory=Queue)
    replies: Queue[UUID] = field(default_factory=Queue)
    calls: Queue[UUID] = field(default_factory=Queue)
    segments: Queue[int] = field(default_factory=Queue)
    bandits: Queue[str] = field(default_factory=Queue)
    guards: Queue[int] = field(default_factory=Queue)
    totals: Queue[int] = field(default_factory=Queue)
    rounds: Queue[tuple[int, date]] = field(default_factory=Queue)
    watches: Queue[tuple[int, UUID, int]] = field(default_factory=Queue)
    acts: Queue[int] = field(default_factory=Queue)

    def find_next(self) -> datetime | None:
        """When anything is due next."""
        queues = (self.claims, self.sessions, self.runs, self.exits, self.replies, self.calls, self.segments)
        others = (self.bandits, self.guards, self.totals, self.rounds, self.watches, self.acts)
        found = [at for queue in (*queues, *others) if (at := queue.find_next()) is not None]
        return min(found, default=None)
