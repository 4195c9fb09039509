"""Matches: drafted, checked, priced, previewed, launched, paused, stopped; their funnel and who is behind it."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from tertulia.actions import match_costs, match_texts
from tertulia.actions import match_funnel as funnels
from tertulia.actions import matches as actions
from tertulia.actions.problems import Refused
from tertulia.api.channels import find_caller
from tertulia.api.contacts import DeliveryOut, write_delivery
from tertulia.api.paging import read_limit
from tertulia.api.problems import ProblemOut, write_problem
from tertulia.api.shell import conn_of, now, public_url, workspace_of, writing
from tertulia.data.models import Match
from tertulia.store import funnel as funnel_store
from tertulia.store import ledger_read

router = Router(tags=["Matches"])


class DirectIn(Schema):
    """A way to write first where the platform allows it."""

    channel_id: int
    template: str = ""
    language: str = ""
    parameters: list[str] = []


class MatchIn(Schema):
    """`apps`: channel ids in their order. `audience`: {"all": true}, {"imports": [ids]} or {"contacts": [ids]}.
    `text` in Liquid with `{{ link }}` or `{{ links.whatsapp }}`; where it uses a sensitive attribute, who is not
    verified at their number gets `neutral` instead, or nothing. `on_missing`: fail, default or skip."""

    name: str
    sms_channel_id: int | None = None
    apps: list[int] = []
    text: str = ""
    neutral: str = ""
    on_missing: str = "fail"
    message_class: str = "marketing"
    audience: dict[str, Any] = {}
    direct: list[DirectIn] = []
    rate_per_s: float | None = None
    budget_micros: int | None = None


class MatchOut(MatchIn):
    """`state`: draft, launching, live, paused, done or stopped. `audience_size` once the audience is frozen."""

    id: int
    state: str
    guard_reason: str
    audience_size: int | None
    created_at: datetime
    launched_at: datetime | None
    ended_at: datetime | None


class TextIn(Schema):
    """A text that is being typed; without one the draft's own."""

    text: str | None = None


class PreviewIn(TextIn):
    """`neutral`: a neutral text that is being typed; without one the draft's own."""

    contact_id: int
    neutral: str | None = None


class PartsOut(Schema):
    """`offenders`: characters that keep a text out of the plain SMS alphabet; `left`: units before another part."""

    encoding: str
    units: int
    parts: int
    offenders: list[str]
    left: int


class PreviewOut(Schema):
    """`variant`: main, or neutral where the text uses a sensitive attribute and this contact is not verified at their
    number; `why` says so."""

    text: str
    variant: str
    why: str
    parts: PartsOut | None
    problem: ProblemOut | None


class CountryOut(Schema):
    country: str
    contacts: int
    parts_usual: int
    parts_worst: int
    micros_usual: int | None
    micros_worst: int | None


class VariantOut(Schema):
    """`chooser` or `per_app`. Money in millionths by currency: usual and worst. `unpriced`: contacts of countries
    without a known price."""

    name: str
    text: str
    contacts: int
    longest: str
    parts: PartsOut | None
    countries: list[CountryOut]
    currencies: dict[str, tuple[int, int]]
    unpriced: int
    problem: ProblemOut | None


class TestIn(TextIn):
    """`numbers`: one to five, separated by commas; `contact_id`: as whom the text is rendered."""

    contact_id: int
    numbers: str


class TestOut(Schema):
    number: str
    outcome: str
    reason: str
    sentence: str


class StepsOut(Schema):
    imported: int
    valid_mobile: int
    sent: int
    delivered: int
    clicked: int
    wrote: int
    matched: int
    forwarded: int
    median_s: float | None


class DirectOut(Schema):
    kind: str
    sent: int
    delivered: int
    wrote: int
    matched: int


class AppOut(Schema):
    app: str
    clicked: int
    wrote: int
    matched: int
    median_s: float | None


class ReasonOut(Schema):
    reason: str
    sentence: str
    contacts: int


class OpeningOut(Schema):
    """Openings that are not a person's click: `taken_for` a preview, a scanner, no_beacon (our page was fetched and no
    browser showed it) or ended (the link led nowhere any more); of how many `contacts`' links."""

    taken_for: str
    openings: int
    contacts: int


class SavingOut(Schema):
    """Each month, against SMS. In millionths."""

    contacts: int
    messages: int
    sms_micros: int
    app_micros: int
    micros: int
    currency: str


class PointOut(Schema):
    at: datetime
    counts: dict[str, int]


class FunnelOut(Schema):
    """Every figure counts contacts; `/contacts` gives them. `reasons` add up to imported less matched."""

    totals: StepsOut
    direct: list[DirectOut]
    apps: list[AppOut]
    costs: dict[str, int]
    cost_per_match: dict[str, int]
    saving: SavingOut | None
    reasons: list[ReasonOut]
    openings: list[OpeningOut]
    width_s: int
    points: list[PointOut]


class PersonOut(Schema):
    """`why`: of one who is not matched, the reason."""

    contact_id: int
    name: str
    surname: str
    phone: str
    state: str
    why: str
    matched_app: str
    direct: str
    sent_at: datetime | None
    delivered_at: datetime | None
    clicked_at: datetime | None
    wrote_at: datetime | None
    matched_at: datetime | None


@router.get("/matches", response=list[MatchOut], summary="Matches")
def list_matches(request: HttpRequest) -> list[dict[str, Any]]:
    """The newest first."""
    return [_write(match) for match in actions.list_matches(workspace_of(request))]


@router.post("/matches", response={201: MatchOut}, summary="Draft a match")
def post_match(request: HttpRequest, form: MatchIn) -> Status[dict[str, Any]]:
    """It may be incomplete; `check` says what is missing."""
    with writing():
        match = actions.save_draft(workspace_of(request), None, now(), _read_form(form))
    return Status(201, _write(match))


@router.get("/matches/{match_id}", response=MatchOut, summary="A match")
def get_match(request: HttpRequest, match_id: int) -> dict[str, Any]:
    """Its content and state."""
    return _write(_access(request, match_id))


@router.put("/matches/{match_id}", response=MatchOut, summary="Change a draft")
def put_match(request: HttpRequest, match_id: int, form: MatchIn) -> dict[str, Any]:
    """Only before its launch."""
    with writing():
        match = actions.save_draft(workspace_of(request), None, now(), _read_form(form), _access(request, match_id))
    return _write(match)


@router.delete("/matches/{match_id}", response={204: None}, summary="Delete a draft")
def delete_match(request: HttpRequest, match_id: int) -> Status[None]:
    """Only before its launch."""
    with writing():
        actions.delete_draft(_access(request, match_id), None, now())
    return Status(204, None)


@router.post("/matches/{match_id}/copy", response={201: MatchOut}, summary="Copy a match")
def copy_match(request: HttpRequest, match_id: int, name: str) -> Status[dict[str, Any]]:
    """A new draft with the same content."""
    with writing():
        return Status(201, _write(actions.copy_match(_access(request, match_id), None, now(), name)))


@router.get("/matches/{match_id}/check", response=list[ProblemOut], summary="What is missing")
def check_match(request: HttpRequest, match_id: int) -> list[dict[str, Any]]:
    """Everything between the draft and its launch; warnings stop nothing. Renders real contacts."""
    problems = match_texts.check_match(conn_of(), _access(request, match_id), public_url(), now())
    return [write_problem(problem) for problem in problems]


@router.post("/matches/{match_id}/estimate", response=list[VariantOut], summary="What it costs")
def estimate_match(request: HttpRequest, match_id: int, form: TextIn) -> list[dict[str, Any]]:
    """SMS parts and money by country, for one chooser link and for a link per app."""
    match = _access(request, match_id)
    text = match.text if form.text is None else form.text
    crowd = match_texts.read_crowd(conn_of(), match)
    prices = match_costs.sms_prices(match)
    return [_write_variant(v) for v in match_costs.estimate(match, text, crowd, prices, public_url(), now())]


@router.post("/matches/{match_id}/preview", response=PreviewOut, summary="Preview as a contact")
def preview_match(request: HttpRequest, match_id: int, form: PreviewIn) -> dict[str, Any]:
    """The text as this contact would get it."""
    match = _access(request, match_id)
    match.text = match.text if form.text is None else form.text
    match.neutral = match.neutral if form.neutral is None else form.neutral
    return _write_preview(match_texts.preview(conn_of(), match, form.contact_id, public_url(), now()))


@router.post("/matches/{match_id}/test-send", response=list[TestOut], summary="Send a test")
def send_test(request: HttpRequest, match_id: int, form: TestIn) -> list[dict[str, Any]]:
    """At once, to numbers of your own, as one contact would get it. Its links lead nowhere."""
    match = _access(request, match_id)
    numbers = match_texts.list_test_numbers(form.numbers, match.workspace.country)
    match.text = match.text if form.text is None else form.text
    shown = match_texts.preview(conn_of(), match, form.contact_id, public_url(), now())
    if shown.problem is not None:
        raise Refused([shown.problem])
    sent = match_texts.test_send(match, shown.text, numbers, public_url(), now(), find_caller())
    return [
        {
            "number": item.number,
            "outcome": item.outcome.kind.value,
            "reason": item.outcome.reason,
            "sentence": funnels.explain_reason(item.outcome.reason),
        }
        for item in sent
    ]


@router.post("/matches/{match_id}/launch", response=MatchOut, summary="Launch")
def launch_match(request: HttpRequest, match_id: int) -> dict[str, Any]:
    """Checked once more; then the audience is frozen and messages go out."""
    match = _access(request, match_id)
    problems = match_texts.check_match(conn_of(), match, public_url(), now())
    with writing():
        actions.launch(match, None, now(), problems)
    return _write(_access(request, match_id))


@router.post("/matches/{match_id}/pause", response=MatchOut, summary="Pause")
def pause_match(request: HttpRequest, match_id: int) -> dict[str, Any]:
    """Nothing more goes out; what is queued stays queued."""
    with writing():
        actions.pause(_access(request, match_id), None, now())
    return _write(_access(request, match_id))


@router.post("/matches/{match_id}/resume", response=MatchOut, summary="Resume")
def resume_match(request: HttpRequest, match_id: int) -> dict[str, Any]:
    """Go on after a pause."""
    with writing():
        actions.resume(_access(request, match_id), None, now())
    return _write(_access(request, match_id))


@router.post("/matches/{match_id}/stop", response=MatchOut, summary="Stop")
def stop_match(request: HttpRequest, match_id: int) -> dict[str, Any]:
    """For good: what is queued is taken back, and links say that they are no longer in use."""
    with writing():
        actions.stop(_access(request, match_id), None, now())
    return _write(_access(request, match_id))


@router.get("/matches/{match_id}/funnel", response=FunnelOut, summary="Funnel")
def get_funnel(request: HttpRequest, match_id: int, messages: int = funnels.MESSAGES_PER_MONTH) -> dict[str, Any]:
    """How far the audience came; `messages` a month for the saving."""
    match = _access(request, match_id)
    told = asdict(found := funnels.read_funnel(conn_of(), match, match_costs.list_prices(match.workspace), messages))
    if found.saving is not None:
        told["saving"]["micros"] = found.saving.micros
    return told


@router.get("/matches/{match_id}/contacts", response=list[PersonOut], summary="Contacts behind a figure")
def list_behind(
    request: HttpRequest,
    match_id: int,
    step: str = "",
    lacking: str = "",
    reason: str = "",
    direct: str = "",
    app: str = "",
    opening: str = "",
    after: int = 0,
    limit: int = 50,
) -> list[funnel_store.Person]:
    """Those that reached `step` and not `lacking`; not matched for a `reason`; reached directly; in an `app`; or whose
    link had an `opening` that is no click."""
    return funnels.list_behind(
        conn_of(),
        _access(request, match_id),
        step=step,
        lacking=lacking,
        reason=reason,
        direct=direct,
        app=app,
        opening=opening,
        after=after,
        limit=read_limit(limit),
    )


@router.get("/matches/{match_id}/deliveries", response=list[DeliveryOut], summary="Deliveries of a match")
def list_deliveries(
    request: HttpRequest, match_id: int, state: str = "", after: UUID | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """By id, from after one; of one state, or all."""
    match = _access(request, match_id)
    rows = ledger_read.list_match_deliveries(conn_of(), match.workspace_id, match.pk, state, after, read_limit(limit))
    return [write_delivery(row) for row in rows]


def _access(request: HttpRequest, match_id: int) -> Match:
    return actions.access_match(workspace_of(request), match_id)


def _read_form(form: MatchIn) -> actions.MatchForm:
    return actions.MatchForm(
        name=form.name,
        sms_channel_id=form.sms_channel_id,
        apps=tuple(form.apps),
        text=form.text,
        neutral=form.neutral,
        on_missing=form.on_missing,
        message_class=form.message_class,
        audience=form.audience,
        direct=tuple(
            actions.DirectForm(way.channel_id, way.template, way.language, tuple(way.parameters)) for way in form.direct
        ),
        rate_per_s=form.rate_per_s,
        budget_micros=form.budget_micros,
    )


def _write(match: Match) -> dict[str, Any]:
    return {
        **asdict(actions.read_form(match)),
        "id": match.pk,
        "state": match.state,
        "guard_reason": match.guard_reason,
        "audience_size": match.audience_size,
        "created_at": match.created_at,
        "launched_at": match.launched_at,
        "ended_at": match.ended_at,
    }


def _write_preview(shown: match_texts.Preview) -> dict[str, Any]:
    return {
        "text": shown.text,
        "variant": shown.variant,
        "why": shown.why,
        "parts": shown.parts,
        "problem": write_problem(shown.problem) if shown.problem else None,
    }


def _write_variant(variant: match_costs.Variant) -> dict[str, Any]:
    told = asdict(variant)
    told["problem"] = write_problem(variant.problem) if variant.problem else None
    return told
