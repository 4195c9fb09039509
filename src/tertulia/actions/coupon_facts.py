"""The facts that coupons need of a claim: what the customers have already, and free codes of the pools (S5)."""

from collections import Counter
from collections.abc import Sequence

from tertulia.core.coupons import list_pools
from tertulia.core.rows import OpenDelivery
from tertulia.core.send_rules import find_run
from tertulia.core.wordings import find_wording
from tertulia.core.world import World
from tertulia.store.coupons import load_coupons
from tertulia.store.db import Conn


def load_coupon_facts(conn: Conn, world: World, deliveries: Sequence[OpenDelivery]) -> None:
    """Of deliveries whose contacts and runs are loaded. A code for each, though some may have theirs: what is left of
    them is free again."""
    wanted: Counter[int] = Counter()
    roots = set()
    for delivery in deliveries:
        if delivery.journey_id in world.config.giving:
            wording = find_wording(world, delivery, world.contacts[delivery.contact_id])
            if pools := list_pools(world, find_run(world, delivery), wording):
                wanted.update(pools)
                roots.add(world.follow(delivery.contact_id))
    if wanted:
        family = [contact_id for contact_id in world.contacts if world.follow(contact_id) in roots]
        shared = {pool.id for pool in world.config.pools.values() if pool.code}
        load_coupons(conn, world, family, {pool: wanted[pool] for pool in sorted(wanted) if pool not in shared})
