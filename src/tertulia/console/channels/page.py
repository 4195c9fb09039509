"""The list of channels, and the addresses of everything below it."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tertulia.actions.channels import list_channels
from tertulia.console.access import get_now, may_change
from tertulia.console.channels import connect, detail, log, settings_tab
from tertulia.console.channels.words import describe_state, mark_of, title_of
from tertulia.console.routes import route
from tertulia.store.channel_figures import count_delivered
from tertulia.store.db import django_conn


def show_channels(request: HttpRequest) -> HttpResponse:
    """Every connected channel with its state in words."""
    now = get_now(request)
    delivered = count_delivered(django_conn(), request.workspace.pk, start_of_day(now))
    rows = [
        {
            "channel": channel,
            "mark": mark_of(channel.kind),
            "kind": title_of(channel.kind),
            "state": describe_state(channel),
            "delivered": delivered.get(channel.pk, 0),
        }
        for channel in list_channels(request.workspace)
    ]
    context = {"rows": rows, "now": now, "may_change": may_change(request)}
    return render(request, "channels/list.html", context)


def start_of_day(now: datetime) -> datetime:
    """Midnight of the reader's day."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


ROUTES = (
    route("", show_channels, "channels"),
    *connect.ROUTES,
    *detail.ROUTES,
    *settings_tab.ROUTES,
    *log.ROUTES,
)
