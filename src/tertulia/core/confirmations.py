"""What a customer does shows that a message arrived, whatever its provider tells; a run that waits for that goes on."""

from datetime import datetime
from uuid import UUID

from tertulia.core.journey import find_program, settle_message
from tertulia.core.run_ends import HANDED_OVER
from tertulia.core.run_messages import find_place
from tertulia.core.stages import find_channel
from tertulia.core.steps.base import Woken
from tertulia.core.steps.sending import SendStep
from tertulia.core.world import World


def confirm_by_message(world: World, contact_id: int, channel_id: int, at: datetime) -> None:
    """Who writes on a channel has what was sent there before: a run that waits to hear that goes on."""
    for run in [world.runs[run_id] for run_id in world.runs_of.get(contact_id, ())]:
        node = find_program(world, run).nodes.get(run.step)
        patience = node.step.find_patience() if node is not None else None
        if node is None or patience is None or run.delivery_id is None or run.due_at is None:
            continue
        delivery = world.open.get(run.delivery_id)
        handed_over = delivery is None or delivery.state in HANDED_OVER
        assert isinstance(node.step, SendStep)
        channel = find_channel(world, run.workspace, node.step.channels[find_place(run, node.step)])
        handed_at = (run.due_at - patience).replace(microsecond=0)  # providers tell whole seconds
        if handed_over and channel is not None and channel.id == channel_id and at >= handed_at:
            settle_message(world, run, node, Woken.SENT)


def confirm_by_click(world: World, run_id: UUID, delivery_id: UUID) -> None:
    """Who opens a link has the message that it stands in: a run that waits to hear that goes on."""
    run = world.runs.get(run_id)
    node = find_program(world, run).nodes.get(run.step) if run is not None else None
    if run is None or node is None or run.delivery_id != delivery_id or run.due_at is None:
        return
    if node.step.find_patience() is not None and delivery_id not in world.open:
        settle_message(world, run, node, Woken.SENT)
