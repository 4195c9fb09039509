"""What decisions take of totals that all contacts share (R5): what does may depend on who came first."""

from tertulia.core.rows import OpenDelivery, RunRow
from tertulia.core.world import Config


def shares_totals(config: Config, delivery: OpenDelivery) -> bool:
    """Whether a message's claim takes of a budget, a throttle or a pool of coupons."""
    if config.workspaces[delivery.workspace].budget is not None:
        return True
    match = config.matches.get(delivery.match_id or 0)
    if match is not None and match.budget_micros is not None:
        return True
    journey = config.journeys.get(delivery.journey_id or 0)
    if journey is None:
        return False
    document = journey.program.journey
    return document.budget is not None or document.throttle is not None or journey.id in config.giving


def shares_entries(config: Config, run: RunRow) -> bool:
    """Whether what a run does may begin another whose journey admits only so many."""
    return run.workspace in config.limited
