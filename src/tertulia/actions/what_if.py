"""What if a draft had been live: what is played through it on a virtual clock, and how (core.simulation).

On history the draft stands beside what was recorded: other journeys' messages count under the caps when they went out,
and who came into a segment, wrote or opened a message is as it was, for history does not answer to messages that were
never sent. Through given events, and with synthetic customers, the published journeys are played beside it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from tertulia.actions.config import index_exits, index_journeys
from tertulia.core.came import subject_of
from tertulia.core.canaries import plan_canary
from tertulia.core.clocks import find_zone as find_clock
from tertulia.core.consent import Suppression
from tertulia.core.coupons import SAMPLE_CODE
from tertulia.core.entries import EventEntry
from tertulia.core.events import USER, identities_of
from tertulia.core.guards import Canary
from tertulia.core.identity import IdentityRef
from tertulia.core.journeys import Program
from tertulia.core.rows import ContactRow
from tertulia.core.simulation.arrivals import Arrival, Called, Wrote
from tertulia.core.simulation.crowd import Crowd, make_provider
from tertulia.core.simulation.guards import Pause
from tertulia.core.simulation.memory import Memory, make_memory
from tertulia.core.simulation.people import make_listed
from tertulia.core.simulation.play import Player
from tertulia.core.simulation.rates import DEFAULTS, Rates
from tertulia.core.simulation.report import Report
from tertulia.core.world import Config, JourneyFacts, World
from tertulia.core.zones import load_zone
from tertulia.store import world as loader
from tertulia.store.db import Conn
from tertulia.store.directory import list_external_ids
from tertulia.store.moments import read_moments

NEVER: Final = datetime.min.replace(tzinfo=UTC)
DRAFT: Final = 0  # the number of a journey that the installation does not have


@dataclass(frozen=True, slots=True)
class Tape:
    """What is played: events and the like by their arrival, from `since` on, and whose. Up to `until` journeys look for
    people by themselves. `cut`: empty, or which limit left out the earlier of them: events, contacts."""

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
    """What a journey came to, up to `to`; before the tape's end where it was stopped. `paused`: when its guard did
    that, and on what; `canary`: until when it went to its share alone; `crowd`: what synthetic customers did."""

    report: Report
    to: datetime
    events: int
    whole: bool
    paused: Pause | None = None
    canary: Canary | None = None
    crowd: Crowd | None = None


def put_in(
    config: Config, workspace: int, journey_id: int, name: str, program: Program, *, alone: bool = False
) -> Config:
    """The configuration in which people enter this draft, whatever is published of its journey, beside the published
    ones of its workspace. `alone`: nobody enters the others, unless the draft starts them."""
    beside = {row.id: row for row in config.journeys.values() if row.workspace == workspace}
    old = beside.get(journey_id)
    number, key = (old.revision + 1, old.key) if old is not None else (1, "")
    beside[journey_id] = mine = JourneyFacts(journey_id, workspace, name, "live", number, {number: program}, key)
    playing = list(_list_started(mine, beside.values())) if alone else list(beside.values())
    leaving = frozenset(row.workspace for row in playing if row.has_exit_condition)
    exits = index_exits(playing, config.segments.values())
    asking = frozenset(row.workspace for row in playing if row.asks)
    giving = frozenset(row.id for row in playing if row.gives_coupons)
    counted = config.counted if not alone else {}
    heard = index_journeys(playing)
    made = replace(config, journeys=beside, heard=heard, counted=counted)
    heard_of = any(row.program.hears_of_messages for row in beside.values())
    return replace(made, leaving=leaving, exit_segments=exits, asking=asking, giving=giving, goals_heard_of=heard_of)


def _list_started(mine: JourneyFacts, beside: Iterable[JourneyFacts]) -> Iterator[JourneyFacts]:
    """A journey, and those that it starts, and those that these start."""
    by_key = {row.key: row for row in beside if row.key and row.id != mine.id}
    wanted = [mine]
    while wanted:
        row = wanted.pop()
        yield row
        for node in row.program.nodes.values():
            started = by_key.pop(getattr(node.step, "journey", ""), None)
            if started is not None:
                wanted.append(started)


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


def find_people(conn: Conn, config: Config, arrivals: Sequence[Arrival]) -> frozenset[int]:
    """The contacts whom these events may concern, by the ids that they name."""
    found = World(NEVER, config, iter(()))
    entries = [(told.workspace, told.entry) for told in arrivals if isinstance(told.entry, EventEntry)]
    wrote = [(told.workspace, told.entry.identity) for told in arrivals if isinstance(told.entry, Wrote | Called)]
    keys = {(workspace, identity) for workspace, entry in entries for identity in identities_of(entry)}
    loader.load_identities(conn, found, keys.union(wrote))
    users = {(workspace, entry.user_id) for workspace, entry in entries if entry.user_id}
    loader.load_listed(conn, found, users | {(workspace, identity.value) for workspace, identity in wrote})
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


def launch(config: Config, launched: Collection[int], at: datetime) -> Config:
    """The configuration in which these journeys are published at an instant, with their canaries (V3)."""
    journeys = dict(config.journeys)
    for journey_id in launched:
        row = journeys[journey_id]
        document = row.program.journey
        zone = load_zone(document.zone) if document.zone else find_zone(config, row.workspace)
        journeys[journey_id] = replace(row, canary=plan_canary(document, zone, at))
    return replace(config, journeys=journeys)


def play_tape(
    memory: Memory,
    tape: Tape,
    journey_id: int,
    until: datetime,
    *,
    rates: Rates = DEFAULTS,
    launched: Collection[int] = (),
    synthetic: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Played:
    """What one journey comes to, with those beside it. Played on after the last event, so that who entered last is seen
    to the end too. `rates`: by which providers deliver and questions are answered and, where customers are `synthetic`,
    by which they react; `launched`: journeys whose launch is at the beginning."""
    report = Report(journey_id, find_zone(memory.config, tape.workspace))
    memory.rows.config = launch(memory.config, launched, tape.since)
    channels = memory.config.channels
    crowd = Crowd(rates, channels, _make_clock(memory)) if synthetic else None
    answer = make_provider(rates, channels)
    player = Player(memory, report.watch, answer, rates.answered / 100, stop, launched, crowd, journey_id)
    player.play(tape.arrivals, until, tape.until)
    to = player.played_to or tape.since
    paused, mine = memory.guards.paused.get(journey_id), memory.config.journeys[journey_id]
    return Played(report, to, player.events, to >= until, paused, mine.canary, crowd)


def _make_clock(memory: Memory) -> Callable[[int, datetime], time]:
    """Tells the time of day at an instant by a contact's own clock."""
    rows = memory.rows

    def tell(contact_id: int, at: datetime) -> time:
        return at.astimezone(load_zone(find_clock(rows, rows.contacts[contact_id]).zone)).time()

    return tell


def find_zone(config: Config, workspace: int) -> ZoneInfo:
    """The workspace's time zone, UTC where it has none that is known."""
    zone = config.workspaces[workspace].zone
    return ZoneInfo(zone if zone in config.zones else "UTC")
