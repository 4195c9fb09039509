"""What a bandit's ways have come to, and the weights that follow from it (A5)."""

from collections.abc import Iterable
from datetime import datetime

from tertulia.core.bandits import weigh_again
from tertulia.core.horizons import find_horizon
from tertulia.core.journey import RUNNING
from tertulia.core.world import Config, JourneyFacts
from tertulia.store import bandits as store
from tertulia.store.db import Conn
from tertulia.store.experiments import count_converted


def weigh_all(conn: Conn, config: Config, journeys: Iterable[JourneyFacts], hour: datetime) -> bool:
    """Set the weights of every bandit of these journeys from this hour on, in the caller's transaction. True where any
    are others now."""
    changed = set()
    for journey in journeys:
        within = find_horizon(journey.program)
        if within is None or journey.state not in RUNNING:
            continue
        for step in journey.program.list_bandits():
            experiment = f"{journey.id}/{step}"
            rows = count_converted(conn, journey.workspace, [experiment], journey.id, within, hour)
            told = weigh_again(journey.program, step, ((row.way, row.over, row.converted) for row in rows))
            if told is None or told.weights == config.bandits.get(experiment):
                continue
            if store.set_weights(conn, journey.id, step, hour, told.weights, told.counts):
                changed.add(journey.workspace)
    for workspace in sorted(changed):
        store.raise_epoch(conn, workspace)
    return bool(changed)
