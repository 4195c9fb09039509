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
from tertulia.actions.config import load_config
from tertulia.actions.cycle_facts import find_since
from tertulia.actions.launching import find_first
from tertulia.actions.segment_cycle import make_place
from tertulia.actions.what_if_audience import add_memberships, find_named, find_node, name_family
from tertulia.actions.what_if_spent import list_spent
from tertulia.actions.what_if_told import tell_played
from tertulia.core.journeys import Journey as Document
from tertulia.core.journeys import compile_journey, walk_steps
from tertulia.core.segments import Group, Reachable
from tertulia.core.simulation.rates import DEFAULTS, set_shares
from tertulia.core.world import Config
from tertulia.data.models import Workspace
from tertulia.store.db import Conn, reading_json
from tertulia.store.segment_sql import Place, count_members, find_members
from tertulia.store.slots import load_slots

SAMPLE_MAX: Final = 1_000
PLAYED_FOR: Final = timedelta(days=2)  # the last clock on earth, and a night's quiet hours after it
PLAY_S: Final = 4.0


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
    first = find_first(document, workspace)
    at = max(first or now, now)
    since = at if first is None else at - timedelta(seconds=1)
    program = compile_journey(document)
    with reading_json(conn):
        base = load_config(conn, public_url)
        place = make_place(base, workspace.pk, now, None)
        reach = _count(conn, base, workspace.pk, document, place)
        ids = find_members(conn, find_node(base, workspace.pk, document), place, SAMPLE_MAX)
        config = what_if.put_in(base, workspace.pk, journey_id, document.name, program)
        people = what_if.load_people(conn, base, ids)
        memory = what_if.gather(config, people, since)
        memory.is_recorded = True
        add_memberships(conn, memory, memory.rows.contacts)
        load_slots(conn, memory.rows, find_since(memory.rows))
        for spent_at, micros in list_spent(conn, base, workspace.pk, journey_id, since, now):
            memory.spend(workspace.pk, spent_at, micros)
    tape = what_if.Tape(workspace.pk, (), frozenset(ids), since, at)
    until, mine = at + PLAYED_FOR, (journey_id,)
    smooth = set_shares(DEFAULTS, refused=0, silent=0)  # what a provider will say nobody knows
    played = what_if.play_tape(
        *(memory, tape, journey_id, until), rates=smooth, launched=mine, stop=lambda: elapsed() > PLAY_S
    )
    return Trial(reach, len(ids), tell_played(played, program, config, {}), played.whole)


def _count(conn: Conn, config: Config, workspace: int, document: Document, place: Place) -> Reach:
    node = find_node(config, workspace, document)
    names = dict.fromkeys(name for step in walk_steps(document.steps) for name in getattr(step, "channels", ()))
    ways = [(name, Reachable(name_family(config, workspace, name))) for name in names]
    reachable = tuple((name, count_members(conn, Group("all", (node, way)), place)) for name, way in ways)
    anywhere = Group("any", tuple(way for _, way in ways))
    first = find_named(config, workspace, next(iter(names), ""))
    return Reach(
        count_members(conn, node, place),
        reachable,
        count_members(conn, Group("all", (node, anywhere)), place) if len(ways) > 1 else sum(n for _, n in reachable),
        *(first.price_of(config.workspaces[workspace].country) if first is not None else ()),
    )
