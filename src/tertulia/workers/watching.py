"""What the engine does for guards: look every few seconds what became of the messages of journeys that have some (V3).

A look reads the messages of a day, so the more there are the rarer it is: it takes a twentieth of the time at most.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tertulia.core.guards import EVERY, judge
from tertulia.core.world import Config
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
