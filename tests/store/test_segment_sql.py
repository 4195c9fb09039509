"""Two roads, one truth: the database counts whom the core lets in."""

import random
from dataclasses import replace

import psycopg
import pytest
import segment_world as people

from tertulia.core.segments import compile_segment, matches
from tertulia.core.world import Config
from tertulia.ids import SHARDS, shard_of_contact
from tertulia.store.segment_sql import Place, count_members, find_members

PLACE = Place(people.WORKSPACE, people.NOW, {}, {}, frozenset({"import:7"}))


@pytest.mark.parametrize("seed", range(6))
def test_the_database_finds_whom_the_core_lets_in(conn: psycopg.Connection, seed: int) -> None:
    """Whatever is compared, counted, added up, agreed to, merged or drawn."""
    ids = people.fill(conn, seed)
    config = Config(workspaces={}, channels={}, matches={}, undone=frozenset({"import:7"}))
    world = people.load_people(conn, config, ids)
    living = [row.id for row in world.contacts.values() if row.merged_into is None and not row.erased]
    chance = random.Random(seed)
    for made in (people.make_condition,) * 6 + (people.make_needed,) * 2:
        condition = made(chance)
        node = compile_segment("s", {"s": (1, people.read(condition))})
        tallies = people.recount(conn, world, node)
        expected = {one for one in living if matches(node, people.gather(world, tallies, one), people.NOW)}
        assert set(find_members(conn, node, PLACE)) == expected, condition
        assert count_members(conn, node, PLACE) == len(expected)
        some = replace(PLACE, shards=chance.sample(SHARDS, 100))
        there = {one for one in expected if shard_of_contact(one) in some.shards}
        assert set(find_members(conn, node, some)) == there, condition
