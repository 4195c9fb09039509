"""Those who are in a journey that was published anew move, or begin again (V1), shard by shard."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from tertulia.actions.run_facts import load_run_facts
from tertulia.core.revisions import change_run
from tertulia.core.world import Config, World
from tertulia.ids import shard_of_contact
from tertulia.store import rounds, runs
from tertulia.store.db import Conn
from tertulia.store.goals import load_goals_of
from tertulia.store.rounds import RoundRow


def decide_change(
    conn: Conn, config: Config, row: RoundRow, shards: Sequence[int], now: datetime, serials: Iterator[int]
) -> World:
    """The runs of some shards go on by the newest revision as it was chosen, as effects of a world; the shards are
    done."""
    journey = config.journeys[row.journey_id]
    behind = runs.read_runs_behind(conn, journey.id, journey.revision, shards)
    world = World(now, config, serials)
    if behind:
        load_run_facts(conn, world, behind)
        load_goals_of(conn, world, {one.contact_id for one in behind})
        written = runs.list_written(conn, behind)
        for one in behind:
            if (run := world.runs.get(one.id)) is not None:  # an exit condition of another run may have ended it
                change_run(world, run, row.runs, written)
    counts = dict.fromkeys(shards, 0)
    for one in behind:
        counts[shard_of_contact(one.contact_id)] += 1
    rounds.take_shards(conn, row.id, journey.workspace, counts)
    return world
