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
    """`asked`: a question waits for its answer. `into`: of one that a merge closed, the conversation that goes on
    (M8). `handed_at`: since when it waits for a person (I6), with what came along; None while it does not."""

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
    handed_at: datetime | None
    hand_over: dict[str, Any]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A conversation that waits for a person; `hand_over` as `core.hand_over` tells it."""

    id: UUID
    contact_id: int
    channel_id: int
    handed_at: datetime
    hand_over: dict[str, Any]
    name: str
    surname: str


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
class Said:
    """One message of a transcript, of either side."""

    contact_id: int
    channel_id: int
    direction: str
    at: datetime
    text: str
    form: str
    state: str
    match_id: int | None
    journey_id: int | None
    step: str


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
    waiting: bool = False,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Conversation]:
    """The workspace's conversations, the last active first, from after `before` (last_at and id)."""
    at, conversation_id = before or ("infinity", UUID_MAX)
    args = {
        "workspace": workspace,
        "channel": channel,
        "state": state,
        "waiting": waiting,
        "before": at,
        "before_id": conversation_id,
        "limit": limit,
    }
    rows = fetch_all(conn, load("conversations")["list"], args)
    return [Conversation(*(*row[:11], read_json(row[11]))) for row in rows]


def list_handed_over(conn: Conn, workspace: int, limit: int) -> list[HandedOver]:
    """What waits for a person, those that wait longest first."""
    args = {"workspace": workspace, "limit": limit}
    return [_wait(row) for row in fetch_all(conn, load("conversations")["waiting"], args)]


def list_handed_over_of(conn: Conn, family: Sequence[int]) -> list[HandedOver]:
    """Conversations of these contacts that wait for a person."""
    args = {"shards": [shard_of_contact(contact_id) for contact_id in family], "ids": list(family)}
    return [_wait(row) for row in fetch_all(conn, load("conversations")["waiting_of"], args)]


def _wait(row: Sequence[Any]) -> HandedOver:
    return HandedOver(*(*row[:4], read_json(row[4]), *row[5:]))


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


def list_said(conn: Conn, family: Sequence[int], *, before: datetime | None = None, limit: int = 50) -> list[Said]:
    """What these contacts and we said to each other, the newest first."""
    args = {
        "shards": [shard_of_contact(contact_id) for contact_id in family],
        "ids": list(family),
        "before": before or "infinity",
        "limit": limit,
    }
    return [Said(*row) for row in fetch_all(conn, load("conversations")["said"], args)]


def read_intake(conn: Conn, workspace: int) -> list[Intake]:
    """Received, processed, duplicate and parked entries of every channel."""
    return [Intake(*row) for row in fetch_all(conn, load("conversations")["intake"], {"workspace": workspace})]


def _message(row: Sequence[Any]) -> Message:
    identity = IdentityRef(row[5], row[6], row[7])
    return Message(*(*row[:5], identity, row[8], row[9], read_json(row[10]), *row[11:]))
