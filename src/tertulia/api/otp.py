"""One-time codes: asked for, and given back."""

import secrets
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from tertulia.actions import otp as actions
from tertulia.actions.otp import Chance, OtpForm
from tertulia.actions.otp_figures import read_lately, set_countries
from tertulia.api.shell import conn_of, now, use_asks, workspace_of, writing
from tertulia.data.models import Workspace
from tertulia.store.clock import real_now
from tertulia.store.world import iter_serials

router = Router(tags=["One-time codes"])

SALT_BYTES = 13


class OtpIn(Schema):
    """To whom: `contact_id` or `user_id`, or `phone` and `email`, one or both, known or not. `channels` are tried in
    their order, the next one `fall_back_s` seconds after the last without a receipt of its delivery; names, or kinds.
    `purpose` is yours: a newer code for the same contact and purpose makes the older one good for nothing. `texts` and
    `subjects` by language, in Liquid, with `code`, `minutes` and `workspace.name`; without them ours. `template` names
    one of the platform's, whose only parameter is the code, where a business may write first (WhatsApp)."""

    channels: list[str]
    contact_id: int | None = None
    user_id: str = ""
    phone: str = ""
    email: str = ""
    purpose: str = ""
    locale: str = ""
    texts: dict[str, str] | None = None
    subjects: dict[str, str] | None = None
    template: str = ""
    template_language: str = ""
    length: int = 6
    lifetime_s: int = 600
    attempts: int = 5
    fall_back_s: int = 10


class OtpOut(Schema):
    """A code that is on its way. `channels`: those on which the customer can be reached, in their order."""

    id: UUID
    contact_id: int
    channels: list[str]
    expires_at: datetime


class GuessIn(Schema):
    """The id that asking gave, and what the customer typed."""

    id: UUID
    code: str


class GuessOut(Schema):
    """`result`: verified, wrong, expired, used (it was right before), replaced (a newer one was asked for) or too_many.
    `attempts_left` after a wrong one."""

    result: str
    verified: bool
    attempts_left: int
    contact_id: int
    purpose: str


class FigureOut(Schema):
    """Codes of the last 30 days whose last channel this is; null: none was open."""

    channel_id: int | None
    asked: int
    delivered: int
    verified: int
    too_many: int
    expired: int


class RecentOut(Schema):
    """A code. `ways`: how many channels were tried; `delivery`: what became of the message on the last."""

    id: UUID
    contact_id: int
    purpose: str
    at: datetime
    state: str
    attempts: int
    channel_id: int | None
    ways: int
    delivery: str
    name: str


class LatelyOut(Schema):
    figures: list[FigureOut]
    recent: list[RecentOut]


class CountriesIn(Schema):
    """ISO 3166 codes; none: codes go to numbers of all countries."""

    countries: list[str]


@router.get("/otp", response=LatelyOut, summary="What became of one-time codes")
def show_otps(request: HttpRequest) -> dict[str, Any]:
    """In the last 30 days, by channel, and the newest 50."""
    return asdict(read_lately(conn_of(), workspace_of(request), now()))


@router.get("/otp/countries", response=CountriesIn, summary="Countries of one-time codes")
def show_countries(request: HttpRequest) -> dict[str, Any]:
    """Those to whose numbers codes may go; none: all."""
    return {"countries": workspace_of(request).otp_countries}


@router.put("/otp/countries", response=CountriesIn, summary="Limit one-time codes to countries")
def limit_countries(request: HttpRequest, form: CountriesIn) -> dict[str, Any]:
    """Numbers of all others are refused."""
    workspace = workspace_of(request)
    with writing():
        set_countries(workspace, None, now(), form.countries)
    return {"countries": workspace.otp_countries}


@router.post("/otp", response={202: OtpOut}, summary="Send a one-time code")
def send_otp(request: HttpRequest, form: OtpIn) -> Status:
    """By the first channel that delivers it. One code is valid on all of them. The key needs the scope `otp` or
    `write`; 429 says when to come again."""
    workspace, at, real = workspace_of(request), now(), real_now()
    told = OtpForm(**form.dict())
    actions.check_form(told)
    chance = Chance(f"{secrets.randbelow(10**form.length):0{form.length}d}", secrets.token_bytes(SALT_BYTES))
    key_id = request.auth.pk  # type: ignore[attr-defined]
    asked = use_asks(
        lambda asks: actions.ask_otp(
            conn_of(), asks, workspace, key_id, told, chance, lambda: next(_iter_serials()), at, real
        )
    )
    return Status(202, actions.describe(asked))


@router.post("/otp/verify", response=GuessOut, summary="Check a one-time code")
def verify_otp(request: HttpRequest, form: GuessIn) -> dict[str, Any]:
    """Right once, within its time and its attempts. A right one verifies the number or e-mail address that it was sent
    to, where it went to one alone and the contact has it."""
    workspace: Workspace = workspace_of(request)
    at = now()
    told = use_asks(lambda asks: actions.verify_otp(conn_of(), asks, workspace, form.id, form.code, at))
    return {
        "result": told.result.value,
        "verified": told.result is actions.Guess.VERIFIED,
        "attempts_left": told.attempts_left,
        "contact_id": told.contact_id,
        "purpose": told.purpose,
    }


def _iter_serials() -> Iterator[int]:
    """Numbers of contacts that are new; a block of them is taken for each request that needs one."""
    return iter_serials(conn_of())
