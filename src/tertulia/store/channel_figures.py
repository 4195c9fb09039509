"""What the pages of channels count: delivered today, and received against processed and parked (I3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tertulia.ids import day_of
from tertulia.store.db import Conn, fetch_all, load

DELIVERY_DAYS = 3  # a delivery is filed under the day it was made on; one that arrives later is not of today's work


@dataclass(frozen=True, slots=True)
class Tally:
    """Log entries of one channel's webhooks and polls. `processed` includes `duplicates`; `parked` waits for a
    person."""

    received: int = 0
    processed: int = 0
    duplicates: int = 0
    parked: int = 0

    @property
    def waiting(self) -> int:
        """What stands in the log and is not decided yet."""
        return max(0, self.received - self.processed - self.parked)


def count_delivered(conn: Conn, workspace: int, since: datetime) -> dict[int, int]:
    """Deliveries that arrived at or after `since` (within a day of now), by channel."""
    args = {"workspace": workspace, "since": since, "day": day_of(since - timedelta(days=DELIVERY_DAYS))}
    return {row[0]: row[1] for row in fetch_all(conn, load("channel_figures")["delivered_since"], args)}


def read_tallies(conn: Conn, workspace: int) -> dict[int, Tally]:
    """The tally of every channel that was ever called."""
    rows = fetch_all(conn, load("channel_figures")["tallies"], {"workspace": workspace})
    return {row[0]: Tally(*row[1:]) for row in rows}
