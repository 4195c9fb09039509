"""What the engine does for segments between its cycles, shard by shard: look who belongs when a segment has a new turn,
and at each turn of an hour look for those whose belonging time alone has changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from tertulia.actions.cycle import Batch, sweep_segment
from tertulia.actions.segment_cycle import has_time, take_turn
from tertulia.core.segments import HOUR, SegmentFacts, floor_to
from tertulia.core.world import Config
from tertulia.ids import SHARDS
from tertulia.store.db import Conn
from tertulia.store.ownership import allow_scans
from tertulia.store.segments import list_stale, list_unswept, set_swept

SHARDS_FIRST: Final = 32  # are looked at in one transaction, then as many as hold about so many people
PEOPLE_PER_TURN: Final = 20_000  # who come or go
PEOPLE_PER_SWEEP: Final = 1_000  # who are looked at


@dataclass(frozen=True, slots=True)
class Task:
    """Some shards of a segment. `since`: up to when those who leave with time were looked for; None for a new turn."""

    segment: SegmentFacts
    shards: Sequence[int]
    since: datetime | None


@dataclass(slots=True)
class SegmentKeeper:
    """Remembers what is done, so that a round without work asks nothing: by segment the turn that every owned shard
    has, and the hour up to which every one was swept."""

    owned: frozenset[int] = frozenset()
    turns: dict[int, int] = field(default_factory=dict)
    swept: dict[int, datetime] = field(default_factory=dict)
    turn_shards: int = SHARDS_FIRST
    sweep_shards: int = SHARDS_FIRST

    def find_task(self, conn: Conn, config: Config, shards: Sequence[int], now: datetime) -> Task | None:
        """The next thing to do."""
        if self.owned != frozenset(shards):
            self.owned = frozenset(shards)
            self.turns.clear()
            self.swept.clear()
        for segment in config.segments.values():
            if self.turns.get(segment.id) != segment.turn:
                stale = list_stale(conn, segment.id, segment.turn, shards, self.turn_shards)
                if stale:
                    return Task(segment, stale, None)
                self.turns[segment.id] = segment.turn
        hour = floor_to(now, HOUR)
        for segment in config.segments.values():
            if self.swept.get(segment.id) != hour:
                rows = list_unswept(conn, segment.id, shards, hour, self.sweep_shards) if has_time(segment) else []
                if rows:
                    return Task(segment, [shard for shard, _ in rows], min(at for _, at in rows))
                self.swept[segment.id] = hour
        return None

    def do_task(self, conn: Conn, config: Config, task: Task, now: datetime, serials: Iterator[int]) -> Batch:
        """In the caller's transaction."""
        if task.since is None:
            allow_scans(conn)
            moved = take_turn(conn, config, task.segment, task.shards, now)
            self.turn_shards = _adapt(self.turn_shards, moved, PEOPLE_PER_TURN)
            return Batch(touched={f"segment:{task.segment.id}"})
        batch, seen = sweep_segment(conn, config, task.segment, task.shards, task.since, now, serials)
        self.sweep_shards = _adapt(self.sweep_shards, seen, PEOPLE_PER_SWEEP)
        set_swept(conn, task.segment.id, task.shards, floor_to(now, HOUR))
        return batch


def _adapt(shards: int, people: int, most: int) -> int:
    return max(min(shards * 2 * most // (most + people), len(SHARDS)), 1)
