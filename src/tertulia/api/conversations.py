"""Conversations and messages, and what came in by channel (I3)."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from tertulia.actions import contacts
from tertulia.api.contact_shapes import AskedOut
from tertulia.api.paging import read_cursor, read_limit, write_cursor
from tertulia.api.shell import ask_engine, conn_of, now, workspace_of
from tertulia.errors import Invalid
from tertulia.store import contacts as contact_store
from tertulia.store import conversations as store

router = Router(tags=["Conversations"])


class ConversationOut(Schema):
    """`asked`: a question waits for its answer. `into`: a merge closed it, and that conversation goes on. `handed_at`:
    since when it waits for a person, and in `hand_over` what they need to know: the reason (step, or word where the
    customer asked for one), the journey, the run and its step, the answers so far, the language, the question that was
    asked last without an answer."""

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


class ConversationsOut(Schema):
    conversations: list[ConversationOut]
    next: str


class MessageOut(Schema):
    """`at` is the provider's time, `arrived_at` ours; `identity` who wrote or was written to."""

    contact_id: int
    conversation_id: UUID
    channel_id: int
    direction: str
    provider_id: str
    identity: str
    form: str
    text: str
    facts: dict[str, Any]
    at: datetime
    arrived_at: datetime


class SaidOut(Schema):
    """One message. `direction`: in, or out; of one of ours its `state`, and the `journey_id` and `step` or the
    `match_id` that it is of."""

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


class IntakeOut(Schema):
    """Log entries that a channel's webhooks became: received = processed + parked + on_the_way; duplicates are among
    the processed."""

    channel_id: int
    received: int
    processed: int
    duplicates: int
    parked: int
    on_the_way: int


@router.get("/conversations", response=ConversationsOut, summary="Conversations")
def list_conversations(
    request: HttpRequest,
    channel_id: int = 0,
    state: str = "",
    waiting: bool = False,
    cursor: str = "",
    limit: int = 50,
) -> dict[str, Any]:
    """The last active first; of one channel or state, those that are waiting for a person, or all."""
    place = read_cursor(cursor)
    found = store.list_conversations(
        conn_of(),
        workspace_of(request).pk,
        channel=channel_id,
        state=state,
        waiting=waiting,
        before=(place[0], _read_id(place[1])) if place else None,
        limit=read_limit(limit),
    )
    last = found[-1] if len(found) == limit else None
    return {"conversations": found, "next": write_cursor(last.last_at, last.id) if last else ""}


@router.get("/contacts/{contact_id}/messages", response=list[MessageOut], summary="Messages")
def list_messages(
    request: HttpRequest,
    contact_id: int,
    conversation_id: UUID | None = None,
    before: datetime | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """What was said with a contact, the newest first; of one conversation, or all."""
    workspace = workspace_of(request)
    contact = contacts.access_contact(conn_of(), workspace, contact_id)
    family = [contact.id, *contact_store.read_absorbed(conn_of(), workspace.pk, contact.id)]
    found = store.list_messages(conn_of(), family, conversation=conversation_id, before=before, limit=read_limit(limit))
    return [_write(message) for message in found]


@router.get("/contacts/{contact_id}/transcript", response=list[SaidOut], summary="Transcript")
def get_transcript(
    request: HttpRequest, contact_id: int, before: datetime | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """What the customer and we said to each other on every channel, the newest first."""
    workspace = workspace_of(request)
    contact = contacts.access_contact(conn_of(), workspace, contact_id)
    family = [contact.id, *contact_store.read_absorbed(conn_of(), workspace.pk, contact.id)]
    return [asdict(said) for said in store.list_said(conn_of(), family, before=before, limit=read_limit(limit))]


@router.post(
    "/contacts/{contact_id}/conversations/{conversation_id}/release", response=AskedOut, summary="Somebody answered"
)
def release_conversation(request: HttpRequest, contact_id: int, conversation_id: UUID) -> dict[str, bool]:
    """The conversation waits for a person no more."""
    workspace = workspace_of(request)
    entry = contacts.ask_release(conn_of(), workspace, now(), contact_id, conversation_id)
    return {"decided": ask_engine(workspace, [entry])}


@router.get("/intake", response=list[IntakeOut], summary="What came in")
def get_intake(request: HttpRequest) -> list[dict[str, Any]]:
    """Counts by channel."""
    found = store.read_intake(conn_of(), workspace_of(request).pk)
    return [{**asdict(item), "on_the_way": item.on_the_way} for item in found]


def _read_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("This cursor is not one of ours.", field="cursor") from None


def _write(message: store.Message) -> dict[str, Any]:
    identity = message.identity
    return {**asdict(message), "identity": f"{identity.kind}:{identity.scope}:{identity.value}"}
