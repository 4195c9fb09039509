"""V2: what fell due while a journey was paused, where whoever resumes it lets that pass.

What stands behind a wait is passed over, as behind one that is late (T6), and so is a message whose hour has passed. A
question or a wait for an event is over as it would have been: nobody answered, nothing came.
"""

from tertulia.core.journey import advance, find_program, settle_message, skip_next
from tertulia.core.reasons import Reason
from tertulia.core.rows import RunRow
from tertulia.core.run_notes import decide_step
from tertulia.core.send_times import waits_for_hour
from tertulia.core.steps.base import Woken
from tertulia.core.world import World


def pass_over(world: World, run: RunRow) -> None:
    """Let a run go on whose time came during the pause."""
    node = find_program(world, run).nodes.get(run.step)
    if node is None or run.delivery_id is not None:
        advance(world, run, Woken.TIMER)
    elif node.step.ONLY_WAITS:
        skip_next(world, run, node, Reason.WAIT_OVERDUE.value)
    elif waits_for_hour(run, node.step):
        decide_step(world, run, node.step.id, "not_sent", "run", Reason.WAIT_OVERDUE.value, {})
        settle_message(world, run, node, Woken.UNSENT)
    else:
        advance(world, run, Woken.TIMER)
