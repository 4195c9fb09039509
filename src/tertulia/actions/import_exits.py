"""X5: what an import writes, or its undo, may make customers what a journey ends for."""

from collections.abc import Iterable
from datetime import datetime

from tertulia.actions.config import load_journeys
from tertulia.store.db import Conn
from tertulia.store.runs import look_at_exits


def look_at_exits_of(conn: Conn, workspace: int, contact_ids: Iterable[int], now: datetime) -> None:
    """Their runs are looked at by the engine, in journeys that have an exit condition."""
    journeys = [row.id for row in load_journeys(conn).values() if row.workspace == workspace and row.has_exit_condition]
    look_at_exits(conn, [(contact_id, journey) for contact_id in contact_ids for journey in journeys], now)
