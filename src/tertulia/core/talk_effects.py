"""What happens in conversations: a closed union, part of `effects.Effect`."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tertulia.core.identity import IdentityRef


class OpenConversation(msgspec.Struct, frozen=True):
    """At most one that is not resolved per contact and channel (I2)."""

    workspace: int
    contact_id: int
    channel_id: int
    id: UUID
    at: datetime


class SetQuestion(msgspec.Struct, frozen=True):
    """A question waits for its answer in a conversation; an empty one waits no more."""

    workspace: int
    contact_id: int
    channel_id: int
    conversation_id: UUID
    question: dict[str, Any]


class HandOver(msgspec.Struct, frozen=True):
    """I6: a conversation waits for people since `at`, with what they need to know of it; without facts it waits no
    more."""

    workspace: int
    contact_id: int
    channel_id: int
    conversation_id: UUID
    at: datetime
    facts: dict[str, Any]


class CloseConversation(msgspec.Struct, frozen=True):
    """M8: of two open conversations on one channel this one is closed; `into_id` goes on."""

    workspace: int
    contact_id: int
    channel_id: int
    id: UUID
    into_id: UUID
    merge_id: UUID


class ReopenConversations(msgspec.Struct, frozen=True):
    """What a merge closed of a contact is open again, where nothing else is open on its channel meanwhile."""

    workspace: int
    contact_id: int
    merge_id: UUID


class TouchConversation(msgspec.Struct, frozen=True):
    """Something was said in it by a contact that its own was merged into."""

    workspace: int
    contact_id: int
    id: UUID
    at: datetime


class StoreMessage(msgspec.Struct, frozen=True):
    """One message in a conversation, unique by channel, direction and provider's id for ever (I3)."""

    workspace: int
    contact_id: int
    channel_id: int
    conversation_id: UUID
    direction: str
    provider_id: str
    identity: IdentityRef
    form: str
    text: str
    facts: dict[str, Any]
    provider_at: datetime
    provider_seq: int
    arrived_at: datetime


TalkEffect = (
    OpenConversation
    | SetQuestion
    | HandOver
    | CloseConversation
    | ReopenConversations
    | TouchConversation
    | StoreMessage
)
