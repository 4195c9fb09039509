"""A cycle's plain events, decided apart: with two queries where any other event takes a dozen."""

from collections.abc import Sequence

from tertulia.core.entries import AbsorbEntry, Entry, EraseEntry, EventEntry, MergeEntry, UnmergeEntry
from tertulia.core.events import identities_of
from tertulia.core.plain import Sorter, decide_plain
from tertulia.core.world import World
from tertulia.store.db import Conn
from tertulia.store.log_reader import LogRow
from tertulia.store.world import load_glimpses, load_identities

Read = tuple[LogRow, Entry]


def take_plain(conn: Conn, world: World, entries: Sequence[Read]) -> list[Read]:
    """Decide the plain events among a cycle's entries in `world`, which is theirs alone; the other entries."""
    events = [(row.workspace, row.shard, entry) for row, entry in entries if isinstance(entry, EventEntry)]
    if not events:
        return list(entries)
    wanted = {(workspace, identity): None for workspace, _, entry in events for identity in identities_of(entry)}
    load_identities(conn, world, wanted)
    sorter = Sorter(world)
    plain = sorter.sort(load_glimpses(conn, sorter.want(events, _list_held(entries))))
    for _, told, glimpse in plain:
        decide_plain(world, told, glimpse)
    taken = {id(told[-1]) for _, told, _ in plain}
    return [pair for pair in entries if id(pair[1]) not in taken]


def _list_held(entries: Sequence[Read]) -> set[int]:
    """The contacts that are merged, parted or erased in the cycle."""
    held = set()
    for _, entry in entries:
        if isinstance(entry, MergeEntry | AbsorbEntry):
            held |= {entry.absorbed, entry.into}
        elif isinstance(entry, UnmergeEntry):
            held.add(entry.absorbed)
        elif isinstance(entry, EraseEntry):
            held.add(entry.contact_id)
    return held
