"""A broadcast before its launch: for how many it is, where they can be reached, and what would become of it.

The counts are exact, by the statements that count segments. What would become of it is played: a sample of the
audience enters the draft in a simulation, with today's consent, suppressions and caps, and every message passes the
gates that decide in earnest. Nothing is sent or kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tertulia.actions import what_if
from tertulia.actions.broadcasts import find_first
from tertulia.actions.config import load_config
from tertulia.actions.cycle_facts import find_since
from tertulia.actions.segment_cycle import make_place
from tertulia.actions.what_if_told import tell_played
from tertulia.core.clocks import find_zone
from tertulia.core.entries import OccasionEntry
from tertulia.core.journeys import AudienceEntry, compile_journey, walk_steps
from tertulia.core.journeys import Journey as Document
from tertulia.core.occasions import AUDIENCE_DUE, ROUND
from tertulia.core.rounds import find_begin
from tertulia.core.rows import ContactRow
from tertulia.core.segments import Group, Listed, Node, Reachable
from tertulia.core.simulation.play import Arrival
from tertulia.core.stages import find_channel
from tertulia.core.world import ChannelFacts, Config, World
from tertulia.core.zones import load_zone
from tertulia.data.models import Workspace
from tertulia.ids import derive_id
from tertulia.store.db import Conn, reading_json
from tertulia.store.segment_sql import Place, count_members, find_members
from tertulia.store.segments import load_memberships
from tertulia.store.slots import load_slots

SAMPLE_MAX: Final = 1_000
PLAYED_FOR: Final = timedelta(days=2)  # the last clock on earth, and a night's quiet hours after it
PLAY_S: Final = 4.0
EVERYBODY: Final = Group("none", (Listed(0),))  # whoever is not in a segment that does not exist


@dataclass(frozen=True, slots=True)
class Reach:
    """`count`: for how many it is, exactly, before its entry's own condition. `reachable`: how many of them have an
    address that is not known dead, by the names in `channels` of its messages; `anywhere`: on any of these.
    `price_micros` in `currency`: what one message, or one part of an SMS, costs on the first of them in the
    workspace's country."""

    count: int
    reachable: tuple[tuple[str, int], ...]
    anywhere: int
    price_micros: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What playing it came to. `sample` of `count` people were played, the newest; `told` as of a simulation;
    `whole`: False where it took too long and was stopped."""

    reach: Reach
    sample: int
    told: dict[str, Any]
    whole: bool

    @property
    def is_sample(self) -> bool:
        """Whether some were left out."""
        return self.sample < self.reach.count


def count_audience(conn: Conn, workspace: Workspace, document: Document, now: datetime, public_url: str) -> Reach:
    """For how many it is, and where they can be reached."""
    with reading_json(conn):
        config = load_config(conn, public_url)
        return _count(conn, config, workspace.pk, document, make_place(config, workspace.pk, now, None))


def list_sample(
    conn: Conn, workspace: Workspace, document: Document, now: datetime, public_url: str, limit: int
) -> list[int]:
    """The newest of its audience."""
    with reading_json(conn):
        config = load_config(conn, public_url)
        place = make_place(config, workspace.pk, now, None)
        return find_members(conn, find_node(config, workspace.pk, document), place, limit)


def try_broadcast(
    conn: Conn,
    workspace: Workspace,
    document: Document,
    now: datetime,
    *,
    journey_id: int = what_if.DRAFT,
    public_url: str,
    elapsed: Callable[[], float],
) -> Trial:
    """Play it for a sample of its audience, at its own time. `conn` is Django's; `elapsed`: seconds since somebody
    began to wait."""
    at = max(find_first(document, workspace) or now, now)
    program = compile_journey(document)
    with reading_json(conn):
        base = load_config(conn, public_url)
        place = make_place(base, workspace.pk, now, None)
        reach = _count(conn, base, workspace.pk, document, place)
        ids = find_members(conn, find_node(base, workspace.pk, document), place, SAMPLE_MAX)
        config = what_if.put_in(base, workspace.pk, journey_id, document.name, program)
        people = what_if.load_people(conn, base, ids)
        memory = what_if.gather(config, people, at)
        _add_memberships_and_slots(conn, memory.rows, memory.members.inside)
    chosen = [row for row in people.rows if row.id in set(ids)]
    arrivals = [_arrive(memory.rows, workspace.pk, journey_id, document, row, at) for row in chosen]
    tape = what_if.Tape(workspace.pk, arrivals, frozenset(ids), at, at)
    played = what_if.play_tape(*(memory, tape, journey_id, at + PLAYED_FOR), stop=lambda: elapsed() > PLAY_S)
    return Trial(reach, len(chosen), tell_played(played, program, config, {}), played.whole)


def find_node(config: Config, workspace: int, document: Document) -> Node:
    """Who a broadcast's audience is, as a segment."""
    entry = document.entry
    assert isinstance(entry, AudienceEntry)
    parts: list[Node] = []
    if entry.segment:
        named = [row.id for row in config.segments.values() if (row.workspace, row.key) == (workspace, entry.segment)]
        parts.append(Listed(named[0] if named else 0))
    if entry.channel:
        parts.append(Reachable(_name_family(config, workspace, entry.channel)))
    return Group("all", tuple(parts)) if parts else EVERYBODY


def _count(conn: Conn, config: Config, workspace: int, document: Document, place: Place) -> Reach:
    node = find_node(config, workspace, document)
    names = dict.fromkeys(name for step in walk_steps(document.steps) for name in getattr(step, "channels", ()))
    ways = [(name, Reachable(_name_family(config, workspace, name))) for name in names]
    reachable = tuple((name, count_members(conn, Group("all", (node, way)), place)) for name, way in ways)
    anywhere = Group("any", tuple(way for _, way in ways))
    first = _find_channel(config, workspace, next(iter(names), ""))
    return Reach(
        count_members(conn, node, place),
        reachable,
        count_members(conn, Group("all", (node, anywhere)), place) if len(ways) > 1 else sum(n for _, n in reachable),
        *(first.price_of(config.workspaces[workspace].country) if first is not None else ()),
    )


def _name_family(config: Config, workspace: int, name: str) -> str:
    found = _find_channel(config, workspace, name)
    return found.family if found is not None else name


def _find_channel(config: Config, workspace: int, name: str) -> ChannelFacts | None:
    return find_channel(World(what_if.NEVER, config, iter(())), workspace, name)


def _add_memberships_and_slots(conn: Conn, rows: World, inside: dict[int, set[int]]) -> None:
    """In which segments they are, and what the caps count of them already."""
    for contact_id, segment_id in load_memberships(conn, rows.contacts):
        inside.setdefault(contact_id, set()).add(segment_id)
    load_slots(conn, rows, find_since(rows))


def _arrive(
    rows: World, workspace: int, journey_id: int, document: Document, contact: ContactRow, at: datetime
) -> Arrival:
    """What the round will tell of a contact (actions/rounds.py)."""
    entry = document.entry
    assert isinstance(entry, AudienceEntry)
    day, begins_at = entry.on or at.date(), None
    if document.entry_is_local and entry.on is not None:
        begins_at = find_begin(entry, entry.on, load_zone(find_zone(rows, contact, document.zone).zone))
    properties = {"day": day.isoformat(), **({"segment": entry.segment} if entry.segment else {})}
    occasion_id = derive_id("occasion", "round", 0, contact.id)
    told = (contact.id, occasion_id, ROUND, AUDIENCE_DUE, at, properties, journey_id)
    return Arrival(at, workspace, OccasionEntry(*told, begins_at=begins_at))
