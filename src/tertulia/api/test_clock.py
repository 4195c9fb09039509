"""What exists only under a test clock: the clock itself, a fresh workspace with its key, and an empty database.

A jump of the clock answers when every shard is drained (E8): the log is decided to its end, nothing that is due is
queued, and nothing is with a sender.
"""

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.http import HttpRequest
from ninja import Router, Schema, Status

from tertulia.actions import workspaces as actions
from tertulia.actions.config import load_segments
from tertulia.actions.segment_cycle import has_time
from tertulia.api.shell import conn_of, now, writing
from tertulia.errors import Conflict, Invalid
from tertulia.store import clock, testing

router = Router(tags=["Test clock"], auth=None)

DRAIN_LIMIT_S = 120.0
DRAIN_POLL_S = 0.03
STEADY_READS = 2


class ClockIn(Schema):
    """`now`: an instant with its zone; or `advance_s`: seconds to go forward."""

    now: datetime | None = None
    advance_s: float | None = None
    limit_s: float = DRAIN_LIMIT_S


class ClockOut(Schema):
    now: datetime


class NewWorkspaceIn(Schema):
    name: str = "Test"
    country: str = "BR"
    language: str = "en"
    currency: str = "BRL"
    link_domain: str = ""


class NewWorkspaceOut(Schema):
    workspace_id: int
    key: str


@router.get("/clock", response=ClockOut, summary="The test clock")
def get_clock(request: HttpRequest) -> dict[str, datetime]:
    """The instant that decisions use."""
    return {"now": now()}


@router.post("/clock", response=ClockOut, summary="Set or advance the test clock")
def post_clock(request: HttpRequest, form: ClockIn) -> dict[str, datetime]:
    """Answers when everything that is due then has been done. 409 when that takes longer than `limit_s`."""
    if (form.now is None) == (form.advance_s is None):
        raise Invalid("Give either now or advance_s.")
    before = now()
    if form.now is not None:
        if form.now.tzinfo is None:
            raise Invalid("The instant needs its zone.", field="now")
        at = form.now.astimezone(UTC)
    else:
        at = before + timedelta(seconds=form.advance_s or 0.0)
    if at < before:
        raise Invalid("The clock never goes back.", field="now")
    with writing():
        clock.set_test_clock(conn_of(), at)
    drain(form.limit_s)
    return {"now": now()}


@router.post("/drain", response=ClockOut, summary="Wait until everything is done")
def post_drain(request: HttpRequest, limit_s: float = DRAIN_LIMIT_S) -> dict[str, datetime]:
    """Without moving the clock."""
    drain(limit_s)
    return {"now": now()}


@router.post("/workspace", response={201: NewWorkspaceOut}, summary="A fresh workspace with its key")
def post_workspace(request: HttpRequest, form: NewWorkspaceIn) -> Status[dict[str, Any]]:
    """With every scope, so that a scenario begins with nothing of another's."""
    with writing():
        made = actions.WorkspaceForm(**form.dict())
        workspace = actions.create_workspace(None, now(), made, secrets.token_bytes(actions.LINK_KEY_BYTES))
        secret = secrets.token_urlsafe(32)
        _key, text = actions.create_key(workspace, None, now(), "test", actions.SCOPES, secret)
    return Status(201, {"workspace_id": workspace.pk, "key": text})


def drain(limit_s: float) -> None:
    """Wait until nothing is left to do now, seen twice in a row (an entry may cause another one). Raises Conflict."""
    until = time.monotonic() + limit_s
    steady = 0
    while steady < STEADY_READS:
        timed = [segment.id for segment in load_segments(conn_of()).values() if has_time(segment)]
        left = testing.count_left(conn_of(), now(), timed)
        steady = steady + 1 if left == 0 else 0
        if time.monotonic() > until:
            raise Conflict(f"After {limit_s:g} s there is still work: {left} entries or deliveries.")
        if steady < STEADY_READS:
            connection.close_if_unusable_or_obsolete()
            time.sleep(DRAIN_POLL_S)
