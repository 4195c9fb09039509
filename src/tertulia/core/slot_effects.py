"""What messages bring about under the frequency caps: a closed union, part of `effects.Effect`."""

from datetime import datetime
from uuid import UUID

import msgspec


class SetSlot(msgspec.Struct, frozen=True):
    """A logical message has its slot at `at` (F2, F3); `delivery_id` is the attempt that has it. `message_id`: the same
    for all attempts of one message. Channel, topic and class as caps name them (F4)."""

    workspace: int
    contact_id: int
    message_id: UUID
    delivery_id: UUID
    channel: str
    topic: str
    class_: str
    important: bool
    state: str
    at: datetime


class MoveSlot(msgspec.Struct, frozen=True):
    """What comes after an attempt that failed takes over its slot, where it had one."""

    workspace: int
    contact_id: int
    delivery_id: UUID
    to_id: UUID


class ReleaseSlot(msgspec.Struct, frozen=True):
    """An attempt will not reach the customer: its slot is free, unless a MoveSlot of the same cycle takes it over."""

    workspace: int
    contact_id: int
    delivery_id: UUID


class WakeHeld(msgspec.Struct, frozen=True):
    """What gates hold back of a contact until a time is looked at again: the clock has changed by which it was told."""

    workspace: int
    contact_id: int
    at: datetime


SlotEffect = SetSlot | MoveSlot | ReleaseSlot | WakeHeld
