"""The typical hours of a workspace's customers, by which those go of whom too little is known."""

from collections.abc import Collection
from datetime import date
from typing import Final

from tertulia.core.best_hours import HOURS, count_hours
from tertulia.core.world import Config
from tertulia.core.zones import choose_zone, load_zone
from tertulia.store.db import Conn
from tertulia.store.moments import sample_moments, set_typical

CUSTOMERS_MAX: Final = 2_000  # looked at


def keep_typical(conn: Conn, config: Config, workspaces: Collection[int], day: date) -> bool:
    """Look at the customers of these workspaces, in the caller's transaction. True where any hours are others now."""
    changed = False
    for workspace in sorted(workspaces):
        facts = config.workspaces[workspace]
        counts = [0] * HOURS
        for moments, own, region in sample_moments(conn, workspace, CUSTOMERS_MAX):
            zone = load_zone(choose_zone(own, region, "", facts.zone, config.zones).zone)
            for hour, count in count_hours(moments, zone).items():
                counts[hour] += count
        changed |= set_typical(conn, workspace, day, counts)
    return changed
