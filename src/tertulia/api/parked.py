"""What came in and could not be decided or read: shown, tried again, set aside (I3)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from tertulia.actions import intake
from tertulia.api.contacts import AskedOut
from tertulia.api.paging import read_limit
from tertulia.api.shell import ASK_WAIT_S, conn_of, get_asks, now, public_url, use_asks, workspace_of, writing
from tertulia.store import parked as store

router = Router(tags=["Parked"])


class ParkedOut(Schema):
    """An entry whose decision failed, kept whole."""

    id: UUID
    channel_id: int | None
    kind: str
    reason: str
    payload: dict[str, Any]
    at: datetime
    settled_at: datetime | None


class UnreadableOut(Schema):
    """A signed call that could not be read; `tried_at`: when it was last tried again."""

    id: UUID
    channel_id: int
    at: datetime
    method: str
    reason: str
    bytes: int
    tried_at: datetime | None


class RereadOut(Schema):
    """Whether a call could be read this time, and whether all that it said was decided within a moment."""

    read: bool
    decided: bool


class RetriedOut(Schema):
    """Parked `entries` that went into the log once more, `calls` that could be read, what cannot be read `still`.
    `more`: one request tries a thousand, and there are more."""

    entries: int
    calls: int
    still: int
    more: bool
    decided: bool


@router.get("/parked", response=list[ParkedOut], summary="Parked entries")
def list_parked(
    request: HttpRequest, channel_id: int = 0, settled: bool = False, before: datetime | None = None, limit: int = 50
) -> list[store.Parked]:
    """What could not be decided, the newest first; of one channel, or all."""
    workspace = workspace_of(request)
    return store.list_parked(
        conn_of(), workspace.pk, channel=channel_id, settled=settled, before=before, limit=read_limit(limit)
    )


@router.post("/parked/retry", response=RetriedOut, summary="Try everything parked again")
def retry_all(request: HttpRequest, channel_id: int = 0) -> dict[str, Any]:
    """Parked entries and unreadable calls of one channel, or all."""
    workspace = workspace_of(request)
    done = use_asks(lambda asks: intake.retry_all(conn_of(), asks, workspace, None, now(), public_url(), channel_id))
    counts = {"entries": done.entries, "calls": done.calls, "still": done.still, "more": done.more}
    return {**counts, "decided": _wait(done)}


@router.post("/parked/{parked_id}/retry", response=AskedOut, summary="Try a parked entry again")
def retry_parked(request: HttpRequest, parked_id: UUID) -> dict[str, bool]:
    """It goes through the log once more."""
    workspace = workspace_of(request)
    return {"decided": _wait(use_asks(lambda asks: intake.retry_parked(asks, workspace, None, now(), parked_id)))}


@router.delete("/parked/{parked_id}", response={204: None}, summary="Set a parked entry aside")
def delete_parked(request: HttpRequest, parked_id: UUID) -> Status[None]:
    """It is settled without being tried again; it stays stored."""
    with writing():
        intake.set_aside(conn_of(), workspace_of(request), None, now(), parked_id)
    return Status(204, None)


@router.get("/unreadable", response=list[UnreadableOut], summary="Unreadable calls")
def list_unreadable(
    request: HttpRequest, channel_id: int = 0, before: datetime | None = None, limit: int = 50
) -> list[store.UnreadCall]:
    """Signed calls of providers that could not be read: acknowledged and kept; of one channel, or all."""
    place = (before, store.UUID_MIN) if before else None
    return store.list_unread(
        conn_of(), workspace_of(request).pk, channel=channel_id, before=place, limit=read_limit(limit)
    )


@router.post("/unreadable/{call_id}/retry", response=RereadOut, summary="Read a call again")
def retry_call(request: HttpRequest, call_id: UUID) -> dict[str, bool]:
    """By today's reader; what it says goes into the log under the ids that it would have had."""
    workspace = workspace_of(request)
    done = use_asks(lambda asks: intake.retry_call(asks, workspace, None, now(), call_id, public_url()))
    return {"read": bool(done.calls), "decided": _wait(done)}


def _wait(done: intake.Retried) -> bool:
    return get_asks().wait(done.asked, ASK_WAIT_S)
