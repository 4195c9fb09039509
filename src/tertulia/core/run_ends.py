"""How a run ends: by itself, by an exception, or because its customer is what the journey ends for (X1, X2, X5, R3).

What is queued is taken back then, and what was handed over is noted.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from tertulia.core import run_effects as rx
from tertulia.core.attempts import decide_row, revoke_delivery
from tertulia.core.calls import take_back_call
from tertulia.core.exit_conditions import find_exit
from tertulia.core.reasons import Reason
from tertulia.core.rows import ContactRow, RunRow
from tertulia.core.run_notes import find_program, keep, tally
from tertulia.core.world import World

HANDED_OVER: Final = ("sending", "unknown")


def note_passage(world: World, run: RunRow, message_at: datetime | None) -> None:
    """Only where somebody will ask: everybody may enter most journeys again."""
    if find_program(world, run).journey.reentry != "always":
        passage = (run.workspace, run.contact_id, run.journey_id, run.key, run.started_at, message_at)
        world.add(rx.NotePassage(*passage))


def end(world: World, run: RunRow, outcome: str, reason: str, event_id: UUID | None = None) -> None:
    """The run is over. One that went its way counts as an entry; one that an exception ended, or of which a message was
    dropped outside its window, does only if it had sent something (R3)."""
    if outcome == "exited":
        take_back(world, run, Reason(reason), event_id)
    elif not run.withheld:
        note_passage(world, run, None)
    world.add(
        rx.EndRun(
            *(run.workspace, run.contact_id, run.id, run.journey_id, run.revision, run.key, run.step),
            *(run.entered_at, run.started_at, run.event, run.answers, run.results),
            *(outcome, reason, event_id, world.now),
        )
    )
    tally(world, run, run.step, outcome)


def leave_where_met(world: World, contact: ContactRow) -> None:
    """X5: the contact's attributes or fields have changed, so runs end whose exit condition holds now, and others will
    at another time."""
    if contact.workspace not in world.config.leaving:
        return
    for run in [world.runs[run_id] for run_id in world.runs_of.get(contact.id, ())]:
        before = run.exit_at
        watch_exit(world, run)
        if not leave_in_time(world, run) and run.exit_at != before:
            keep(world, run)


def leave_in_time(world: World, run: RunRow) -> bool:
    """X5: whether the time has come to look at the run's exit condition, and it held, so that the run is over."""
    if run.exit_at is None or run.exit_at > world.now:
        return False
    watch_exit(world, run)
    if run.exit_at is None or run.exit_at > world.now:
        keep(world, run)
        return False
    take_back(world, run, Reason.EXIT_CONDITION, None)
    end(world, run, "left", Reason.EXIT_CONDITION.value)
    return True


def watch_exit(world: World, run: RunRow) -> None:
    """When the exit condition is to be looked at."""
    run.exit_at = find_exit(world, find_program(world, run), world.contacts[run.contact_id])


def take_back(world: World, run: RunRow, reason: Reason, event_id: UUID | None) -> None:
    """X1: what is queued is revoked. What was handed over is only noted (X2)."""
    take_back_call(world, run, reason, event_id)
    for delivery in [row for row in world.open.values() if row.run_id == run.id]:
        if delivery.state in HANDED_OVER:
            facts = {"reason": reason.value, "event": str(event_id or "")}
            world.add(decide_row(world, delivery, "sent", "run", Reason.EXCEPTION_AFTER_HANDOVER.value, facts))
        else:
            revoke_delivery(world, delivery, reason.value)
