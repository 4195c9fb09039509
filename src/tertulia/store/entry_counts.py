"""R5: how many runs of a journey began, counted exactly by all owners together."""

from collections import Counter
from collections.abc import Sequence

from tertulia.core import entry_effects as ee
from tertulia.core.world import JourneyFacts, World
from tertulia.store.db import Conn, fetch_all, load, run


def lock_entries(conn: Conn, world: World, journeys: Sequence[JourneyFacts]) -> None:
    """The counts of these journeys, today's and in all, locked until the commit."""
    if not journeys:
        return
    keys = [(row, day) for row in journeys for day in (world.config.find_day(row, world.now), ee.TOTAL)]
    args = {"journeys": [row.id for row, _ in keys], "days": [day for _, day in keys]}
    run(conn, load("entry_counts")["prepare"], args | {"workspaces": [row.workspace for row, _ in keys]})
    for journey_id, day, count in fetch_all(conn, load("entry_counts")["lock"], args):
        world.entries.setdefault(journey_id, {})[day] = count


def take_entries(conn: Conn, group: Sequence[ee.TakeEntry]) -> None:
    """So many more began."""
    more = Counter((e.journey_id, day) for e in group for day in (e.day, ee.TOTAL))
    keys = sorted(more)
    args = {"journeys": [journey_id for journey_id, _ in keys], "days": [day for _, day in keys]}
    run(conn, load("entry_counts")["take"], args | {"more": [more[key] for key in keys]})
