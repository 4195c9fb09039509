"""What if a journey's draft had been live: the workspace's own last days, played through it."""

import time
from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema

from tertulia.actions import journeys as actions
from tertulia.actions.problems import Problem, Refused
from tertulia.actions.what_if_draft import LIVE, NUMBER_MAX, NUMBERS, PERIODS, Wish, try_draft
from tertulia.api.journeys import UnsentOut
from tertulia.api.shell import conn_of, now, public_url, workspace_of
from tertulia.core.journeys import compile_journey
from tertulia.core.simulation.rates import Rates
from tertulia.documents.lines import BadDocument, Written
from tertulia.documents.rates import convert_rates

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


class GuardPauseOut(Schema):
    """A guard that paused the journey: `count` of `of`, and the share that was `allowed`."""

    at: datetime
    guard: str
    count: int
    of: int
    allowed: str
    sentence: str


class CanaryOut(Schema):
    """To which share it went first, until when, and how many messages of others waited for that."""

    share: str
    until: datetime
    held: int


class BeganOut(Schema):
    """A limit of the workspace's budget: what others had spent of it when the trial begins, in millionths."""

    per: str
    spent_micros: int
    limit_micros: int


class BudgetsOut(Schema):
    """How budgets begin: on history the limits of the `workspace` as others had spent them, with synthetic customers
    unspent; `draft`: whether it has one of its own, which begins unspent."""

    workspace: list[BeganOut]
    draft: bool


class ReactionsOut(Schema):
    """What synthetic customers did with messages: opened them (of these so many within five minutes), clicked in them,
    replied, or wanted no more offers on that channel."""

    opened: int
    opened_soon: int
    clicked: int
    replied: int
    left: int


class TriedStepOut(Schema):
    """How many runs came to a step, how many messages it sent, and how many runs ended there; with synthetic customers
    what they did with them."""

    step: str
    kind: str
    name: str
    reached: int
    sent: int
    ended: int
    reactions: ReactionsOut | None


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
    guard: GuardPauseOut | None
    canary: CanaryOut | None
    coupons: list[NeededCouponsOut]
    cost: list[CostOut]
    reactions: ReactionsOut | None
    by_day: list[PlayedDayOut]
    steps: list[TriedStepOut]
    ended: list[RunEndOut]
    not_entered: list[UnsentOut]
    not_sent: list[NotSentOut]
    held: list[HeldOut]
    samples: list[ReadSampleOut]


class WishIn(Schema):
    """What is to be played: `on` history, or synthetic customers, so many for `days` (7 or 30). `beside`: live, the key
    of another journey whose draft is played through the same, or empty for nothing. `rates` as in the reference; what
    they do not say is as in the defaults."""

    on: Literal["history", "synthetic"] = "history"
    days: int = PERIODS[0]
    customers: int = NUMBERS[0]
    beside: str = LIVE
    rates: dict[str, Any] = {}


class HabitOut(Schema):
    """How often a synthetic customer does something a day; `known`: said by the rates, seen in the last days, or
    assumed."""

    name: str
    type: str
    per_day: float
    known: str


class SyntheticOut(Schema):
    """Whom the customers are modelled on, customers or rates, how many of them are of which country and language and
    can be reached on which channel, and what they do."""

    modelled_on: str
    mix: dict[str, dict[str, int]]
    events: list[HabitOut]


class TrialOut(Schema):
    """The draft, and what stands `beside` it where there is something (`beside_name`) and time was left for it. `since`
    and `to`: what was played; `sent_beside`: messages of other journeys that were sent then and count under the caps.
    `synthetic` is null on history. `cut`: empty, or events or contacts where there were too many of them and the
    earlier ones were left out; `whole` is false where it took too long and was stopped at `to`."""

    on: str
    draft: PlayedOut
    beside: PlayedOut | None
    beside_name: str
    since: datetime
    to: datetime
    events: int
    contacts: int
    sent_beside: int
    budgets: BudgetsOut | None
    begun: int | None
    rates: dict[str, Any]
    synthetic: SyntheticOut | None
    cut: str
    whole: bool


@router.get("/journeys/{journey_id}/what-if", response=TrialOut, summary="What if the draft had been live?")
def get_what_if(request: HttpRequest, journey_id: int, days: int = 7, answered: int = 50) -> dict[str, Any]:
    """The workspace's own last `days` (7 or 30), played through the draft beside what is live of it; `answered` percent
    of its questions are answered. Nothing is stored or sent. Takes some seconds. Refused with everything that is wrong
    with the draft."""
    if not 0 <= answered <= 100:
        raise Refused([Problem("invalid", _("Give a number from 0 to 100."), "answered")])
    return _try(request, journey_id, WishIn(days=days, rates={"answered": answered}))


@router.post("/journeys/{journey_id}/what-if", response=TrialOut, summary="Try a draft")
def try_what_if(request: HttpRequest, journey_id: int, wish: WishIn) -> dict[str, Any]:
    """The draft, and another one beside it, on history or with synthetic customers, by these rates. Nothing is stored
    or sent. Takes some seconds. Refused with everything that is wrong with the draft or the rates."""
    return _try(request, journey_id, wish)


def _try(request: HttpRequest, journey_id: int, wish: WishIn) -> dict[str, Any]:
    began = time.monotonic()
    journey = actions.access_journey(workspace_of(request), journey_id)
    if wish.days not in PERIODS:
        raise Refused([Problem("invalid", _("Say 7 or 30."), "days")])
    if not 1 <= wish.customers <= NUMBER_MAX:
        told = _("Give a number from 1 to %(most)s.") % {"most": NUMBER_MAX}
        raise Refused([Problem("invalid", told, "customers")])
    document, problems = actions.check_text(journey.workspace, journey.document)
    if document is None:
        raise Refused(problems)
    trial = try_draft(
        *(conn_of(), journey, compile_journey(document), now()),
        Wish(wish.on, wish.days, wish.customers, wish.beside, _read_rates(wish.rates)),
        public_url=public_url(),
        elapsed=lambda: time.monotonic() - began,
    )
    stage = {name: trial.stage[name] for name in ("on", "sent_beside", "budgets", "begun", "rates", "synthetic")}
    names = ("draft", "beside", "beside_name", "since", "to", "events", "contacts", "cut", "whole")
    return stage | {name: getattr(trial, name) for name in names}


def _read_rates(said: dict[str, Any]) -> Rates:
    try:
        return convert_rates(Written(said, {}))
    except BadDocument as error:
        places = [(".".join(map(str, ("rates", *one.path))), one) for one in error.problems]
        raise Refused([Problem("invalid", one.sentence, place) for place, one in places]) from None
