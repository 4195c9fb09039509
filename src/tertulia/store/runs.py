"""Loads runs of journeys and what entries ask for: a fixed number of queries a cycle."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from tertulia.core.families import take_passage
from tertulia.core.rows import PassageRow, Recalled, RunRow
from tertulia.core.world import World
from tertulia.ids import day_of, shard_of_contact
from tertulia.store.db import Conn, fetch_all, load, run

RECALLED_MAX: Final = 200  # of one contact


def load_runs_of(conn: Conn, world: World, wanted: Collection[int]) -> None:
    """The live runs of these contacts."""
    if wanted:
        args = {"shards": [shard_of_contact(contact_id) for contact_id in wanted], "ids": list(wanted)}
        _take(world, [RunRow(*row) for row in fetch_all(conn, load("runs")["runs_of"], args)])


def load_runs(conn: Conn, world: World, wanted: Mapping[UUID, int]) -> None:
    """Live runs by id, each with its contact."""
    if wanted:
        args = {"shards": [shard_of_contact(id_) for id_ in wanted.values()], "ids": list(wanted)}
        _take(world, [RunRow(*row) for row in fetch_all(conn, load("runs")["runs_by_id"], args)])


def _take(world: World, runs: Sequence[RunRow]) -> None:
    for row in runs:
        if row.id not in world.runs:
            world.runs[row.id] = row
            world.runs_of.setdefault(row.contact_id, []).append(row.id)


def read_due_runs(
    conn: Conn, now: datetime, shards: Sequence[int], journeys: Sequence[int], limit: int
) -> list[RunRow]:
    """Runs whose wait is over, of journeys that run."""
    args = {"now": now, "shards": list(shards), "journeys": list(journeys), "limit": limit}
    return [RunRow(*row) for row in fetch_all(conn, load("runs")["due_runs"], args)]


def read_exit_runs(conn: Conn, now: datetime, shards: Sequence[int], limit: int) -> list[RunRow]:
    """Runs whose exit condition is to be looked at (X5)."""
    args = {"now": now, "shards": list(shards), "limit": limit}
    return [RunRow(*row) for row in fetch_all(conn, load("runs")["exit_runs"], args)]


def read_runs_of_journey(conn: Conn, journey_id: int, shards: Sequence[int], limit: int) -> list[RunRow]:
    """Some of a journey's live runs."""
    args = {"journey": journey_id, "shards": list(shards), "limit": limit}
    return [RunRow(*row) for row in fetch_all(conn, load("runs")["runs_of_journey"], args)]


def read_runs_behind(conn: Conn, journey_id: int, revision: int, shards: Sequence[int]) -> list[RunRow]:
    """The runs of some shards that are in older revisions of a journey (V1)."""
    args = {"journey": journey_id, "revision": revision, "shards": list(shards)}
    return [RunRow(*row) for row in fetch_all(conn, load("runs")["runs_behind"], args)]


def list_written(conn: Conn, runs: Sequence[RunRow]) -> set[UUID]:
    """Those of these runs that have sent something, or may have, or would have to who is held out."""
    args = {
        "shards": [shard_of_contact(row.contact_id) for row in runs],
        "contacts": [row.contact_id for row in runs],
        "ids": [row.id for row in runs],
        "days": [day_of(row.started_at) for row in runs],
    }
    return {row[0] for row in fetch_all(conn, load("runs")["written"], args)} if runs else set()


class Inside(NamedTuple):
    """How many live runs are at a step of a revision; `written`: they have sent something."""

    revision: int
    step: str
    written: bool
    people: int


def count_inside(conn: Conn, journey_id: int) -> list[Inside]:
    """Everybody who is in a journey."""
    return [Inside(*row) for row in fetch_all(conn, load("runs")["inside"], {"journey": journey_id})]


def put_off(conn: Conn, row: RunRow, until: datetime) -> None:
    """A run that could not be decided waits on."""
    run(conn, load("runs")["put_off"], {"shard": shard_of_contact(row.contact_id), "id": row.id, "until": until})


def look_at_exits(conn: Conn, wanted: Collection[tuple[int, int]], now: datetime) -> None:
    """The exit condition of these runs, of (contact, journey), is to be looked at."""
    if wanted:
        args = {"now": now, "contacts": [one for one, _ in wanted], "journeys": [journey for _, journey in wanted]}
        run(conn, load("runs")["look_at_exits"], args | {"shards": [shard_of_contact(one) for one, _ in wanted]})


def put_off_exit(conn: Conn, row: RunRow, until: datetime) -> None:
    """A run whose exit condition could not be judged waits on."""
    args = {"shard": shard_of_contact(row.contact_id), "id": row.id, "until": until}
    run(conn, load("runs")["put_off_exit"], args)


def shift_runs(conn: Conn, journey_id: int, seconds: int, shards: Sequence[int]) -> int:
    """Every waiting run of a journey is due so much later (V2); how many."""
    return run(conn, load("runs")["shift_runs"], {"journey": journey_id, "seconds": seconds, "shards": list(shards)})


def load_passages(conn: Conn, world: World, wanted: Collection[tuple[int, int]]) -> None:
    """When contacts were in journeys before: of (contact, journey). What a merged one was counts for whom it became."""
    if not wanted:
        return
    keys = list(wanted)
    args = {
        "shards": [shard_of_contact(contact_id) for contact_id, _ in keys],
        "ids": [contact_id for contact_id, _ in keys],
        "journeys": [journey_id for _, journey_id in keys],
    }
    for row in fetch_all(conn, load("runs")["passages"], args):
        take_passage(world, PassageRow(*row))


def load_recalled(conn: Conn, world: World, wanted: Mapping[int, datetime], names: Collection[str]) -> None:
    """What contacts did since an instant, of these names (E5, X3)."""
    if not wanted or not names:
        return
    args = {
        "shards": [shard_of_contact(contact_id) for contact_id in wanted],
        "ids": list(wanted),
        "since": list(wanted.values()),
        "names": list(names),
        "limit": RECALLED_MAX,
    }
    for contact_id, *rest in fetch_all(conn, load("runs")["recalled"], args):
        world.recalled.setdefault(world.follow(contact_id), []).append(Recalled(*rest))


def load_begun(conn: Conn, world: World, wanted: Collection[tuple[int, UUID]]) -> None:
    """Which occasions, of (contact, id), have begun a run that is over or lives."""
    if wanted:
        args = {
            "shards": [shard_of_contact(contact_id) for contact_id, _ in wanted],
            "contacts": [contact_id for contact_id, _ in wanted],
            "ids": [str(id_) for _, id_ in wanted],
        }
        world.begun |= {row[0] for row in fetch_all(conn, load("runs")["begun"], args)}
