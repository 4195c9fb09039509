"""The shared totals that a claim needs (R5): as much of each as its messages may cost at most, and throttles."""

from collections.abc import Sequence

from tertulia.core.budgets import TotalKey, list_keys
from tertulia.core.rows import OpenDelivery
from tertulia.core.spending import RESERVED, estimate_cost, find_pots, is_exempt
from tertulia.core.throttles import find_rule
from tertulia.core.world import World
from tertulia.store.allowances import load_lines, take_parts
from tertulia.store.db import Conn


def take_rooms(conn: Conn, world: World, deliveries: Sequence[OpenDelivery]) -> None:
    """Of deliveries whose contacts are loaded. Nothing where none is under a budget."""
    wanted: dict[TotalKey, tuple[int, int]] = {}
    for delivery in deliveries:
        if not is_exempt(delivery) and RESERVED not in delivery.content:
            for pot in find_pots(world, delivery):
                for key, _, limit in list_keys(delivery.workspace, pot, world.now):
                    need = wanted[key][1] if key in wanted else 0
                    wanted[key] = limit, need + estimate_cost(world, delivery)
    throttled = {row.journey_id: row.workspace for row in deliveries if find_rule(world, row) is not None}
    if throttled:
        load_lines(conn, world, {id_: workspace for id_, workspace in throttled.items() if id_ is not None})
    if wanted:
        for key, (left, contested) in take_parts(conn, world.owner, wanted).items():
            world.rooms[key] = left
            if contested:
                world.contested.add(key)
