"""What falls due for the runs of journeys, of whatever kind: what it is, what decides it, and how it is put off."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tertulia.store.calls import put_off_call, read_due_calls
from tertulia.store.db import Conn
from tertulia.store.runs import put_off, put_off_exit, read_due_runs, read_exit_runs


class Due(NamedTuple):
    """Rows that are due, the act that decides them, and what makes one of them wait until later."""

    rows: Sequence[Any]
    act: str
    put_off: Callable[..., None]


def read_due_of_runs(
    conn: Conn, now: datetime, shards: Sequence[int], running: Sequence[int], limit: int, *, exits: bool
) -> list[Due]:
    """With `exits` the runs whose exit condition is to be looked at (X5), whether their journey runs or is paused; of
    the `running` journeys those whose wait is over, and calls."""
    first = [Due(read_exit_runs(conn, now, shards, limit), "exits", put_off_exit)] if exits else []
    return [
        *first,
        Due(read_due_runs(conn, now, shards, running, limit), "wake", put_off),
        Due(read_due_calls(conn, now, shards, running), "calls", put_off_call),
    ]
