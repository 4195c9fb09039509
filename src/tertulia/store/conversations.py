"""Reads of conversations and messages, and of what came in by channel (I3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tertulia.core.identity import IdentityRef
from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, load, read_json

UUID_MAX = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Conversation:
    """`asked`: a question waits for its answer (M5). `into`: of one that a merge closed, the conversation that goes on
    (M8)."""

    id: UUID
    contact_id: int
    channel_id: int
    state: str
    opened_at: datetime
    last_at: datetime
    asked: bool
    name: str
    surname: str
    into: UUID | None


@dataclass(frozen=True, slots=True)
class Message:
    """`direction` is in or out; `at` the provider's time, `arrived_at` ours."""

    contact_id: int
    conversation_id: UUID
    channel_id: int
    direction: str
    provider_id: str
    identity: IdentityRef
    form: str
    text: str
    facts: dict[str, Any]
    at: datetime
    sequence: int
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class Intake:
    """A channel's counts: log entries received, and what became of them; duplicates are among the processed. What is
    neither processed nor parked is on its way."""

    channel_id: int
    received: int
    processed: int
    duplicates: int
    parked: int

    @property
    def on_the_way(self) -> int:
        return self.received - self.processed - self.parked


def list_conversations(
    conn: Conn,
    workspace: int,
    *,
    channel: int = 0,
    state: str = "",
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Conversation]:
    """The workspace's conversations, the last active first, from after `before` (last_at and id)."""
    at, conversation_id = before or ("infinity", UUID_MAX)
    args = {
        "workspace": workspace,
        "channel": channel,
        "state": state,
        "before": at,
        "before_id": conversation_id,
        "limit": limit,
    }
    return [Conversation(*row) for row in fetch_all(conn, load("conversations")["list"], args)]


def list_messages(
    conn: Conn,
    family: Sequence[int],
    *,
    conversation: UUID | None = None,
    before: datetime | None = None,
    limit: int = 50,
) -> list[Message]:
    """What was said with these contacts, the newest first (I4); of one conversation, or of all."""
    args = {
        "shards": [shard_of_contact(contact_id) for contact_id in family],
        "ids": list(family),
        "conversation": conversation,
        "before": before or "infinity",
        "limit": limit,
    }
    return [_message(row) for row in fetch_all(conn, load("conversations")["messages"], args)]


def read_intake(conn: Conn, workspace: int) -> list[Intake]:
    """Received, processed, duplicate and parked entries of every channel."""
    return [Intake(*row) for row in fetch_all(conn, load("conversations")["intake"], {"workspace": workspace})]


def _message(row: Sequence[Any]) -> Message:
    identity = IdentityRef(row[5], row[6], row[7])
    return Message(*(*row[:5], identity, row[8], row[9], read_json(row[10]), *row[11:]))
