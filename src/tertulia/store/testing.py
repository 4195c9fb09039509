"""What a test clock asks: whether anything is left to do."""

from datetime import datetime

from tertulia.store.db import Conn, fetch_one, load


def count_left(conn: Conn, now: datetime) -> int:
    """How much is undecided or under way as of `now`; 0 when every shard is drained (E8)."""
    row = fetch_one(conn, load("testing")["left"], {"now": now})
    assert row is not None
    return int(row[0])
