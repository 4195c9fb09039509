"""The attempts of a run's message: one for each channel that is tried, each under an id that says its place.

An attempt's id is made of run, step, visit and place, so which one a run waits for, and whether another was made
before it, is read from the ids alone. All attempts are one message: they share its slot under the caps (F3) and its
coupons (S5). One that may have arrived keeps the slot for good, whatever becomes of those after it (F2).
"""

from datetime import date
from typing import Final
from uuid import UUID

from tertulia.core import effects as fx
from tertulia.core import lanes
from tertulia.core import slot_effects as sx
from tertulia.core.coupons import keep_coupons_of, move_coupons
from tertulia.core.deliveries import MessageClass
from tertulia.core.durations import read_duration
from tertulia.core.rows import ClosedDelivery, OpenDelivery, RunRow
from tertulia.core.slots import pin_slot
from tertulia.core.stages import find_address, find_channel
from tertulia.core.steps.sending import SendStep
from tertulia.core.world import ChannelFacts, World
from tertulia.ids import day_of, derive_delivery_id, place_of_delivery

MAY_HAVE_ARRIVED: Final = ("sent", "delivered", "read", "expired")  # the last: nobody ever said what became of it
ARRIVED: Final = ("delivered", "read")


def queue_attempt(
    world: World, run: RunRow, step: SendStep, class_: str, place: int, channel: ChannelFacts, to: tuple[str, str, str]
) -> None:
    """The message on the channel at `place`, after the run's last attempt where there was one."""
    delivery_id = _derive(run, step.id, place, day_of(world.now))
    kind, value, scope = to
    before = run.delivery_id
    if before is not None:
        _take_over(world, run, before, delivery_id)
    world.add(
        fx.QueueDelivery(
            workspace=run.workspace,
            contact_id=run.contact_id,
            id=delivery_id,
            channel_id=channel.id,
            match_id=None,
            stage=place,
            class_=class_,
            lane=lanes.URGENT if class_ == MessageClass.TRANSACTIONAL.value else lanes.BULK,
            to_kind=kind,
            to_value=value,
            identity_scope=scope,
            content={},
            cause=f"journey:{run.journey_id}",
            not_before=world.now,
            deadline=run.since + read_duration(step.within) if step.within else None,
            at=world.now,
            journey_id=run.journey_id,
            run_id=run.id,
            step=step.id,
        )
    )
    if before is not None and _may_have_arrived(world, before):
        pin_slot(world, world.open[delivery_id], important=step.important)
    run.delivery_id, run.due_at = delivery_id, None


def _take_over(world: World, run: RunRow, before: UUID, to_id: UUID) -> None:
    """What the attempt before had is the next one's, unless the customer may have it."""
    if _may_have_arrived(world, before):
        keep_coupons_of(world, run)
    else:
        world.add(sx.MoveSlot(run.workspace, run.contact_id, before, to_id))
        move_coupons(world, run, to_id)


def has_way(world: World, run: RunRow, step: SendStep, place: int) -> bool:
    """Whether the customer has an address on a channel of the step, from `place` on."""
    contact = world.contacts[run.contact_id]
    channels = [find_channel(world, run.workspace, name) for name in step.channels[place:]]
    return any(channel is not None and find_address(contact, channel) is not None for channel in channels)


def find_place(run: RunRow, step: SendStep) -> int:
    """The place of the channel of the run's last attempt."""
    assert run.delivery_id is not None
    _shard, day = place_of_delivery(run.delivery_id)
    places = range(len(step.channels))
    return next(place for place in places if _derive(run, step.id, place, day) == run.delivery_id)


def is_earlier(run: RunRow, step: SendStep, row: OpenDelivery | ClosedDelivery) -> bool:
    """Whether a message is an attempt before the one that the run waits for."""
    if run.delivery_id is None or step.id != row.step or row.stage >= find_place(run, step):
        return False
    _shard, day = place_of_delivery(row.id)
    return row.id == _derive(run, step.id, row.stage, day)


def _derive(run: RunRow, step: str, place: int, day: date) -> UUID:
    return derive_delivery_id(run.contact_id, day, "run", str(run.id), step, run.visit, place)


def _may_have_arrived(world: World, delivery_id: UUID) -> bool:
    """One that has surely not is there with its verdict; that of one that was taken is not looked up."""
    row = world.closed.get(delivery_id)
    return row is None or row.state in MAY_HAVE_ARRIVED
