"""The facts that journeys need of a cycle: the live runs of those whom its events concern, and what entries ask for.

Most events mean nothing to any journey, and cost nothing here: what is loaded is loaded for the contacts of those that
are listened for, and of those that change the clock by which somebody waits (T5).
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from tertulia.core.entries import ClickEntry, EventEntry, Inbound
from tertulia.core.events import may_change, may_change_clock
from tertulia.core.folds import name_type
from tertulia.core.journey import find_program
from tertulia.core.journeys import AudienceEntry
from tertulia.core.message_outcomes import ANSWER_WITHIN, hears_outcomes
from tertulia.core.occasions import OCCASIONS, OUTCOME, OUTCOMES, name_heard
from tertulia.core.rows import CallRow, ClosedDelivery, OpenDelivery, RunRow, SessionRow, WatchRow
from tertulia.core.send_times import waits_for_hour
from tertulia.core.sessions import ENDED, STARTED
from tertulia.core.steps.base import Step
from tertulia.core.world import World
from tertulia.store import world as loader
from tertulia.store.assignments import load_assignments
from tertulia.store.calls import load_calls, load_calls_of_runs
from tertulia.store.db import Conn
from tertulia.store.entry_counts import lock_entries
from tertulia.store.goals import load_goals_of
from tertulia.store.moments import load_moments
from tertulia.store.runs import load_passages, load_recalled, load_runs, load_runs_of
from tertulia.store.segments import load_memberships
from tertulia.store.watches import load_answered, load_depths

Told = tuple[EventEntry, Iterable[int]]


def load_journey_facts(conn: Conn, world: World, told: Sequence[Told]) -> None:
    """Of events, each with the contacts that it may concern, whose facts are loaded, and the running sessions."""
    if not world.config.heard:
        return
    names = {(type_, name) for _, type_, name in world.config.heard}
    derived = {("track", STARTED), ("track", ENDED)} & names
    journeys = world.config.journeys.values()
    clocks = any(program.has_clocks for journey in journeys for program in journey.programs.values())
    since: dict[int, datetime] = {}
    for entry, contact_ids in told:
        heard = bool(derived) or (name_type(entry.call), entry.name) in names
        for contact_id in map(world.follow, contact_ids):
            contact = world.contacts.get(contact_id)
            moved = clocks and contact is not None and may_change_clock(entry, contact, world.config.zones)
            if heard or moved or _may_leave(world, entry, contact_id):
                at = entry.at
                if derived and (session := world.sessions.get(contact_id)) is not None:
                    at = min(at, session.started_at)
                since[contact_id] = min(at, since.get(contact_id, at))
    _load(conn, world, since)


def _may_leave(world: World, entry: EventEntry, contact_id: int) -> bool:
    """X5: whether an event may make a contact what a journey ends for."""
    contact = world.contacts.get(contact_id)
    return contact is not None and contact.workspace in world.config.leaving and may_change(entry, contact)


def load_journeys_of_sessions(conn: Conn, world: World, sessions: Iterable[SessionRow]) -> None:
    """Of sessions that may end, where a journey listens for that."""
    if any(name == ENDED for _, _, name in world.config.heard):
        _load(conn, world, {row.contact_id: row.started_at for row in sessions})
        lock_entries_of(conn, world, {("track", ENDED)})


def load_journeys_of_occasions(conn: Conn, world: World, occasions: Iterable[tuple[int, int, datetime]]) -> None:
    """Of what is no event and may begin runs: workspace, contact and instant of each, in workspaces in which a journey
    listens for such."""
    listening = {workspace for workspace, type_, _ in world.config.heard if type_ in OCCASIONS}
    since: dict[int, datetime] = {}
    for workspace, member, at in occasions:
        if workspace in listening:
            contact_id = world.follow(member)
            since[contact_id] = min(at, since.get(contact_id, at))
    _load(conn, world, since)


def _load(conn: Conn, world: World, since: Mapping[int, datetime]) -> None:
    """`since`: the contacts, each with when the earliest of its events occurred."""
    concerned = {contact_id: at for contact_id, at in since.items() if contact_id in world.contacts}
    if not concerned:
        return
    load_runs_of(conn, world, concerned)
    if any(program.journey.goal for row in world.config.journeys.values() for program in row.programs.values()):
        load_goals_of(conn, world, concerned)
    loader.load_open_of(conn, world, {row.contact_id for row in world.runs.values() if row.delivery_id is not None})
    journeys = world.config.journeys.values()
    programs = [(journey.id, journey.program) for journey in journeys]
    family = [(member, world.follow(member)) for member in world.contacts]
    members = [(member, root) for member, root in family if root in concerned]
    stops = {rule.event for _, program in programs for rule in program.journey.exceptions}
    lookback = max(program.lookback for _, program in programs)
    load_recalled(conn, world, {member: concerned[root] - lookback for member, root in members}, stops)
    asked = [journey_id for journey_id, program in programs if program.journey.reentry != "always"]
    load_passages(conn, world, [(member, journey_id) for member, _ in members for journey_id in asked])


def lock_entries_of(conn: Conn, world: World, names: Container[tuple[str, str]]) -> None:
    """R5: the counts of journeys that what has one of these types and names may begin. Once a cycle, for the order in
    which they are locked is what keeps two owners from waiting for each other."""
    journeys = world.config.journeys.values()
    live = [row for row in journeys if row.state == "live" and row.program.journey.entries is not None]
    lock_entries(conn, world, [row for row in live if name_heard(row.program.journey.entry) in names])


def load_asked(conn: Conn, world: World, inbound: Sequence[tuple[int, Inbound]]) -> None:
    """The runs whose questions a message may answer: those of everybody whom it may turn out to be of."""
    asking = {workspace for workspace, _ in inbound} & world.config.asking
    _load_beside(conn, world, {row.id for row in world.contacts.values() if row.workspace in asking})


def load_clicked(conn: Conn, world: World, clicks: Sequence[tuple[int, ClickEntry]]) -> None:
    """The runs in whose messages links were opened, which may wait to hear that these were delivered."""
    told = [entry for workspace, entry in clicks if workspace in world.config.asking and entry.class_ == "human"]
    load_runs(conn, world, {of.run_id: entry.contact_id for entry in told if (of := entry.message) is not None})


def load_goals_heard_of(conn: Conn, world: World, clicks: Sequence[tuple[int, ClickEntry]]) -> None:
    """The goals whose time a reading or a click of the cycle may begin (G1)."""
    if not world.config.goals_heard_of:
        return
    rows: list[OpenDelivery | ClosedDelivery] = [*world.open.values(), *world.closed.values()]
    wanted = {row.contact_id for row in rows if row.run_id is not None}
    wanted |= {entry.contact_id for _, entry in clicks if entry.message is not None}
    load_goals_of(conn, world, wanted)


def load_asked_before(conn: Conn, world: World) -> None:
    """Of loaded runs that are about to ask: the contact's other ones, whose question they may take the place of."""
    runs = [row for row in world.runs.values() if row.workspace in world.config.asking]
    about = {row.contact_id for row in runs if (step := _find_step(world, row)) is not None and step.ASKS}
    _load_beside(conn, world, about)


def _load_beside(conn: Conn, world: World, contact_ids: set[int]) -> None:
    if contact_ids:
        load_runs_of(conn, world, contact_ids)
        waiting = {row.contact_id for row in world.runs.values() if row.delivery_id is not None}
        loader.load_open_of(conn, world, waiting & contact_ids)


def _find_step(world: World, row: RunRow) -> Step | None:
    node = find_program(world, row).nodes.get(row.step)
    return node.step if node is not None else None


def load_outcome_facts(
    conn: Conn, world: World, inbound: Sequence[tuple[int, Inbound]], clicks: Sequence[tuple[int, ClickEntry]]
) -> None:
    """What the outcomes of loaded messages, and answers to messages, ask for, in workspaces in which a journey begins
    by one."""
    hearing = {workspace for workspace in world.config.workspaces if hears_outcomes(world, workspace)}
    if not hearing:
        return
    rows: list[OpenDelivery | ClosedDelivery] = [*world.open.values(), *world.closed.values()]
    over = {row.run_id: row.contact_id for row in rows if row.workspace in hearing and row.run_id is not None}
    asked = {workspace for workspace in hearing if (workspace, OUTCOME, OUTCOMES["replied"]) in world.config.heard}
    contacts = [row.id for row in world.contacts.values() if row.workspace in asked]
    channels = {entry.channel_id for workspace, entry in inbound if workspace in asked}
    load_answered(conn, world, [(one, channel) for one in contacts for channel in channels], world.now - ANSWER_WITHIN)
    over |= {row.run_id: row.contact_id for row in world.answered.values() if row.run_id is not None}
    over |= {told.message.run_id: told.contact_id for at, told in clicks if at in hearing and told.message is not None}
    load_depths(conn, world, over)


def load_runs_of_deliveries(conn: Conn, world: World) -> None:
    """The live runs that wait for the verdict of a loaded message, and their contacts."""
    wanted: dict[UUID, int] = {}
    rows: list[OpenDelivery | ClosedDelivery] = [*world.open.values(), *world.closed.values()]
    for row in rows:
        if row.run_id is not None and row.run_id not in world.runs:
            wanted[row.run_id] = row.contact_id
    load_runs(conn, world, wanted)
    load_runs_beside(conn, world)
    loader.load_profiles(conn, world, {row.contact_id for row in world.runs.values()})
    loader.load_open_of(conn, world, {row.contact_id for row in world.runs.values() if _has_gone_on(world, row)})


def _has_gone_on(world: World, run: RunRow) -> bool:
    """Whether a run waits for a message that is none of those loaded: another channel was tried after one of these."""
    known = run.delivery_id is None or run.delivery_id in world.open or run.delivery_id in world.closed
    return not known and (step := _find_step(world, run)) is not None and step.find_patience() is not None


def _waits_for_hour(world: World, run: RunRow) -> bool:
    return (step := _find_step(world, run)) is not None and waits_for_hour(run, step)


def load_runs_beside(conn: Conn, world: World) -> None:
    """X5: an attribute that one run writes may end the contact's other ones."""
    load_runs_of(conn, world, {row.contact_id for row in world.runs.values() if row.workspace in world.config.leaving})


def load_run_facts(conn: Conn, world: World, runs: Sequence[RunRow]) -> None:
    """The facts of runs that are woken, or closed by somebody."""
    load_runs(conn, world, {row.id: row.contact_id for row in runs})
    loader.load_profiles(conn, world, {row.contact_id for row in runs})
    load_moments(conn, world, {row.contact_id for row in world.runs.values() if _waits_for_hour(world, row)})
    if waiting := {row.contact_id for row in runs if not row.step}:  # a segment may be asked for once more
        world.listed |= load_memberships(conn, waiting)
    load_runs_beside(conn, world)
    load_assignments(conn, world)
    loader.load_open_of(conn, world, {row.contact_id for row in world.runs.values() if row.delivery_id is not None})
    load_calls_of_runs(conn, world)


def load_call_facts(conn: Conn, world: World, calls: Sequence[CallRow]) -> None:
    """The facts of queued calls: their runs, and those beside them that what follows may end."""
    load_calls(conn, world, {row.id: row.contact_id for row in calls})
    load_runs(conn, world, {row.run_id: row.contact_id for row in calls})
    load_runs_beside(conn, world)
    loader.load_profiles(conn, world, {row.contact_id for row in calls})
    load_assignments(conn, world)
    load_calls_of_runs(conn, world)


def load_audiences(conn: Conn, world: World) -> None:
    """In which segments those are to whom a broadcast to a segment is about to write."""
    asked = set()
    for row in world.runs.values():
        journey = find_program(world, row).journey
        if journey.is_broadcast and isinstance(journey.entry, AudienceEntry) and journey.entry.segment:
            asked.add(row.contact_id)
    if asked:
        world.listed |= load_memberships(conn, asked)


def load_watch_facts(conn: Conn, world: World, rows: Sequence[WatchRow]) -> None:
    """The facts of messages whose watch is over."""
    loader.load_profiles(conn, world, {row.contact_id for row in rows})
    told = [(row.workspace, row.contact_id, row.due_at) for row in rows if not row.heeded]
    load_journeys_of_occasions(conn, world, told)
    lock_entries_of(conn, world, {(OUTCOME, OUTCOMES["ignored"])})
    load_assignments(conn, world)
    load_calls_of_runs(conn, world)
