"""What the engine does for journeys that look for people by themselves: make a round when one is due, and look through
the shards, a few in a transaction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tertulia.actions.cycle import Batch, take_round
from tertulia.core.rounds import LOOK_BACK, has_rounds, is_too_late, list_rounds
from tertulia.core.world import Config, JourneyFacts
from tertulia.core.zones import load_zone
from tertulia.store.db import Conn
from tertulia.store.ownership import allow_scans
from tertulia.store.rounds import RoundRow, end_round, list_left, open_rounds, read_running
from tertulia.store.segments import list_stale

CHECK_EVERY: Final = timedelta(seconds=15)  # of the decision clock; a round is due to the minute
PEOPLE_PER_TASK: Final = 1_000
SHARDS_FIRST: Final = 8


@dataclass(slots=True)
class RoundKeeper:
    """Remembers when rounds were last looked for, and how many shards hold about `PEOPLE_PER_TASK` people."""

    checked: datetime | None = None
    shards: int = SHARDS_FIRST

    def find_task(
        self, conn: Conn, config: Config, owned: Sequence[int], now: datetime
    ) -> tuple[RoundRow, list[int]] | None:
        """Make what is due, in the caller's transaction; a round and the shards of it that come next. A round whose
        shards are all done is ended, with no shards. One for a segment waits until it is known who belongs, and any for
        a configuration that knows the journey's newest revision: by an older one nobody would move to it."""
        if self.checked is None or not self.checked <= now < self.checked + CHECK_EVERY:
            self.checked = now
            _open(conn, config, now)
        for row in read_running(conn, now):
            journey = config.journeys.get(row.journey_id)
            if journey is None or journey.revision < row.revision:
                continue
            if not row.runs and (_is_waiting(journey) or _is_being_counted(conn, config, journey, owned)):
                continue
            left = list_left(conn, row.id, owned, self.shards)
            if left or end_round(conn, row.id):
                return row, left
        return None

    def do_task(
        self, conn: Conn, config: Config, row: RoundRow, shards: Sequence[int], now: datetime, serials: Iterator[int]
    ) -> Batch:
        """Look through some shards, in the caller's transaction."""
        allow_scans(conn)
        batch, people = take_round(conn, config, row, shards, now, serials)
        self.shards = max(self.shards * 2 * PEOPLE_PER_TASK // (PEOPLE_PER_TASK + people), 1)
        return batch


def _is_waiting(journey: JourneyFacts) -> bool:
    """V2: a broadcast that is paused while its people are looked for goes on with the others when it is resumed."""
    return journey.program.journey.is_broadcast and journey.state in ("paused", "resuming")


def _is_being_counted(conn: Conn, config: Config, journey: JourneyFacts, owned: Sequence[int]) -> bool:
    key = getattr(journey.program.journey.entry, "segment", "")
    named = [one for one in config.segments.values() if (one.workspace, one.key) == (journey.workspace, key)]
    return any(list_stale(conn, segment.id, segment.turn, owned, 1) for segment in named)


def _open(conn: Conn, config: Config, now: datetime) -> None:
    rows = []
    for journey in config.journeys.values():
        document = journey.program.journey
        if journey.state != "live" or not has_rounds(document.entry):
            continue
        zone = load_zone(document.zone or config.workspaces[journey.workspace].zone)
        since = max(journey.since, now - LOOK_BACK)
        for found in list_rounds(document, since, now, zone):
            state = "skipped" if is_too_late(document, found.due_at, now) else "running"
            rows.append((journey.id, found.day, found.due_at, state))
    open_rounds(conn, rows)
