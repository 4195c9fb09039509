"""What the engine looks at now and then: whether journeys with guards go wrong, and whether money came back (V3).

A look of guards reads the messages of a day, so the more there are the rarer it is: it takes a twentieth of the time
at most. What waits for a budget in all that is spent has no time at which to look again, so where something came back
to one, or its room is another than at the last look, some of those who wait are looked at.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from tertulia.core.budgets import LOOK_EVERY, TotalKey
from tertulia.core.guards import EVERY, judge
from tertulia.core.world import Config
from tertulia.store.allowances import list_run_out, wake_waiting
from tertulia.store.db import Conn
from tertulia.store.guards import count_messages, pause_by_guard, read_since

RARER: Final = 20  # times as long as a look took, at least


@dataclass(slots=True)
class GuardKeeper:
    """Remembers when it looked last, and how long it waits for the next look."""

    looked: datetime | None = None
    wait: timedelta = EVERY

    def watch(self, conn: Conn, config: Config, now: datetime) -> list[int]:
        """In the caller's transaction: the journeys that are paused now."""
        if self.looked is not None and now - self.looked < self.wait:
            return []
        rules = {row.id: rule for row in config.journeys.values() if (rule := row.program.journey.guards) is not None}
        self.looked, began, paused = now, time.monotonic(), []
        for journey_id, since in read_since(conn, list(rules), now).items() if rules else ():
            fired = judge(rules[journey_id], count_messages(conn, journey_id, since))
            if fired is not None and pause_by_guard(conn, journey_id, fired, now):
                paused.append(journey_id)
        self.wait = max(EVERY, timedelta(seconds=RARER * (time.monotonic() - began)))
        return paused


@dataclass(slots=True)
class TotalKeeper:
    """Remembers when it looked last, and what was taken of totals that had run out and have room."""

    looked: datetime | None = None
    known: Mapping[TotalKey, int] = field(default_factory=dict)

    def watch(self, conn: Conn, shards: Sequence[int], now: datetime, fence: Callable[[], None]) -> int:
        """In the caller's transaction, behind its fence: how many messages of these shards are looked at again."""
        if self.looked is not None and now - self.looked < LOOK_EVERY:
            return 0
        self.looked, before, self.known = now, self.known, list_run_out(conn)
        changed = [key for key, taken in self.known.items() if before.get(key) != taken]
        if not changed:
            return 0
        fence()
        return wake_waiting(conn, changed, shards, now)
