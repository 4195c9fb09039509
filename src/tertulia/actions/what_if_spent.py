"""What others really spent: with that a workspace's budget begins where history is played, and goes on (V3)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tertulia.core.budgets import list_keys, name_period
from tertulia.core.simulation.arrivals import Arrival, Spent
from tertulia.core.spending import count_as, find_own_pot
from tertulia.core.wall_clock import day_bounds, month_bounds
from tertulia.core.world import Config
from tertulia.core.zones import load_zone
from tertulia.store import recorded as store
from tertulia.store.db import Conn


def list_spent(
    conn: Conn, config: Config, workspace: int, journey_id: int, since: datetime, until: datetime
) -> list[tuple[datetime, int]]:
    """What messages cost that are not this journey's, minute by minute, in millionths of the workspace's currency, from
    the beginning of the day or month in which `since` lies; nothing where the workspace has no budget for either. At
    the prices that the history has: one that a provider stated later takes the place of the one that was reserved."""
    facts = config.workspaces[workspace]
    pot = find_own_pot(facts)
    if pot is None or not pot.budget.totals:
        return []
    bounds = month_bounds if pot.budget.month is not None else day_bounds
    rows = store.list_spent(conn, workspace, journey_id, bounds(since, load_zone(pot.zone)).begin, until)
    return [(at, count_as(facts, micros, currency)) for at, currency, micros in rows]


def tell_spent(config: Config, workspace: int, since: datetime, arrivals: Iterable[Arrival]) -> list[dict[str, Any]]:
    """Of each limit of the workspace's budget what was spent of it at an instant, and the limit, in millionths."""
    pot = find_own_pot(config.workspaces[workspace])
    if pot is None:
        return []
    before = [(told.at, told.entry.micros) for told in arrivals if isinstance(told.entry, Spent) and told.at < since]
    return [
        {
            "per": per,
            "spent_micros": sum(n for at, n in before if name_period(per, at, pot.zone) == key.period),
            "limit_micros": limit,
        }
        for key, per, limit in list_keys(workspace, pot, since)
    ]
