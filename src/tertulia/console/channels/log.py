"""A channel's log: what came in against what became of it, and every exchange with the provider."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tertulia.actions.channels import access_channel
from tertulia.console.channels.detail import describe_channel
from tertulia.console.routes import route
from tertulia.store.channel_figures import Tally, read_tallies
from tertulia.store.channel_log import list_exchanges
from tertulia.store.db import django_conn
from tertulia.store.parked import list_parked, list_unread

PAGE_ROWS = 50
NUMBERS_MAX_DIGITS = 19


def show_log(request: HttpRequest, channel_id: int) -> HttpResponse:
    """The newest first."""
    channel = access_channel(request.workspace, channel_id)
    conn = django_conn()
    context = describe_channel(request, channel, "log")
    text = request.GET.get("before", "")
    before = int(text) if text.isdecimal() and len(text) < NUMBERS_MAX_DIGITS else None
    found = list_exchanges(conn, request.workspace.pk, channel.pk, before=before, limit=PAGE_ROWS + 1)
    shown = found[:PAGE_ROWS]
    context |= {"exchanges": [(exchange, judge(exchange.status)) for exchange in shown], "first_page": before is None}
    context["on"] = f"?before={shown[-1].id}" if len(found) > PAGE_ROWS else ""
    workspace, limits = request.workspace.pk, {"channel": channel.pk, "limit": PAGE_ROWS}
    context["parked"] = [(entry, "") for entry in list_parked(conn, workspace, **limits)]
    context["unread"] = [(call, "") for call in list_unread(conn, workspace, **limits)]
    context["tally"] = read_tallies(conn, request.workspace.pk).get(channel.pk, Tally())
    return render(request, "channels/log.html", context)


def judge(status: int) -> str:
    """The tone of an answer: none at all, refused, or good."""
    if status == 0 or status >= 500:
        return "danger"
    return "warn" if status >= 400 else "ok"


ROUTES = (route("<int:channel_id>/log/", show_log, "channel_log"),)
