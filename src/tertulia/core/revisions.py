"""What becomes of those who are in a journey when it is published anew (V1).

They finish on the revision that they entered with, unless somebody chose that they move or begin again. Who moves goes
on at the same step by the new revision: where that is the same, nothing changes; a wait is what it would be had it been
so from the beginning, a message that nobody has taken is decided anew, and one that was handed over stays as it is. Who
begins again goes to the first step, but only if the run has sent nothing yet: nobody gets a message twice.

Whose step the new revision does not have, or has as another kind, finishes on the old one.
"""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from tertulia.core.attempts import revoke_delivery
from tertulia.core.journey import arrive_again, find_due, find_program, restart
from tertulia.core.journeys import Program
from tertulia.core.reasons import Reason
from tertulia.core.rows import RunRow
from tertulia.core.run_ends import HANDED_OVER, leave_in_time
from tertulia.core.run_notes import decide_step, keep
from tertulia.core.send_times import waits_for_hour
from tertulia.core.steps.base import Step
from tertulia.core.steps.sending import SendStep
from tertulia.core.world import World

FINISH: Final = "finish"
MOVE: Final = "move"
RESTART: Final = "restart"
CHOICES: Final = (FINISH, MOVE, RESTART)


def can_move(old: Program, new: Program, step: str) -> bool:
    """Whether a run at a step of one revision can go on there by another. Who has not begun yet always can."""
    if not step:
        return True
    before, after = old.nodes.get(step), new.nodes.get(step)
    return before is not None and after is not None and before.step.KIND == after.step.KIND


def change_run(world: World, run: RunRow, how: str, written: Collection[UUID]) -> None:
    """To the newest revision, as it was chosen. `written`: runs whose customers were sent something by them, or would
    have been, were they not held out (A3)."""
    newest = world.config.journeys[run.journey_id]
    old, new = find_program(world, run), newest.program
    if run.revision >= newest.revision:
        return
    told = {"from": run.revision, "to": newest.revision}
    if how == RESTART and run.step and run.id not in written:
        run.revision = newest.revision
        decide_step(world, run, run.step, "restarted", "run", Reason.RUN_BEGUN_AGAIN.value, told)
        restart(world, run, run.event, run.entered_at, Reason.RUN_BEGUN_AGAIN)
        return
    if not can_move(old, new, run.step) or _is_held_fast(world, run, old, new):
        return
    run.revision = newest.revision
    decide_step(world, run, run.step, "moved", "run", Reason.RUN_MOVED.value, told)
    run.exit_at = world.now  # it may be another condition
    if not leave_in_time(world, run) and run.step:
        _settle_in(world, run, old, new)


def _is_held_fast(world: World, run: RunRow, old: Program, new: Program) -> bool:
    """A message that was handed over is known by its channel's place among the step's, so these must stay."""
    before, after = (program.nodes[run.step].step if run.step else None for program in (old, new))
    if run.delivery_id is None or not isinstance(before, SendStep) or not isinstance(after, SendStep):
        return False
    return before.channels != after.channels and not _is_untouched(world, run)


def _is_untouched(world: World, run: RunRow) -> bool:
    """Whether nobody has taken the run's message yet, on no channel."""
    delivery = world.open.get(run.delivery_id) if run.delivery_id is not None else None
    return delivery is not None and delivery.state not in HANDED_OVER and delivery.stage == 0


def _settle_in(world: World, run: RunRow, old: Program, new: Program) -> None:
    before, after = old.nodes[run.step].step, new.nodes[run.step].step
    same = before == after and _find_class(before, old) == _find_class(after, new)
    waited = waits_for_hour(run, before)
    if same:
        keep(world, run)
    elif waited or _is_untouched(world, run):
        if run.delivery_id is not None:
            revoke_delivery(world, world.open[run.delivery_id], Reason.RUN_MOVED.value)
        run.visit, run.delivery_id, run.due_at = run.visit + 1, None, None
        arrive_again(world, run)
    else:
        run.due_at = (find_due(world, run) if run.due_at is not None else None) or run.due_at
        keep(world, run)


def _find_class(step: Step, program: Program) -> str:
    return (getattr(step, "class_", None) or program.journey.class_) if isinstance(step, SendStep) else ""
