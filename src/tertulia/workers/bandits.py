"""What the engine does for bandits: look once in every hour of the decision clock what their ways have come to (A5)."""

from dataclasses import dataclass
from datetime import datetime

from tertulia.actions.bandits import weigh_all
from tertulia.core.bandits import EVERY
from tertulia.core.segments import floor_to
from tertulia.core.world import Config
from tertulia.store.db import Conn


@dataclass(slots=True)
class BanditKeeper:
    """Remembers the hour for which it was looked last."""

    weighed: datetime | None = None

    def weigh(self, conn: Conn, config: Config, now: datetime) -> bool:
        """In the caller's transaction. True where weights are others now, which the next cycle decides with."""
        hour = floor_to(now, EVERY)
        if self.weighed == hour:
            return False
        self.weighed = hour
        return weigh_all(conn, config, config.journeys.values(), hour)
