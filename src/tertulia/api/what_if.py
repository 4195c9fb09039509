"""What if a journey's draft had been live: the workspace's own last days, played through it."""

import time
from datetime import date, datetime

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema

from tertulia.actions import journeys as actions
from tertulia.actions.problems import Problem, Refused
from tertulia.actions.what_if_draft import PERIODS, Trial, try_draft
from tertulia.api.journeys import UnsentOut
from tertulia.api.shell import conn_of, now, public_url, workspace_of
from tertulia.core.journeys import compile_journey

router = Router(tags=["Journeys"])


class PlayedDayOut(Schema):
    """Messages of one channel on a day of the workspace's zone."""

    day: date
    channel: str
    kind: str
    count: int


class CostOut(Schema):
    """Millionths of a currency."""

    currency: str
    micros: int


class NeededCouponsOut(Schema):
    """How many codes of a pool would have been given, and how many are left today; null of one for everybody."""

    pool: str
    name: str
    needed: int
    left: int | None


class TriedStepOut(Schema):
    """How many runs came to a step, how many messages it sent, and how many runs ended there."""

    step: str
    kind: str
    name: str
    reached: int
    sent: int
    ended: int


class NotSentOut(UnsentOut):
    """A message that was not sent, failed or was taken back, or a question that was not answered: `outcome`, by which
    gate."""

    step: str
    outcome: str
    gate: str


class HeldOut(UnsentOut):
    """Messages that a gate held back for a while, each once."""

    gate: str


class RunEndOut(Schema):
    """How runs ended: completed, left or exited, and for which reason."""

    outcome: str
    reason: str
    count: int


class ReadSampleOut(Schema):
    """A message as it would be read."""

    contact_id: int
    name: str
    at: datetime
    channel: str
    kind: str
    step: str
    text: str


class PlayedOut(Schema):
    """What a journey would have come to. `inside`: runs that are not over at the end; `waiting`: messages that had not
    gone out by then; `held_out`: those of customers in a hold-out, which passed every gate and were
    not sent; `calls`: those to your own API, which are not made but answered by their steps' samples."""

    entered: int
    completed: int
    inside: int
    messages: int
    calls: int
    waiting: int
    held_out: int
    held_by_hours: int
    held_by_cap: int
    coupons: list[NeededCouponsOut]
    cost: list[CostOut]
    by_day: list[PlayedDayOut]
    steps: list[TriedStepOut]
    ended: list[RunEndOut]
    not_entered: list[UnsentOut]
    not_sent: list[NotSentOut]
    held: list[HeldOut]
    samples: list[ReadSampleOut]


class TrialOut(Schema):
    """The draft, and what is `live` where there is such a revision and time was left for it. `since` and `to`: what was
    played. `cut`: empty, or events or contacts where there were too many of them and the earlier ones were left out;
    `whole` is false where it took too long and was stopped at `to`."""

    draft: PlayedOut
    live: PlayedOut | None
    since: datetime
    to: datetime
    events: int
    contacts: int
    cut: str
    whole: bool


@router.get("/journeys/{journey_id}/what-if", response=TrialOut, summary="What if the draft had been live?")
def get_what_if(request: HttpRequest, journey_id: int, days: int = 7, answered: int = 50) -> Trial:
    """The workspace's own events of the last `days` (7 or 30), played through the draft beside all published journeys;
    `answered` percent of its questions are answered. Nothing is stored or sent. Takes some seconds. Refused with
    everything that is wrong with the draft."""
    began = time.monotonic()
    journey = actions.access_journey(workspace_of(request), journey_id)
    if days not in PERIODS:
        raise Refused([Problem("invalid", _("Say 7 or 30."), "days")])
    if not 0 <= answered <= 100:
        raise Refused([Problem("invalid", _("Give a number from 0 to 100."), "answered")])
    document, problems = actions.check_text(journey.workspace, journey.document)
    if document is None:
        raise Refused(problems)
    return try_draft(
        *(conn_of(), journey, compile_journey(document), now(), days),
        answered=answered / 100,
        public_url=public_url(),
        elapsed=lambda: time.monotonic() - began,
    )
