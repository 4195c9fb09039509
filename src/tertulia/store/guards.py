"""Guards of journeys: what they count, and the pause (V3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tertulia.core.guards import BLOCKED_BY, LEFT_BY, WINDOW, Canary, Counts, Fired
from tertulia.ids import day_of
from tertulia.store.db import Conn, fetch_all, fetch_one, load, read_json, run
from tertulia.store.recorded import QUEUED_FOR


def read_since(conn: Conn, journeys: Sequence[int], now: datetime) -> dict[int, datetime]:
    """Of those of these journeys that run: from when they are judged."""
    return dict(fetch_all(conn, load("guards")["since"], {"journeys": list(journeys), "since": now - WINDOW}))


def count_messages(conn: Conn, journey_id: int, since: datetime) -> Counts:
    """What became of a journey's messages since then."""
    args: dict[str, Any] = {
        "journey": journey_id,
        "since": since,
        "since_day": day_of(since),
        "day": day_of(since - QUEUED_FOR),
    }
    args |= {"left_by": list(LEFT_BY), "blocked_by": list(BLOCKED_BY)}
    row = fetch_one(conn, load("guards")["counts"], args)
    assert row is not None
    return Counts(*row)


def pause_by_guard(conn: Conn, journey_id: int, fired: Fired, now: datetime) -> bool:
    """False where somebody was first."""
    args = {"journey": journey_id, "fired": msgspec.json.encode(fired.tell()).decode(), "at": now}
    return run(conn, load("guards")["pause"], args) > 0


def read_fired(conn: Conn) -> dict[int, tuple[Mapping[str, Any], Canary | None]]:
    """Of journeys that their guards paused, which fired; and canaries."""
    rows = fetch_all(conn, load("guards")["fired"], {})
    return {journey_id: (read_json(fired), _read_canary(read_json(canary))) for journey_id, fired, canary in rows}


def _read_canary(told: Mapping[str, Any]) -> Canary | None:
    return msgspec.convert(told, Canary) if told else None
