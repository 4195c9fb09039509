"""Channels: kinds with their fields, connected channels, their tests, webhook addresses and links."""

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status

from tertulia.actions import channels as actions
from tertulia.api.paging import read_limit
from tertulia.api.shell import conn_of, now, public_url, workspace_of, writing
from tertulia.channels import registry
from tertulia.channels.base import DeepLink
from tertulia.core import qr
from tertulia.data.models import Channel
from tertulia.errors import Conflict
from tertulia.store import channel_log

router = Router(tags=["Channels"])


class FieldOut(Schema):
    """One field of a kind's form. `generate`: a random value of our own making is proposed."""

    name: str
    label: str
    help: str
    type: str
    required: bool
    default: str
    choices: list[tuple[str, str]]
    example: str
    advanced: bool
    generate: bool


class KindOut(Schema):
    """A vendor's channel. `app`: a messaging app, else a carrier of SMS. `may_write_first`: phone, template,
    phone_push, or empty where the customer must write first."""

    kind: str
    title: str
    mark: str
    app: bool
    may_write_first: str
    window_s: int | None
    rate_per_s: float
    fields: list[FieldOut]


class ChannelIn(Schema):
    """`values` by the kind's field names; an empty or missing secret keeps the stored one. `price_micros`: a price of
    one's own per message (SMS: per part) in millionths of the workspace's currency."""

    name: str
    values: dict[str, str] = {}
    rate_per_s: float | None = None
    price_micros: int | None = None
    greeting: str = ""
    offers_text: bool = False
    first_message: str = ""


class NewChannelIn(ChannelIn):
    kind: str


class FindingOut(Schema):
    """One finding of a test. `waits`: the provider's first call is still awaited."""

    ok: bool
    sentence: str
    waits: bool


class ChannelOut(Schema):
    """A channel without its secrets: `secrets` names those that are set."""

    id: int
    kind: str
    name: str
    state: str
    fault: str
    settings: dict[str, str]
    secrets: list[str]
    rate_per_s: float
    price_micros: int | None
    greeting: str
    offers_text: bool
    first_message: str
    hook_url: str
    tested_at: datetime | None
    findings: list[FindingOut]
    first_call_at: datetime | None
    last_call_at: datetime | None


class LinkOut(Schema):
    """The plain link that opens the app. `shows_code`: the customer sends the code by hand; `qr`: what a QR holds."""

    url: str
    web: bool
    shows_code: bool
    qr: str
    account_name: str


class ExchangeOut(Schema):
    """One call to the provider. `status` 0 and `error` when there was no answer."""

    id: int
    purpose: str
    at: datetime
    took_ms: int
    method: str
    url: str
    headers: str
    body: str
    status: int
    answer: str
    error: str
    contact_id: int | None
    delivery_id: UUID | None


@router.get("/channel-kinds", response=list[KindOut], summary="Kinds of channels")
def list_kinds(request: HttpRequest) -> list[dict[str, Any]]:
    """Every kind that can be connected, with the fields of its form."""
    return [_write_kind(adapter) for adapter in registry.kinds()]


@router.get("/channels", response=list[ChannelOut], summary="Channels")
def list_channels(request: HttpRequest) -> list[dict[str, Any]]:
    """The workspace's channels, the oldest first."""
    return [_write(channel) for channel in actions.list_channels(workspace_of(request))]


@router.post("/channels", response={201: ChannelOut}, summary="Connect a channel")
def post_channel(request: HttpRequest, form: NewChannelIn) -> Status[dict[str, Any]]:
    """Checked against the kind's fields: every problem is told at once."""
    with writing():
        channel = actions.create_channel(
            workspace_of(request), None, now(), form.kind, _read_form(form), secrets.token_hex(12)
        )
    return Status(201, _write(channel))


@router.get("/channels/{channel_id}", response=ChannelOut, summary="A channel")
def get_channel(request: HttpRequest, channel_id: int) -> dict[str, Any]:
    """Its settings, webhook address and last test."""
    return _write(actions.access_channel(workspace_of(request), channel_id))


@router.put("/channels/{channel_id}", response=ChannelOut, summary="Change a channel")
def put_channel(request: HttpRequest, channel_id: int, form: ChannelIn) -> dict[str, Any]:
    """Empty secrets keep what is stored."""
    with writing():
        channel = actions.access_channel(workspace_of(request), channel_id)
        actions.update_channel(channel, None, now(), _read_form(form))
    return _write(channel)


@router.delete("/channels/{channel_id}", response={204: None}, summary="Archive a channel")
def delete_channel(request: HttpRequest, channel_id: int) -> Status[None]:
    """Its history stays. Refused while a match runs on it."""
    with writing():
        actions.archive_channel(actions.access_channel(workspace_of(request), channel_id), None, now())
    return Status(204, None)


@router.post("/channels/{channel_id}/pause", response=ChannelOut, summary="Pause a channel")
def pause_channel(request: HttpRequest, channel_id: int) -> dict[str, Any]:
    """Nothing more is sent; what waits, waits."""
    with writing():
        channel = actions.access_channel(workspace_of(request), channel_id)
        actions.pause_channel(channel, None, now())
    return _write(channel)


@router.post("/channels/{channel_id}/resume", response=ChannelOut, summary="Resume a channel")
def resume_channel(request: HttpRequest, channel_id: int) -> dict[str, Any]:
    """After a pause, or after what caused a fault was mended."""
    with writing():
        channel = actions.access_channel(workspace_of(request), channel_id)
        actions.resume_channel(channel, None, now())
    return _write(channel)


@router.post("/channels/{channel_id}/test", response=list[FindingOut], summary="Test a channel")
def test_channel(request: HttpRequest, channel_id: int) -> list[dict[str, Any]]:
    """The provider's view of credentials, sender and the road to our webhook, in words."""
    channel = actions.access_channel(workspace_of(request), channel_id)
    found = actions.run_test(channel, public_url(), find_caller())
    with writing():
        actions.record_test(channel, found, now())
    return _write_findings(channel)


@router.post("/channels/{channel_id}/register", response=list[FindingOut], summary="Register the webhook")
def register_channel(request: HttpRequest, channel_id: int) -> list[dict[str, Any]]:
    """Ask the provider to deliver to our webhook, or learn what a person has to do there."""
    channel = actions.access_channel(workspace_of(request), channel_id)
    found = actions.register_webhook(channel, public_url(), find_caller())
    return [
        {"ok": check.ok, "sentence": _(check.sentence).format_map(check.values), "waits": check.waits}
        for check in found
    ]


@router.get("/channels/{channel_id}/log", response=list[ExchangeOut], summary="The channel's log")
def list_log(
    request: HttpRequest, channel_id: int, before: int | None = None, limit: int = 50
) -> list[channel_log.Exchange]:
    """Every call to the provider with its answer, the newest first; secrets are masked."""
    channel = actions.access_channel(workspace_of(request), channel_id)
    return channel_log.list_exchanges(
        conn_of(), channel.workspace_id, channel.pk, before=before, limit=read_limit(limit)
    )


@router.get("/channels/{channel_id}/link", response=LinkOut, summary="The channel's link")
def get_link(request: HttpRequest, channel_id: int) -> DeepLink:
    """Opens the app on the ready first message; binds nobody."""
    return actions.make_entry_link(actions.access_channel(workspace_of(request), channel_id), public_url())


@router.get("/channels/{channel_id}/qr.svg", summary="QR code as SVG")
def get_qr_svg(request: HttpRequest, channel_id: int) -> HttpResponse:
    """The channel's link as a picture that scales."""
    channel = actions.access_channel(workspace_of(request), channel_id)
    return HttpResponse(qr.draw_svg(_read_qr(channel), channel.name), content_type="image/svg+xml")


@router.get("/channels/{channel_id}/qr.png", summary="QR code as PNG")
def get_qr_png(request: HttpRequest, channel_id: int, pixels: int = qr.PNG_PIXELS_DEFAULT) -> HttpResponse:
    """The channel's link as a picture of at least `pixels` a side."""
    channel = actions.access_channel(workspace_of(request), channel_id)
    side = min(max(pixels, 1), qr.PNG_PIXELS_MAX)
    return HttpResponse(qr.draw_png(_read_qr(channel), side), content_type="image/png")


def _read_qr(channel: Channel) -> str:
    link = actions.make_entry_link(channel, public_url())
    text = link.qr or link.url
    if not text:
        raise Conflict(_("This channel has no link that a QR code could hold."))
    return text


def find_caller() -> actions.SendRequest:
    """The function that calls providers, named by the composed program."""
    caller: actions.SendRequest = import_string(settings.PROVIDER_CALL)
    return caller


def _read_form(form: ChannelIn) -> actions.ChannelForm:
    return actions.ChannelForm(
        name=form.name,
        values=form.values,
        rate_per_s=form.rate_per_s,
        price_micros=form.price_micros,
        greeting=form.greeting,
        offers_text=form.offers_text,
        first_message=form.first_message,
    )


def _write(channel: Channel) -> dict[str, Any]:
    account = actions.make_account(channel, public_url())
    return {
        "id": channel.pk,
        "kind": channel.kind,
        "name": channel.name,
        "state": channel.state,
        "fault": channel.fault,
        "settings": channel.settings,
        "secrets": sorted(account.secrets),
        "rate_per_s": channel.rate_per_s,
        "price_micros": channel.price_micros,
        "greeting": channel.greeting,
        "offers_text": channel.offers_text,
        "first_message": channel.first_message,
        "hook_url": account.hook_url,
        "tested_at": channel.tested_at,
        "findings": _write_findings(channel),
        "first_call_at": channel.first_call_at,
        "last_call_at": channel.last_call_at,
    }


def _write_findings(channel: Channel) -> list[dict[str, Any]]:
    return [{"ok": ok, "sentence": told, "waits": waits} for ok, told, waits in actions.read_findings(channel)]


def _write_kind(adapter: Any) -> dict[str, Any]:
    able = adapter.capabilities
    return {
        "kind": adapter.kind,
        "title": adapter.title,
        "mark": adapter.mark,
        "app": able.app,
        "may_write_first": able.may_write_first,
        "window_s": able.window_s,
        "rate_per_s": able.rate_per_s,
        "fields": [
            {
                "name": item.name,
                "label": _(item.label),
                "help": _(item.help),
                "type": item.type,
                "required": item.required,
                "default": item.default,
                "choices": [(value, _(label)) for value, label in item.choices],
                "example": item.example,
                "advanced": item.advanced,
                "generate": item.generate,
            }
            for item in adapter.fields
        ],
    }
