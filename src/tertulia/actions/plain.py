"""A cycle's plain events, decided apart: with one query where any other event takes a dozen."""

from collections.abc import Iterable, Sequence

from tertulia.core.entries import AbsorbEntry, Entry, EraseEntry, EventEntry, MergeEntry, UnmergeEntry
from tertulia.core.events import identities_of
from tertulia.core.identity import IdentityRef
from tertulia.core.plain import Sorter, Told, decide_plain
from tertulia.core.world import World
from tertulia.store.db import Conn
from tertulia.store.log_reader import LogRow
from tertulia.store.world import load_glimpses, load_identities

Read = tuple[LogRow, Entry]


def take_plain(conn: Conn, world: World, apart: World, entries: Sequence[Read]) -> list[Read]:
    """Decide the plain events among a cycle's entries in the world `apart`, which is theirs alone; the other entries,
    whose identities are loaded into `world`."""
    events: list[Told] = [
        (row.workspace, row.shard, row.contact_id, entry) for row, entry in entries if isinstance(entry, EventEntry)
    ]
    if not events:
        return list(entries)
    sorter = Sorter(apart, events)
    confirmed = load_glimpses(conn, list(sorter.claims))
    stale = [told for claim, each in sorter.claims.items() if claim not in confirmed for _, told in each]
    held = _list_held(entries) | _find_contacts(conn, world, (*sorter.unclear, *stale))
    plain = sorter.sort(confirmed, held)
    decide_plain(apart, plain)
    taken = {id(told[3]) for _, told, _ in plain}
    return [pair for pair in entries if id(pair[1]) not in taken]


def _find_contacts(conn: Conn, world: World, events: Iterable[Told]) -> set[int]:
    """The contacts whom these events may concern: whose the edge found them, and whose their identities are now."""
    found: set[int | None] = set()
    wanted: dict[tuple[int, IdentityRef], None] = {}
    for workspace, _, contact_id, entry in events:
        wanted |= {(workspace, identity): None for identity in identities_of(entry)}
        found |= {contact_id, entry.contact_id}
    load_identities(conn, world, wanted)
    found |= {row.contact_id for key in wanted if (row := world.identities.get(key)) is not None}
    return {contact_id for contact_id in found if contact_id is not None}


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
