"""Broadcasts: what each is doing and came to, how many it would reach, its launch, and taking that back.

A broadcast is a journey whose document says `kind: broadcast`: it is drafted, checked, paused, resumed and cancelled
by the addresses of journeys, under the same id.
"""

import time
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from tertulia.actions import broadcasts as actions
from tertulia.actions import journeys
from tertulia.actions.broadcast_outlook import try_broadcast
from tertulia.actions.problems import Refused
from tertulia.api.journeys import VersionIn
from tertulia.api.shell import conn_of, now, public_url, workspace_of, writing
from tertulia.api.what_if import PlayedOut
from tertulia.data.models import Journey
from tertulia.store.broadcasts import read_results

router = Router(tags=["Broadcasts"])


class ListedBroadcastOut(Schema):
    """`doing`: draft, scheduled, sending, paused, sent, missed (its time was over when the engine came to it) or
    cancelled. `due_at`: when the first of its audience may enter. `entered`, `inside` and `sent` as of any journey."""

    id: int
    key: str
    name: str
    doing: str
    due_at: datetime | None
    version: int
    entered: int
    inside: int
    sent: int


class ChannelResultOut(Schema):
    """Messages on one channel: in those `clicked` people opened a link, `waiting` are those without a verdict."""

    channel_id: int
    sent: int
    delivered: int
    opened: int
    clicked: int
    failed: int
    waiting: int
    cost_micros: int
    currency: str


class BroadcastOut(ListedBroadcastOut):
    """With what became of its messages, and in how many of them people opened each link, by its name."""

    channels: list[ChannelResultOut]
    links: dict[str, int]


class ReachableOut(Schema):
    """How many of an audience can be reached on a channel that the messages name."""

    channel: str
    count: int


class OutlookOut(Schema):
    """`count`: for how many it is, exactly; `anywhere`: how many of them can be reached on any of its channels.
    `sample` of them, the newest, were played as a simulation, which says what would become of their messages; `whole`:
    False where that took too long and was stopped."""

    count: int
    reachable: list[ReachableOut]
    anywhere: int
    sample: int
    whole: bool
    played: PlayedOut


@router.get("/broadcasts", response=list[ListedBroadcastOut], summary="Broadcasts")
def list_broadcasts(request: HttpRequest) -> list[dict[str, Any]]:
    """Those changed last first."""
    return _write(journeys.list_journeys(workspace_of(request), "broadcast"))


@router.get("/broadcasts/{broadcast_id}", response=BroadcastOut, summary="A broadcast")
def get_broadcast(request: HttpRequest, broadcast_id: int) -> dict[str, Any]:
    """What it is doing, and what became of its messages on each channel."""
    return _write_one(_access(request, broadcast_id))


@router.get("/broadcasts/{broadcast_id}/outlook", response=OutlookOut, summary="What a launch would come to")
def get_outlook(request: HttpRequest, broadcast_id: int) -> dict[str, Any]:
    """The draft is counted and played; nothing is sent. Refused with everything that is wrong with it."""
    began, journey = time.monotonic(), _access(request, broadcast_id)
    document, problems = journeys.check_text(journey.workspace, journey.document)
    if document is None:
        raise Refused(problems)
    trial = try_broadcast(
        *(conn_of(), journey.workspace, document, now()),
        journey_id=journey.pk,
        public_url=public_url(),
        elapsed=lambda: time.monotonic() - began,
    )
    reachable = [{"channel": name, "count": count} for name, count in trial.reach.reachable]
    told = {"count": trial.reach.count, "reachable": reachable, "anywhere": trial.reach.anywhere}
    return told | {"sample": trial.sample, "whole": trial.whole, "played": trial.told}


@router.post("/broadcasts/{broadcast_id}/launch", response=BroadcastOut, summary="Launch")
def launch_broadcast(request: HttpRequest, broadcast_id: int, form: VersionIn) -> dict[str, Any]:
    """Once. What is to go out at once begins after some seconds, in which it can be taken back. Refused with everything
    that is wrong, and with 409 when somebody changed the draft since `version`, or it was launched before."""
    with writing():
        journeys.publish(_access(request, broadcast_id), None, now(), version=form.version)
    return _write_one(_access(request, broadcast_id))


@router.post("/broadcasts/{broadcast_id}/take-back", response=BroadcastOut, summary="Take a launch back")
def take_back(request: HttpRequest, broadcast_id: int) -> dict[str, Any]:
    """It is a draft again: for ten seconds after a launch at once, until a minute before one at a date. 409 later."""
    with writing():
        actions.take_back(_access(request, broadcast_id), None, now())
    return _write_one(_access(request, broadcast_id))


def _access(request: HttpRequest, broadcast_id: int) -> Journey:
    return actions.access_broadcast(workspace_of(request), broadcast_id)


def _write_one(journey: Journey) -> dict[str, Any]:
    [told] = _write([journey])
    channels = [asdict(row) for row in read_results(conn_of(), journey.pk)]
    return told | {"channels": channels, "links": actions.count_links(conn_of(), journey)}


def _write(found: list[Journey]) -> list[dict[str, Any]]:
    progress = actions.read_progress(conn_of(), found)
    own = ("key", "name", "version")
    return [{"id": row.pk, **{name: getattr(row, name) for name in own}, **asdict(progress[row.pk])} for row in found]
