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
from tertulia.store.db import Conn
from tertulia.store.ownership import allow_scans
from tertulia.store.segments import list_stale, list_unswept, set_swept

TURN_SHARDS: Final = 32  # are looked at in one transaction
SWEEP_SHARDS: Final = 8


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

    def find_task(self, conn: Conn, config: Config, shards: Sequence[int], now: datetime) -> Task | None:
        """The next thing to do."""
        if self.owned != frozenset(shards):
            self.owned = frozenset(shards)
            self.turns.clear()
            self.swept.clear()
        for segment in config.segments.values():
            if self.turns.get(segment.id) != segment.turn:
                stale = list_stale(conn, segment.id, segment.turn, shards, TURN_SHARDS)
                if stale:
                    return Task(segment, stale, None)
                self.turns[segment.id] = segment.turn
        hour = floor_to(now, HOUR)
        for segment in config.segments.values():
            if self.swept.get(segment.id) != hour:
                rows = list_unswept(conn, segment.id, shards, hour, SWEEP_SHARDS) if has_time(segment) else []
                if rows:
                    return Task(segment, [shard for shard, _ in rows], min(at for _, at in rows))
                self.swept[segment.id] = hour
        return None


def do_task(conn: Conn, config: Config, task: Task, now: datetime, serials: Iterator[int]) -> Batch:
    """In the caller's transaction."""
    if task.since is None:
        allow_scans(conn)
        take_turn(conn, config, task.segment, task.shards, now)
        return Batch(touched={f"segment:{task.segment.id}"})
    batch = sweep_segment(conn, config, task.segment, task.shards, task.since, now, serials)
    set_swept(conn, task.segment.id, task.shards, floor_to(now, HOUR))
    return batch
