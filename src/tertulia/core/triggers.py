"""What an event does to journeys: it ends runs, wakes them, or starts them (E3-E5, R1-R3, X1-X4).

`react` is called with every event as it is stored, after its attributes were written (E3), and with what begins runs
and is no event (`occasions`). Exceptions come first, then
runs that wait for the event, then entries; one event may do all three in different journeys. What is refused for a
state that leaves no trace of its own (a live run, re-entry, a pause) is a row of the ledger (S1); an event that does
not pass an entry's condition leaves none, for the same core explains it from the history at any time. Imported history
starts nothing and wakes nothing (E4); it may end a run, for who bought is not asked to buy.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from tertulia.core import effects as fx
from tertulia.core import entry_effects as ee
from tertulia.core.conditions import Subject, judge, read_path
from tertulia.core.durations import read_duration
from tertulia.core.exit_conditions import is_met
from tertulia.core.folds import name_type
from tertulia.core.goals import reach_goals
from tertulia.core.journey import (
    advance,
    begin,
    derive_run_id,
    find_program,
    put_off_begin,
    restart,
)
from tertulia.core.journeys import ExceptionRule, Reentry
from tertulia.core.occasions import (
    OUTCOME,
    Concerning,
    Happened,
    begins,
    find_begin_of,
    find_depth,
    matches,
    name_told,
)
from tertulia.core.reasons import Reason
from tertulia.core.rows import ContactRow, RunRow
from tertulia.core.run_ends import end
from tertulia.core.steps.base import Woken
from tertulia.core.subjects import make_subject
from tertulia.core.wall_clock import LATE_MAX
from tertulia.core.world import JourneyFacts, World
from tertulia.ids import derive_id

KEY_CHARACTERS_MAX: Final = 200
DEPTH_MAX: Final = 3  # journeys that start journeys (I11)


def react(world: World, event: Concerning, only: int | None = None) -> None:
    """Everything that an event, or another occasion, does to the journeys of its contact; with `only` it starts no
    other journey than that."""
    heard = world.config.heard.get((event.workspace, *name_told(event.type, event.name)))
    if heard is None or not event.contact_id:
        return
    contact = world.contacts[event.contact_id]
    subject = make_subject(event.properties, contact)
    reach_goals(world, event, subject)
    concerned = set()
    for run_id in list(world.runs_of.get(contact.id, ())):
        run = world.runs.get(run_id)
        if run is not None and run.journey_id in heard.follows and _touch_run(world, run, event, subject):
            concerned.add(run.journey_id)
    if event.occurred_at >= world.now - world.config.workspaces[event.workspace].horizon and not event.imported:
        for journey_id in heard.starts:
            if journey_id not in concerned and only in (None, journey_id):
                _consider(world, world.config.journeys[journey_id], event, contact, subject)


def _touch_run(world: World, run: RunRow, event: Concerning, subject: Subject) -> bool:
    """A live run and an event that it may listen to. True when the event began it again, so that it starts no other."""
    program = find_program(world, run)
    for rule in program.journey.exceptions:
        if _ends(rule, run.event.get("properties", {}), event, subject) and _is_after(run, event):
            if begins(program.journey.entry, event, subject) and not event.imported:
                restart(world, run, tell_event(event), event.occurred_at)
                return True
            end(world, run, "exited", Reason.EXCEPTION.value, event.id)
            return False
    heard = program.hears(run.step)
    if heard is not None and (name_type(event.type), event.name) == ("track", heard.event):
        answered = replace(subject, answers=run.answers)
        wakes = not event.imported and event.occurred_at >= run.since and judge(heard.where, answered).holds
        if wakes:
            advance(world, run, Woken.EVENT)
    return False


def _ends(rule: ExceptionRule, began: Mapping[str, Any], event: Happened, subject: Subject) -> bool:
    """X1, where the rule says so only for the same cart or order, by whatever type its number is told."""
    if not matches(rule, event, subject):
        return False
    return not rule.same or _read_key(rule.same, event.properties) == _read_key(rule.same, began)


def _is_after(run: RunRow, event: Happened) -> bool:
    """E5: what occurred before the trigger does not cancel, however late it comes."""
    return event.occurred_at >= run.entered_at and str(event.id) != run.event.get("id")


# entry


def _consider(world: World, journey: JourneyFacts, event: Concerning, contact: ContactRow, subject: Subject) -> None:
    rule = journey.program.journey.entry
    if not begins(rule, event, subject) or _is_own(journey, event):
        return
    key = _read_key(rule.key, event.properties)
    live = [
        run
        for run_id in world.runs_of.get(contact.id, ())
        if (run := world.runs[run_id]).journey_id == journey.id and run.key == key
    ]
    refusal = _find_closed(journey, event) or _find_late(world, event)
    if refusal is None and (depth := find_depth(event)) > DEPTH_MAX:
        refusal = Reason.ENTRY_DEPTH, {"depth": depth}
    if refusal is None and live and rule.second == "ignore":
        refusal = Reason.LIVE_RUN, {"run": str(live[0].id)}
    if refusal is None:
        refusal = _find_exception(world, journey, event, contact)
    if refusal is None and is_met(world, journey.program, contact):
        refusal = Reason.EXIT_CONDITION, {}
    again = bool(live) and rule.second == "restart"
    if refusal is None and not again:
        refusal = _find_reentry(world, journey, contact, key) or _find_cap(world, journey)
    if refusal is not None:
        _refuse(world, journey, event, *refusal)
    elif again:
        restart(world, live[0], tell_event(event), event.occurred_at)
    else:
        _start(world, journey, event, contact, key)


def _is_own(journey: JourneyFacts, event: Happened) -> bool:
    """What became of a journey's message does not begin that journey again."""
    return event.type == OUTCOME and bool(journey.key) and event.properties.get("journey") == journey.key


def _start(world: World, journey: JourneyFacts, event: Concerning, contact: ContactRow, key: str) -> None:
    run = RunRow(
        id=derive_run_id(journey.id, contact.id, event.id),
        workspace=journey.workspace,
        contact_id=contact.id,
        journey_id=journey.id,
        revision=journey.revision,
        key=key,
        step="",
        visit=0,
        entered_at=event.occurred_at,
        started_at=world.now,
        since=world.now,
        due_at=None,
        delivery_id=None,
        event=tell_event(event),
    )
    if journey.program.journey.entries is not None:
        world.add(ee.TakeEntry(journey.workspace, journey.id, world.config.find_day(journey, world.now)))
    at = find_begin_of(event)
    if at is not None and at > world.now:
        put_off_begin(world, run, at)
    else:
        begin(world, run)


def tell_event(event: Happened) -> dict[str, Any]:
    """What a run keeps of the event that began it; a call without a name goes by its type."""
    depth = find_depth(event)
    return {
        **({"depth": depth} if depth else {}),
        "id": str(event.id),
        "name": event.name or event.type,
        "type": event.type,
        "occurred_at": event.occurred_at.isoformat(),
        "properties": dict(event.properties),
    }


def _read_key(path: str, properties: Mapping[str, Any]) -> str:
    """R1: the value of the named property, as text; empty without one."""
    value = read_path(properties, path) if path else None
    return "" if value is None else str(value)[:KEY_CHARACTERS_MAX]


Refusal = tuple[Reason, dict[str, Any]]


def _find_closed(journey: JourneyFacts, event: Happened) -> Refusal | None:
    """Whether anybody enters at all, and did when the event occurred."""
    document = journey.program.journey
    if journey.state == "paused":
        return Reason.ENTRY_PAUSED, {"guard": dict(journey.guard)} if journey.guard else {}
    if journey.state != "live":
        return Reason.ENTRY_CLOSED, {}
    if document.starts is not None and event.occurred_at < document.starts:
        return Reason.NOT_STARTED, {"starts": document.starts.isoformat()}
    if document.ends is not None and event.occurred_at >= document.ends:
        return Reason.ENTRY_ENDED, {"ends": document.ends.isoformat()}
    return None


def _find_late(world: World, event: Happened) -> Refusal | None:
    """T6: of a round by the customers' clocks, one whose hour was over for long when they were found."""
    at = find_begin_of(event)
    return (Reason.ENTRY_LATE, {"at": at.isoformat()}) if at is not None and at + LATE_MAX < world.now else None


def _find_exception(world: World, journey: JourneyFacts, event: Concerning, contact: ContactRow) -> Refusal | None:
    """E5: an exception that occurred after the trigger and was received first; X3: one that occurred shortly before."""
    for rule in journey.program.journey.exceptions:
        since = event.occurred_at - (read_duration(rule.lookback) if rule.lookback else timedelta())
        for told in world.recalled.get(contact.id, ()):
            if told.id == event.id or told.occurred_at < since:
                continue
            if told.occurred_at == event.occurred_at and not rule.lookback:
                continue  # of one instant, and received before: nothing says that it came after
            subject = make_subject(told.properties, contact)
            again = begins(journey.program.journey.entry, told, subject)  # a debounce (X4), no exception
            if not again and _ends(rule, event.properties, told, subject):
                facts = {"exception": str(told.id), "name": told.name, "at": told.occurred_at.isoformat()}
                return Reason.EXCEPTION_BEFORE, facts
    return None


def _find_reentry(world: World, journey: JourneyFacts, contact: ContactRow, key: str) -> Refusal | None:
    """R2, of the same key; what a contact was merged into inherits it (M8)."""
    policy = journey.program.journey.reentry
    if policy == "always":
        return None
    passage = world.passages.get((journey.id, contact.id, key))
    if passage is None:
        return None
    if not isinstance(policy, Reentry):
        return Reason.REENTRY_NEVER, {"entry": passage.entry_at.isoformat()}
    last = passage.entry_at if policy.since == "entry" else passage.message_at
    if last is None or world.now >= last + read_duration(policy.after):
        return None
    return Reason.REENTRY_SOON, {policy.since: last.isoformat(), "after": policy.after}


def _find_cap(world: World, journey: JourneyFacts) -> Refusal | None:
    """R5: as many as may have entered, today or in all. The counts are locked until the cycle's commit, so no other
    owner counts beside this one."""
    cap = journey.program.journey.entries
    if cap is None:
        return None
    today = world.config.find_day(journey, world.now)
    counts = world.entries[journey.id]
    for name, most, day in (("total", cap.total, ee.TOTAL), ("per_day", cap.per_day, today)):
        if most is not None and counts.get(day, 0) >= most:
            return Reason.ENTRY_CAP, {"cap": name, "most": most}
    return None


def _refuse(world: World, journey: JourneyFacts, event: Concerning, reason: Reason, facts: dict[str, Any]) -> None:
    """S1: a refusal that hung on state without history is a row of the ledger."""
    told = {"event": str(event.id), "event_name": event.name, "event_type": event.type}
    world.add(
        fx.Decide(
            workspace=journey.workspace,
            contact_id=event.contact_id,
            id=derive_id("ledger", "entry", journey.id, str(event.id), reason.value),
            match_id=None,
            delivery_id=None,
            outcome="not_entered",
            gate="entry",
            reason=reason.value,
            facts={**facts, **told, "revision": journey.revision},
            epoch=world.config.epoch(journey.workspace),
            at=world.now,
            journey_id=journey.id,
        )
    )
