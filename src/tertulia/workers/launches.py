"""What the engine does for a launching match between its cycles: freeze its audience, shard by shard, and queue the
first way of reaching each of its people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tertulia.actions.cycle import queue_audience
from tertulia.core.world import Config
from tertulia.ids import SHARDS
from tertulia.store import ownership
from tertulia.store.db import Conn

SHARDS_FIRST: Final = 4
ROWS: Final = 10_000  # about so many contacts are frozen in one transaction


@dataclass(slots=True)
class LaunchKeeper:
    """Remembers how many shards are frozen at once."""

    shards: int = SHARDS_FIRST

    def go_on(self, conn: Conn, config: Config, launch: ownership.Launch, now: datetime) -> bool:
        """Freeze the next part, in the caller's transaction. True when all of it was frozen before, and the match is
        live."""
        if launch.frozen_to == len(SHARDS):
            ownership.set_live(conn, launch.match_id)
            return True
        done = min(launch.frozen_to + self.shards, len(SHARDS))
        ownership.allow_scans(conn)
        members = ownership.freeze_audience(conn, launch, SHARDS[launch.frozen_to : done])
        self.shards = max(self.shards * 2 * ROWS // (ROWS + len(members)), 1)
        queue_audience(conn, config, launch.match_id, members, now)
        ownership.set_frozen(conn, launch.match_id, done)
        return False
