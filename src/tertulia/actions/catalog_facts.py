"""The items of catalogs that messages show, as they are now."""

from collections.abc import Callable, Sequence

from tertulia.core.catalogs import ROUNDS, ItemKey, find_items
from tertulia.core.rows import OpenDelivery
from tertulia.core.world import World
from tertulia.store.catalogs import load_items
from tertulia.store.db import Conn


def load_item_facts(conn: Conn, world: World, deliveries: Sequence[OpenDelivery]) -> None:
    """Of a claim's messages, whose contacts and runs are loaded."""
    if world.config.catalogs:
        load_asked(conn, world, lambda: find_items(world, deliveries))


def load_asked(conn: Conn, world: World, find: Callable[[], set[ItemKey]]) -> None:
    """Into the world what `find` asks for, and again what it asks for once it has that: an item may name another."""
    sought: set[ItemKey] = set()
    for _ in range(ROUNDS):
        wanted = find() - sought
        if not wanted:
            break
        sought |= wanted
        world.items |= load_items(conn, wanted)
