"""A round of a journey: the people of some shards whom it is for, each of whom may begin a run.

In the caller's transaction; what comes of it is decided like any other entry, so a refusal has its row in the ledger.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from tertulia.actions.run_facts import load_journeys_of_occasions, lock_entries_of
from tertulia.core.decide import decide_occasion
from tertulia.core.journeys import DateEntry
from tertulia.core.occasions import name_heard
from tertulia.core.round_people import is_meant, name_segment, tell_round
from tertulia.core.rounds import list_days_wanted
from tertulia.core.world import Config, JourneyFacts, World
from tertulia.ids import shard_of_contact
from tertulia.store import rounds as store
from tertulia.store import world as loader
from tertulia.store.assignments import load_assignments
from tertulia.store.db import Conn
from tertulia.store.rounds import RoundRow
from tertulia.store.runs import load_begun


def decide_round(
    conn: Conn, config: Config, row: RoundRow, shards: Sequence[int], now: datetime, serials: Iterator[int]
) -> World:
    """Everybody in these shards whom a round is for, as effects of a world; the shards are done."""
    journey = config.journeys[row.journey_id]
    world = World(now, config, serials)
    loader.load_profiles(conn, world, _list_candidates(conn, config, journey, row, shards))
    people = [
        contact
        for contact in {world.follow(contact_id): None for contact_id in list(world.contacts)}
        if (found := world.contacts.get(contact)) is not None
        and not found.erased
        and is_meant(world, journey, row.day, found)
    ]
    entries = [tell_round(world, journey, row.day, row.due_at, world.contacts[one]) for one in people]
    load_journeys_of_occasions(conn, world, [(journey.workspace, one.contact_id, now) for one in entries])
    load_begun(conn, world, [(one.contact_id, one.id) for one in entries])
    lock_entries_of(conn, world, {name_heard(journey.program.journey.entry)})
    load_assignments(conn, world)
    for one in entries:
        decide_occasion(world, one, journey.workspace)
    counts = Counter(shard_of_contact(contact_id) for contact_id in people)
    store.take_shards(conn, row.id, journey.workspace, {shard: counts[shard] for shard in shards})
    return world


def _list_candidates(
    conn: Conn, config: Config, journey: JourneyFacts, row: RoundRow, shards: Sequence[int]
) -> list[int]:
    entry = journey.program.journey.entry
    if isinstance(entry, DateEntry):
        wanted = list_days_wanted(entry, row.day)
        return store.list_dated(conn, journey.workspace, shards, entry.attribute, wanted, yearly=entry.yearly)
    key = name_segment(journey)
    if not key:
        return store.list_everybody(conn, journey.workspace, shards)
    named = [one for one in config.segments.values() if (one.workspace, one.key) == (journey.workspace, key)]
    return [member for segment in named for member in store.list_members(conn, segment.id, shards)]
