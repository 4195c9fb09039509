"""What the engine does, part by part, for a journey that was cancelled or resumed (V2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tertulia.core.rows import RunRow
from tertulia.store.db import Conn
from tertulia.store.journeys import end_cancelling, end_resuming, read_resuming
from tertulia.store.runs import read_due_runs, read_runs_of_journey, shift_runs

STEERED: Final = ("cancelling", "resuming")


def read_steered(
    conn: Conn, journey_id: int, state: str, shards: Sequence[int], now: datetime, limit: int
) -> tuple[list[RunRow], str]:
    """The next runs and the act that decides them, in the caller's transaction: of a cancelled journey all are closed.
    Of a resumed one, waits have been put off by the length of the pause, or what fell due in it passes. Without a run
    left the journey is in its next state."""
    if state == "cancelling":
        runs = read_runs_of_journey(conn, journey_id, shards, limit)
        if not runs:
            end_cancelling(conn, journey_id)
        return runs, "cancel"
    seconds, passes = dict(read_resuming(conn)).get(journey_id, (0, False))
    if seconds:
        shift_runs(conn, journey_id, seconds, shards)
    runs = read_due_runs(conn, now, shards, [journey_id], limit) if passes else []
    if not runs:
        end_resuming(conn, journey_id)
    return runs, "pass over"
