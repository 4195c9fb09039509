"""Whom a journey looks for by itself, in a simulation: an audience, or customers with a date of theirs."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tertulia.actions.segment_cycle import make_place
from tertulia.core.journeys import AudienceEntry, DateEntry, Program, SegmentEntry
from tertulia.core.journeys import Journey as Document
from tertulia.core.rounds import list_days_wanted, list_rounds
from tertulia.core.segments import Group, Listed, Node, Reachable
from tertulia.core.simulation.arrivals import Arrival, Moved
from tertulia.core.simulation.memory import Memory
from tertulia.core.stages import find_channel
from tertulia.core.world import BEGINNING, ChannelFacts, Config, World
from tertulia.ids import SHARDS
from tertulia.store import recorded as store
from tertulia.store.db import Conn
from tertulia.store.rounds import list_dated
from tertulia.store.segment_sql import find_members
from tertulia.store.segments import load_memberships

EVERYBODY = Group("none", (Listed(0),))  # whoever is not in a segment that does not exist


def find_node(config: Config, workspace: int, document: Document) -> Node:
    """Who an audience is, as a segment."""
    entry = document.entry
    assert isinstance(entry, AudienceEntry | SegmentEntry)
    parts: list[Node] = []
    if entry.segment:
        named = list_named(config, workspace, entry.segment)
        parts.append(Listed(named[0] if named else 0))
    if isinstance(entry, AudienceEntry) and entry.channel:
        parts.append(Reachable(name_family(config, workspace, entry.channel)))
    return Group("all", tuple(parts)) if parts else EVERYBODY


def list_named(config: Config, workspace: int, key: str) -> list[int]:
    """The segment with this key, if there is one."""
    return [row.id for row in config.segments.values() if (row.workspace, row.key) == (workspace, key)]


def name_family(config: Config, workspace: int, name: str) -> str:
    """How consent and segments name a channel of this name."""
    found = find_named(config, workspace, name)
    return found.family if found is not None else name


def find_named(config: Config, workspace: int, name: str) -> ChannelFacts | None:
    """A channel by its name or kind."""
    return find_channel(World(BEGINNING, config, iter(())), workspace, name)


def list_invited(
    conn: Conn, config: Config, workspace: int, document: Document, since: datetime, until: datetime, limit: int
) -> list[int]:
    """Customers whom a journey may look for in a while, as they are today, or who were in its segment then; nobody
    where it does not look."""
    entry = document.entry
    if isinstance(entry, DateEntry):
        wanted = {told for day in _iter_days(document, since, until) for told in list_days_wanted(entry, day)}
        return list_dated(conn, workspace, SHARDS, entry.attribute, sorted(wanted), yearly=entry.yearly)[:limit]
    if not isinstance(entry, AudienceEntry) and not (isinstance(entry, SegmentEntry) and entry.already_inside):
        return []
    place = make_place(config, workspace, until, None)
    found = find_members(conn, find_node(config, workspace, document), place, limit)
    left = [store.list_left(conn, one, since, limit) for one in list_named(config, workspace, entry.segment)]
    return list(dict.fromkeys([*found, *(contact_id for ids in left for contact_id in ids)]))[:limit]


def _iter_days(document: Document, since: datetime, until: datetime) -> Iterator[date]:
    return (found.day for found in list_rounds(document, since, until, ZoneInfo("UTC")))


def list_moves(
    conn: Conn, config: Config, workspace: int, programs: Sequence[Program], contact_ids: Iterable[int], since: datetime
) -> list[Arrival]:
    """Who of these came into a segment or left it since an instant, where these journeys end for that or look for who
    is inside."""
    keys = {key for program in programs for key in program.exit_segments}
    keys |= {getattr(program.journey.entry, "segment", "") for program in programs}
    named = [id_ for key in sorted(keys) for id_ in list_named(config, workspace, key)]
    rows = store.list_moves(conn, contact_ids, named, since)
    return [Arrival(at, workspace, Moved(who, segment_id, entered)) for who, segment_id, entered, at in rows]


def take_back(memory: Memory, moves: Sequence[Arrival]) -> None:
    """Everybody is in the segments that they were in before these moves."""
    for told in reversed(moves):
        assert isinstance(told.entry, Moved)
        mine = memory.members.inside.setdefault(told.entry.contact_id, set())
        (mine.discard if told.entry.entered else mine.add)(told.entry.segment_id)


def add_memberships(conn: Conn, memory: Memory, contact_ids: Iterable[int]) -> None:
    """In which segments they are today."""
    for contact_id, segment_id in load_memberships(conn, contact_ids):
        memory.members.inside.setdefault(contact_id, set()).add(segment_id)
