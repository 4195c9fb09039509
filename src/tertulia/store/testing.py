"""What a test clock asks: whether anything is left to do."""

from collections.abc import Sequence
from datetime import datetime

from tertulia.core.segments import HOUR, floor_to
from tertulia.ids import SHARDS
from tertulia.store.db import Conn, fetch_one, load


def count_left(conn: Conn, now: datetime, timed: Sequence[int]) -> int:
    """How much is undecided or under way as of `now`; 0 when every shard is drained (E8). `timed`: segments that time
    alone changes."""
    args = {"now": now, "shards": len(SHARDS), "timed": list(timed), "hour": floor_to(now, HOUR)}
    row = fetch_one(conn, load("testing")["left"], args)
    assert row is not None
    return int(row[0])
