"""What the log has of conversations, beside the messages themselves."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class TalkEntry(msgspec.Struct, frozen=True, tag="talk", omit_defaults=True):
    """Something changed in a conversation that goes on at a merged contact (M8), told to that contact's owner: it is
    active, a `question` waits in it, it was handed over to people or waits for them no more, a merge closed it
    (`into_id` goes on), or that was undone (`merge_id` alone)."""

    contact_id: int
    channel_id: int
    conversation_id: UUID
    at: datetime
    question: dict[str, Any] | None = None
    hand_over: dict[str, Any] | None = None
    into_id: UUID | None = None
    merge_id: UUID | None = None


class HandOverEntry(msgspec.Struct, frozen=True, tag="hand_over", omit_defaults=True):
    """A journey hands a customer over to people (I6): their conversation waits for somebody from now on, with these
    facts. `say`: what the customer is told. `id`: the same again for the same step of a run."""

    contact_id: int
    id: UUID
    at: datetime
    facts: dict[str, Any]
    say: str = ""
