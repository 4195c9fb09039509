"""What more ways into a journey bring about: a closed union, part of `effects.Effect`."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

TOTAL: Final = date(1970, 1, 1)
"""In place of a day: in all."""


class WatchMessage(msgspec.Struct, frozen=True):
    """A message was delivered, and a journey begins if it is ignored until `due_at` (R6). `properties` are those of
    what then begins it, `depth` that of the run that sent it."""

    workspace: int
    contact_id: int
    journey_id: int
    delivery_id: UUID
    delivered_at: datetime
    due_at: datetime
    properties: dict[str, Any]
    depth: int


class EndWatch(msgspec.Struct, frozen=True):
    """That instant has come."""

    contact_id: int
    journey_id: int
    delivery_id: UUID


class TakeEntry(msgspec.Struct, frozen=True):
    """R5: one run more of a journey whose entries are counted, on `day` of its zone."""

    workspace: int
    journey_id: int
    day: date


class OpenGoal(msgspec.Struct, frozen=True):
    """G1, G3: a run's goal may be reached by what occurs between `since` and `until`, but by the event `began_by` that
    began it. `step` is where it sent its last message, at `sent_at`."""

    workspace: int
    contact_id: int
    run_id: UUID
    journey_id: int
    revision: int
    began_by: str
    since: datetime
    until: datetime
    step: str
    sent_at: datetime | None


class CreditStep(msgspec.Struct, frozen=True):
    """G2: the run has sent a message, to which its goal may be owed."""

    contact_id: int
    run_id: UUID
    step: str
    at: datetime


class LoseCredit(msgspec.Struct, frozen=True):
    """G2: a message of the run was not received, so its goal is owed to the one before it, reached already or not."""

    workspace: int
    contact_id: int
    run_id: UUID
    journey_id: int
    step: str


class ReachGoal(msgspec.Struct, frozen=True):
    """G1: the goal was reached, by an event that occurred `at`; it is owed to the message of `step`, empty for none.
    `earlier_steps`: those of the messages before that one, for it may not have been received (G2)."""

    workspace: int
    contact_id: int
    run_id: UUID
    journey_id: int
    step: str
    event_id: UUID
    at: datetime
    earlier_steps: tuple[str, ...]


class Assign(msgspec.Struct, frozen=True):
    """A1: a customer came to a split for the first time, and goes this way there ever after. `bucket` 0 to 9999,
    `weight` the way's share of those then."""

    workspace: int
    contact_id: int
    experiment: str
    way: str
    bucket: int
    weight: int
    at: datetime


EntryEffect = Assign | WatchMessage | EndWatch | TakeEntry | OpenGoal | CreditStep | LoseCredit | ReachGoal
