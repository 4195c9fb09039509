"""Slots under the frequency caps at work: taken at the hand-over, kept through channels, released on failure (F2-F6).

A logical message has one slot, whichever of its attempts goes out: the one that passes the gates takes it, the next
channel takes it over, and only when no attempt reaches the customer it is free. Then those of the contact's messages
that wait for a slot are judged in their order, and as many are woken as fit. A merged contact's slots count for the one
that it became (M8).

The boxes of a broadcast are one logical message: the first that goes out takes the slot, and from the second on it is
theirs for good, for a provider has taken one already.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from tertulia.core import effects as fx
from tertulia.core import slot_effects as sx
from tertulia.core.caps import CapsPassed, Counted, Slot, SlotState, judge_caps, takes_slot, waking_key
from tertulia.core.clocks import find_zone
from tertulia.core.consent import MARKETING, SERVICE
from tertulia.core.deliveries import DeliveryState, MessageClass
from tertulia.core.rows import ClosedDelivery, OpenDelivery
from tertulia.core.world import World
from tertulia.core.zones import load_zone
from tertulia.ids import derive_id


def name_topic(message_class: MessageClass) -> str:
    """What a message of a class is about, for consent and caps (F4)."""
    return MARKETING if message_class is MessageClass.MARKETING else SERVICE


def describe(world: World, delivery: OpenDelivery | ClosedDelivery, *, important: bool) -> Counted:
    """What caps look at of a message."""
    class_, channel = MessageClass(delivery.class_), world.config.channels[delivery.channel_id]
    return Counted(delivery.id, channel.family, name_topic(class_), class_, important)


def list_others(world: World, delivery: OpenDelivery) -> tuple[Slot, ...]:
    """The slots of the contact's other messages, each under the attempt that has it."""
    own = _find_message(world, delivery)
    rows = world.slots.get(world.follow(delivery.contact_id), {})
    return tuple(
        Slot(
            *(row.delivery_id, row.channel, row.topic, MessageClass(row.class_), row.important, row.at),
            SlotState(row.state),
        )
        for row in rows.values()
        if row.message_id != own
    )


def take_slot(world: World, delivery: OpenDelivery | ClosedDelivery, *, important: bool) -> None:
    """The message has its slot from now on, unless it has one for good. Messages of exempt classes leave none."""
    boxes = _find_boxes(world, delivery)
    own = boxes or (_find_message(world, delivery) if isinstance(delivery, OpenDelivery) else delivery.id)
    row = world.slots.get(world.follow(delivery.contact_id), {}).get(own)
    if row is not None and row.delivery_id == own:
        return
    if boxes is not None and row is not None and row.delivery_id != delivery.id and row.state == SlotState.USED.value:
        _set_slot(world, delivery, own, own, important=row.important, at=row.at)
    else:
        _set_slot(world, delivery, own, delivery.id, important=important)


def pin_slot(world: World, delivery: OpenDelivery, *, important: bool) -> None:
    """The message has its slot for good: an attempt before this one may have reached the customer. So the slot is no
    attempt's, and no failure sets it free."""
    own = _find_message(world, delivery)
    _set_slot(world, delivery, own, own, important=important)


def _set_slot(
    world: World,
    delivery: OpenDelivery | ClosedDelivery,
    own: UUID,
    holder: UUID,
    *,
    important: bool,
    at: datetime | None = None,
) -> None:
    message = describe(world, delivery, important=important)
    if takes_slot(message.message_class):
        world.add(
            sx.SetSlot(
                *(delivery.workspace, delivery.contact_id, own, holder, message.channel, message.topic),
                *(delivery.class_, important, SlotState.USED.value, at or world.now),
            )
        )


def release_slot(world: World, delivery: OpenDelivery | ClosedDelivery) -> None:
    """The attempt will not reach the customer."""
    if takes_slot(MessageClass(delivery.class_)):
        world.add(sx.ReleaseSlot(delivery.workspace, delivery.contact_id, delivery.id))


def list_released(world: World) -> set[int]:
    """The contacts of whom the decisions so far have set a slot free: nobody took it over."""
    moved = {effect.delivery_id for effect in world.effects if isinstance(effect, sx.MoveSlot)}
    released = [effect for effect in world.effects if isinstance(effect, sx.ReleaseSlot)]
    return {effect.contact_id for effect in released if effect.delivery_id not in moved}


def sort_waiting(rows: Iterable[OpenDelivery]) -> list[OpenDelivery]:
    """Messages that are due, in the order in which they are judged (F6)."""
    return sorted(rows, key=lambda row: waking_key(row.lane, row.deadline, row.made_at, row.id))


def wake_deferred(world: World, deferred: Sequence[OpenDelivery]) -> None:
    """F6: of the messages that wait for a slot, each contact's in their order, as many as there is room for now. They
    reserve nothing by this: each is judged again at its claim."""
    woken: dict[int, list[Slot]] = {}
    for row in sort_waiting(deferred):
        contact = world.contacts[world.follow(row.contact_id)]
        zone = load_zone(find_zone(world, contact, _find_zone_of_journey(world, row)).zone)
        message = describe(world, row, important=False)  # an important one waits for none
        caps = world.config.workspaces[row.workspace].caps
        taken = woken.setdefault(contact.id, [])
        slots = (*list_others(world, row), *taken)
        if isinstance(judge_caps(caps, slots, world.now, zone, message), CapsPassed):
            taken.append(
                Slot(
                    *(row.id, message.channel, message.topic, message.message_class, False, world.now),
                    SlotState.RESERVED,
                )
            )
            world.open[row.id] = row
            queued = DeliveryState.QUEUED.value
            world.add(
                fx.SetOpenState(row.workspace, row.contact_id, row.id, queued, row.attempt, row.content, world.now)
            )


def _find_message(world: World, delivery: OpenDelivery) -> UUID:
    """The logical message of a delivery: all boxes of a broadcast, a run's step and visit, a match to a contact, else
    its own."""
    if (boxes := _find_boxes(world, delivery)) is not None:
        return boxes
    run = world.runs.get(delivery.run_id) if delivery.run_id is not None else None
    if run is not None:
        return derive_id("message", str(run.id), delivery.step, run.visit)
    if delivery.match_id is not None:
        return derive_id("message", "match", delivery.match_id, delivery.contact_id)
    return delivery.id


def _find_boxes(world: World, delivery: OpenDelivery | ClosedDelivery) -> UUID | None:
    """The one message that all boxes of a broadcast are to a customer; None for what is no box."""
    journey = world.config.journeys.get(delivery.journey_id or 0)
    if journey is None or delivery.run_id is None or not journey.program.journey.is_broadcast:
        return None
    return derive_id("message", str(delivery.run_id))


def _find_zone_of_journey(world: World, delivery: OpenDelivery) -> str:
    run = world.runs.get(delivery.run_id) if delivery.run_id is not None else None
    return world.config.journeys[run.journey_id].programs[run.revision].journey.zone if run is not None else ""
