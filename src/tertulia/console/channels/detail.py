"""A channel's own page: its addresses, its test, its entry link, and what can be done with it."""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from tertulia.actions import channels as actions
from tertulia.actions.match_texts import make_link_base
from tertulia.channels.base import Adapter, Call
from tertulia.console.access import get_now, may_change, outside_transaction
from tertulia.console.channels.access import find_import_url, get_caller
from tertulia.console.channels.words import describe_kind, describe_state, mark_of
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.core.qr import draw_svg
from tertulia.data.models import Channel

SHOWN_SECRETS = ("verify_token", "token")  # of our own making, and typed by hand at the provider


def describe_channel(request: HttpRequest, channel: Channel, tab: str) -> dict[str, object]:
    """What every tab of the page shows in its head."""
    adapter = actions.find_adapter(channel.kind)
    return {
        "channel": channel,
        "adapter": adapter,
        "words": describe_kind(adapter),
        "mark": mark_of(channel.kind),
        "state": describe_state(channel),
        "tab": tab,
        "may_change": may_change(request),
        "now": get_now(request),
        "topic": f"channel:{channel.pk}",
    }


def show_channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    """The overview."""
    channel = actions.access_channel(request.workspace, channel_id)
    context = describe_channel(request, channel, "overview")
    adapter = actions.find_adapter(channel.kind)
    context |= describe_road(adapter, channel) if may_change(request) else {}
    context |= describe_entry(adapter, channel)
    context["import_url"] = find_import_url(channel)
    context["findings"] = actions.read_findings(channel)
    return render(request, "channels/overview.html", context)


def describe_road(adapter: Adapter, channel: Channel) -> dict[str, object]:
    """The addresses and secrets that the provider's own form asks for, and whether we can enter them ourselves."""
    account = actions.make_account(channel, settings.PUBLIC_URL)
    step = adapter.setup(account)
    return {
        "addresses": [(_(label), address) for label, address in adapter.list_addresses(account)],
        "own_secrets": [
            (_(item.label), _(item.help), account.secrets[item.name])
            for item in adapter.fields
            if item.generate and item.name in SHOWN_SECRETS and account.secrets.get(item.name)
        ],
        "can_register": isinstance(step, Call),
        "by_hand": [] if isinstance(step, Call) else [_(check.sentence).format_map(check.values) for check in step],
        "polls": channel.polling,
    }


def describe_entry(adapter: Adapter, channel: Channel) -> dict[str, object]:
    """The channel's link for everybody, with its QR code."""
    if not adapter.capabilities.app:
        return {"entry": None}
    address = f"{make_link_base(channel.workspace, settings.PUBLIC_URL)}/e/{channel.public_id}"
    held = address
    if adapter.capabilities.qr_only:
        held = actions.make_entry_link(channel, settings.PUBLIC_URL).qr or address
    return {"entry": address, "qr": draw_code(held, channel.name), "qr_name": f"/qr/{channel.public_id}"}


def draw_code(held: str, title: str) -> SafeString:
    """The QR code as inline SVG; its only text is the title, which the drawing escapes."""
    return mark_safe(draw_svg(held, title).decode())  # noqa: S308


def show_findings(request: HttpRequest, channel_id: int) -> HttpResponse:
    """The test's findings alone, fetched again when the provider calls."""
    channel = actions.access_channel(request.workspace, channel_id)
    context = describe_channel(request, channel, "overview") | {"findings": actions.read_findings(channel)}
    return render(request, "channels/findings.html", context)


@outside_transaction
def test_channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Ask the provider; keep what was found."""
    return _probe(request, channel_id, actions.run_test)


@outside_transaction
def register_webhook(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Enter our webhook at the provider; keep what came of it."""
    return _probe(request, channel_id, actions.register_webhook)


def _probe(request: HttpRequest, channel_id: int, probe: Callable[..., object]) -> HttpResponse:
    """The calls are made outside any transaction, only their findings are written in one."""
    channel = actions.access_channel(request.workspace, channel_id)
    if request.method == "POST":
        tested_at = get_now(request)  # before the calls: the provider may call us back while they last
        checks = probe(channel, settings.PUBLIC_URL, get_caller())
        with transaction.atomic():
            actions.record_test(channel, checks, tested_at)
        if request.headers.get("HX-Request") == "true":
            return show_findings(request, channel_id)
    return HttpResponseRedirect(reverse("channel", args=[channel.pk]) + "#test")


def pause_channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Send nothing more for now."""
    return _act(request, channel_id, actions.pause_channel, _("Channel paused"), "resume_channel")


def resume_channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Send again."""
    return _act(request, channel_id, actions.resume_channel, _("Channel resumed"), "pause_channel")


def archive_channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Put the channel away, unless a match runs on it."""
    return _act(request, channel_id, actions.archive_channel, _("Channel archived"), "")


def _act(request: HttpRequest, channel_id: int, act: Callable[..., None], told: str, undo: str) -> HttpResponseRedirect:
    channel = actions.access_channel(request.workspace, channel_id)
    if request.method == "POST":
        act(channel, request.user, get_now(request))
        toast(request, told, undo=reverse(undo, args=[channel_id]) if undo else "")
        if channel.archived_at is not None:
            return HttpResponseRedirect(reverse("channels"))
    return HttpResponseRedirect(reverse("channel", args=[channel_id]))


ROUTES = (
    route("<int:channel_id>/", show_channel, "channel"),
    route("<int:channel_id>/findings/", show_findings, "channel_findings"),
    route("<int:channel_id>/test/", test_channel, "test_channel"),
    route("<int:channel_id>/register/", register_webhook, "register_webhook"),
    route("<int:channel_id>/pause/", pause_channel, "pause_channel"),
    route("<int:channel_id>/resume/", resume_channel, "resume_channel"),
    route("<int:channel_id>/archive/", archive_channel, "archive_channel"),
)
