"""Rounds of journeys: made, looked through shard by shard, and ended."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tertulia.ids import SHARDS
from tertulia.store.db import Conn, fetch_all, load, run


@dataclass(frozen=True, slots=True)
class RoundRow:
    """One that is running. `runs`: empty, or what becomes of those who are in the journey: move, restart; `revision`:
    the journey's newest."""

    id: int
    journey_id: int
    day: date
    due_at: datetime
    runs: str
    revision: int


def open_rounds(conn: Conn, rows: Sequence[tuple[int, date, datetime, str]]) -> int:
    """Journey, local day, when it is due, and its state; the same again makes nothing. How many were made."""
    if not rows:
        return 0
    journeys, days, dues, states = (list(column) for column in zip(*rows, strict=True))
    args = {"journeys": journeys, "days": days, "dues": dues, "states": states}
    return run(conn, load("rounds")["open"], args)


def read_running(conn: Conn, now: datetime) -> list[RoundRow]:
    """Those whose people are being looked for."""
    return [RoundRow(*row) for row in fetch_all(conn, load("rounds")["running"], {"now": now})]


def list_left(conn: Conn, round_id: int, shards: Collection[int], limit: int) -> list[int]:
    """Shards that are not looked through yet."""
    args = {"round_id": round_id, "shards": list(shards), "limit": limit}
    return [row[0] for row in fetch_all(conn, load("rounds")["left"], args)]


def take_shards(conn: Conn, round_id: int, workspace: int, entered: Mapping[int, int]) -> None:
    """These are done; `entered`: how many of each came to an entry."""
    args = {"round_id": round_id, "workspace": workspace}
    run(conn, load("rounds")["take"], args | {"shards": list(entered), "entered": list(entered.values())})


def end_round(conn: Conn, round_id: int) -> bool:
    """Whether every shard was done, so that it is over."""
    return run(conn, load("rounds")["end"], {"round_id": round_id, "shards": len(SHARDS)}) == 1


def list_everybody(conn: Conn, workspace: int, shards: Collection[int]) -> list[int]:
    """All contacts of some shards."""
    args = {"workspace": workspace, "shards": list(shards)}
    return [row[0] for row in fetch_all(conn, load("rounds")["everybody"], args)]


def list_members(conn: Conn, segment_id: int, shards: Collection[int]) -> list[int]:
    """The members of a segment in some shards."""
    args = {"segment_id": segment_id, "shards": list(shards)}
    return [row[0] for row in fetch_all(conn, load("rounds")["members"], args)]


def list_dated(
    conn: Conn, workspace: int, shards: Collection[int], attribute: str, wanted: Sequence[str], *, yearly: bool
) -> list[int]:
    """Whose attribute may hold one of these dates."""
    args = {"workspace": workspace, "shards": list(shards), "attribute": attribute, "wanted": list(wanted)}
    return [row[0] for row in fetch_all(conn, load("rounds")["dated"], args | {"yearly": yearly})]
