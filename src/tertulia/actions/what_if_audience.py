"""Whom a journey looks for by itself, in a simulation: an audience, or customers with a date of theirs."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tertulia.actions.segment_cycle import make_place
from tertulia.core.journeys import AudienceEntry, DateEntry, SegmentEntry
from tertulia.core.journeys import Journey as Document
from tertulia.core.rounds import list_days_wanted, list_rounds
from tertulia.core.segments import Group, Listed, Node, Reachable
from tertulia.core.simulation.memory import Memory
from tertulia.core.stages import find_channel
from tertulia.core.world import BEGINNING, ChannelFacts, Config, World
from tertulia.ids import SHARDS
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
        named = [row.id for row in config.segments.values() if (row.workspace, row.key) == (workspace, entry.segment)]
        parts.append(Listed(named[0] if named else 0))
    if isinstance(entry, AudienceEntry) and entry.channel:
        parts.append(Reachable(name_family(config, workspace, entry.channel)))
    return Group("all", tuple(parts)) if parts else EVERYBODY


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
    """Customers whom a journey may look for in a while, as they are today; nobody where it does not look."""
    entry = document.entry
    if isinstance(entry, DateEntry):
        wanted = {told for day in _iter_days(document, since, until) for told in list_days_wanted(entry, day)}
        return list_dated(conn, workspace, SHARDS, entry.attribute, sorted(wanted), yearly=entry.yearly)[:limit]
    inside = isinstance(entry, SegmentEntry) and entry.already_inside
    if not inside and not isinstance(entry, AudienceEntry):
        return []
    place = make_place(config, workspace, until, None)
    return find_members(conn, find_node(config, workspace, document), place, limit)


def _iter_days(document: Document, since: datetime, until: datetime) -> Iterator[date]:
    return (found.day for found in list_rounds(document, since, until, ZoneInfo("UTC")))


def add_memberships(conn: Conn, memory: Memory, contact_ids: Iterable[int]) -> None:
    """In which segments they are today."""
    for contact_id, segment_id in load_memberships(conn, contact_ids):
        memory.members.inside.setdefault(contact_id, set()).add(segment_id)
