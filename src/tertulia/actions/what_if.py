"""What if a draft had been live: recorded events of real contacts, played through it on a virtual clock.

The journeys beside it are the published ones. Contacts are as they are today, with today's addresses, consent and
attributes, and nobody is inside a journey when it begins. What the customers did is what they did: history does not
answer to messages that were never sent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from tertulia.actions.config import index_journeys
from tertulia.core.came import subject_of
from tertulia.core.consent import Suppression
from tertulia.core.coupons import SAMPLE_CODE
from tertulia.core.entries import EventEntry
from tertulia.core.events import USER, identities_of
from tertulia.core.identity import IdentityRef
from tertulia.core.journeys import Program
from tertulia.core.rows import ContactRow
from tertulia.core.sessions import ENDED, STARTED
from tertulia.core.simulation.memory import Memory, make_memory
from tertulia.core.simulation.people import make_listed
from tertulia.core.simulation.play import ANSWERED, Arrival, Player, accept_most
from tertulia.core.simulation.report import Report
from tertulia.core.world import Config, JourneyFacts, World
from tertulia.store import world as loader
from tertulia.store.db import Conn
from tertulia.store.directory import list_external_ids
from tertulia.store.events import Arrived, list_arrived
from tertulia.store.moments import read_moments

NEVER: Final = datetime.min.replace(tzinfo=UTC)
DRAFT: Final = 0  # the number of a journey that the installation does not have


@dataclass(frozen=True, slots=True)
class Tape:
    """What is played: events by their arrival, from `since` on, and whose. `cut`: empty, or which limit left out the
    earlier of them: events, contacts."""

    workspace: int
    arrivals: Sequence[Arrival]
    contact_ids: frozenset[int]
    since: datetime
    until: datetime
    cut: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """Contacts as they are stored, what stands against addresses, and when they opened, clicked and wrote."""

    rows: Sequence[ContactRow]
    suppressed: Mapping[tuple[int, str, str], list[Suppression]] = field(default_factory=dict)
    moments: Mapping[int, Sequence[int]] = field(default_factory=dict)  # by contact


@dataclass(frozen=True, slots=True)
class Played:
    """What a journey came to, up to `to`; before the tape's end where it was stopped."""

    report: Report
    to: datetime
    events: int
    whole: bool


def put_in(config: Config, workspace: int, journey_id: int, name: str, program: Program) -> Config:
    """The configuration in which people enter this draft, whatever is published of its journey, beside the published
    ones of its workspace."""
    beside = {row.id: row for row in config.journeys.values() if row.workspace == workspace}
    old = beside.get(journey_id)
    number, key = (old.revision + 1, old.key) if old is not None else (1, "")
    beside[journey_id] = JourneyFacts(journey_id, workspace, name, "live", number, {number: program}, key)
    leaving = frozenset(row.workspace for row in beside.values() if row.has_exit_condition)
    asking = frozenset(row.workspace for row in beside.values() if row.asks)
    giving = frozenset(row.id for row in beside.values() if row.gives_coupons)
    heard = index_journeys(beside.values())
    return replace(config, journeys=beside, heard=heard, leaving=leaving, asking=asking, giving=giving)


def read_tape(
    conn: Conn,
    configs: Sequence[Config],
    workspace: int,
    since: datetime,
    until: datetime,
    *,
    events_max: int,
    contacts_max: int,
) -> Tape:
    """What was recorded in a while of what the journeys of any of these configurations listen to: the newest arrivals,
    as far as the limits let."""
    heard = {key for config in configs for key in config.heard if key[0] == workspace}
    names: set[tuple[str, str]] | None = {(type_, name) for _, type_, name in heard}
    if names and names & {("track", STARTED), ("track", ENDED)}:
        names = None  # everything is part of a visit
    rows = list_arrived(conn, workspace, since, until, names, events_max + 1)
    cut = "events" if len(rows) > events_max else ""
    taken: list[Arrived] = []
    contact_ids: set[int] = set()
    for row in reversed(rows[-events_max:]):
        if row.contact_id not in contact_ids and len(contact_ids) >= contacts_max:
            cut = "contacts"
            break
        contact_ids.add(row.contact_id)
        taken.append(row)
    taken.reverse()
    begin = taken[0].arrived_at if cut and taken else since
    return Tape(workspace, [_arrive(workspace, row) for row in taken], frozenset(contact_ids), begin, until, cut)


def _arrive(workspace: int, row: Arrived) -> Arrival:
    """Whose it was is known and not asked again."""
    traits = row.properties if row.type in ("identify", "group") else {}
    entry = EventEntry(
        *(row.source_id, row.type, row.message_id, row.occurred_at, row.occurred_at, row.name),
        properties={} if traits else row.properties,
        traits=traits,
        context=row.context,
        contact_id=row.contact_id,
    )
    return Arrival(row.arrived_at, workspace, entry)


def load_people(conn: Conn, config: Config, contact_ids: Iterable[int]) -> People:
    """These contacts and their families as they are stored now, with what stands against their addresses."""
    found = World(NEVER, config, iter(()))
    loader.load_stored(conn, found, contact_ids)
    rows = [row for row in found.contacts.values() if not row.erased]
    _name_listed(conn, rows)
    subjects = set()
    for row in rows:
        places = [IdentityRef(address.kind, "", address.value) for address in row.addresses]
        for identity in [*places, *(linked.identity for linked in row.identities)]:
            subject = subject_of(identity)
            subjects.add((row.workspace, subject.kind, subject.value))
    loader.load_suppressions(conn, found, subjects)
    return People(rows, found.suppressed, read_moments(conn, [row.id for row in rows]))


def _name_listed(conn: Conn, rows: Sequence[ContactRow]) -> None:
    """Whom a list names by an id has it as the user id of their events, from the first one on; here from the start."""
    unknown = [row for row in rows if all(linked.identity.kind != USER for linked in row.identities)]
    ids = list_external_ids(conn, [row.id for row in unknown])
    for row in unknown:
        if row.id in ids:
            row.identities.append(make_listed(row.id, ids[row.id], row.created_at))


def find_people(conn: Conn, config: Config, arrivals: Iterable[Arrival]) -> frozenset[int]:
    """The contacts whom these events may concern, by the ids that they name."""
    found = World(NEVER, config, iter(()))
    entries = [(told.workspace, told.entry) for told in arrivals if isinstance(told.entry, EventEntry)]
    keys = {(workspace, identity) for workspace, entry in entries for identity in identities_of(entry)}
    loader.load_identities(conn, found, keys)
    loader.load_listed(conn, found, {(workspace, entry.user_id) for workspace, entry in entries if entry.user_id})
    listed = [owner for owners in found.owners_of.values() for owner in owners]
    return frozenset(row.contact_id for row in found.identities.values() if row.contact_id is not None).union(listed)


def gather(config: Config, people: People, since: datetime) -> Memory:
    """What a simulation knows at its beginning. Coupons are samples: nothing is claimed, and no pool runs empty."""
    pools = {key: replace(pool, code=pool.code or SAMPLE_CODE) for key, pool in config.pools.items()}
    memory = make_memory(replace(config, pools=pools), since)
    for row in people.rows:
        memory.add_contact(row)
    memory.rows.suppressed = dict(people.suppressed)
    memory.rows.moments = {contact_id: set(moments) for contact_id, moments in people.moments.items()}
    return memory


def play_tape(
    memory: Memory,
    tape: Tape,
    journey_id: int,
    until: datetime,
    *,
    refused: float = 0.0,
    answered: float = ANSWERED,
    stop: Callable[[], bool] = lambda: False,
) -> Played:
    """What one journey comes to, with those beside it. Played on after the last event, so that who entered last is seen
    to the end too. `refused`: the share of messages, 0 to 1, that providers find nobody for; `answered`: of questions,
    that the customer answers."""
    report = Report(journey_id, find_zone(memory.config, tape.workspace))
    player = Player(memory, report.watch, accept_most(refused), answered, stop)
    player.play(tape.arrivals, until)
    to = player.played_to or tape.since
    return Played(report, to, player.events, to >= until)


def find_zone(config: Config, workspace: int) -> ZoneInfo:
    """The workspace's time zone, UTC where it has none that is known."""
    zone = config.workspaces[workspace].zone
    return ZoneInfo(zone if zone in config.zones else "UTC")
