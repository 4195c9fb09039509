"""What journeys bring about: a closed union, part of `effects.Effect`."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class SetRun(msgspec.Struct, frozen=True):
    """A live run as it is now: at `step` since `since`, woken at `due_at` or by the verdict of `delivery_id`. `event`
    is what began it; it occurred at `entered_at`, and `started_at` is when that was decided. `withheld`: a message
    was dropped outside its window (R3). `answers` by the steps that asked; `question` waits for one: the channel, the
    delivery that asked, since when, and how often it was asked again; after one that was not answered it names that
    step as `failed`. `results`: what calls of its steps saved, by step and name. `exit_at`: when its exit condition is
    looked at next, for time alone may make it hold then (X5)."""

    workspace: int
    contact_id: int
    id: UUID
    journey_id: int
    revision: int
    key: str
    step: str
    visit: int
    entered_at: datetime
    started_at: datetime
    since: datetime
    due_at: datetime | None
    delivery_id: UUID | None
    event: dict[str, Any]
    withheld: bool
    answers: dict[str, Any]
    question: dict[str, Any]
    results: dict[str, Any]
    exit_at: datetime | None


class EndRun(msgspec.Struct, frozen=True):
    """A run is over, at `step`: `outcome` is completed, left (an exit step) or exited, for `reason`, by the event
    `event_id` where one did it. The other fields as in SetRun."""

    workspace: int
    contact_id: int
    id: UUID
    journey_id: int
    revision: int
    key: str
    step: str
    entered_at: datetime
    started_at: datetime
    event: dict[str, Any]
    answers: dict[str, Any]
    results: dict[str, Any]
    outcome: str
    reason: str
    event_id: UUID | None
    at: datetime


class TallyStep(msgspec.Struct, frozen=True):
    """One run more for a step's counts: `what` is reached, or how and where a run ended."""

    workspace: int
    contact_id: int
    journey_id: int
    step: str
    what: str


class NotePassage(msgspec.Struct, frozen=True):
    """R2, R3: an entry into a journey that counts, with the instant of its last message where there was one."""

    workspace: int
    contact_id: int
    journey_id: int
    key: str
    entry_at: datetime
    message_at: datetime | None


RunEffect = SetRun | EndRun | TallyStep | NotePassage
