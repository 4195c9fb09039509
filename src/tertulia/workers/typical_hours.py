"""What the engine does for best hours: look once in every day of the decision clock which are typical."""

from dataclasses import dataclass, field
from datetime import date, datetime

from tertulia.actions.typical_hours import keep_typical
from tertulia.core.journey import RUNNING
from tertulia.core.world import Config
from tertulia.ids import day_of
from tertulia.store.db import Conn


@dataclass(slots=True)
class TypicalKeeper:
    """Remembers for which day it looked last at whose customers."""

    looked: dict[int, date] = field(default_factory=dict)

    def keep(self, conn: Conn, config: Config, now: datetime) -> bool:
        """In the caller's transaction. True where hours are others now, which the next cycle decides with."""
        running = [journey for journey in config.journeys.values() if journey.state in RUNNING]
        asked = {row.workspace for row in running if any(told.has_best_hours for told in row.programs.values())}
        day = day_of(now)
        due = {workspace for workspace in asked if self.looked.get(workspace) != day}
        self.looked |= dict.fromkeys(due, day)
        return bool(due) and keep_typical(conn, config, due, day)
