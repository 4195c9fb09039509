"""A channel's log: what came in against what became of it, and every exchange with the provider."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tertulia.actions.channels import access_channel
from tertulia.console.channels.detail import describe_channel
from tertulia.console.routes import route
from tertulia.store.channel_figures import Tally, read_tallies
from tertulia.store.db import django_conn


def show_log(request: HttpRequest, channel_id: int) -> HttpResponse:
    """The newest first."""
    channel = access_channel(request.workspace, channel_id)
    conn = django_conn()
    context = describe_channel(request, channel, "log")
    context["tally"] = read_tallies(conn, request.workspace.pk).get(channel.pk, Tally())
    return render(request, "channels/log.html", context)


ROUTES = (route("<int:channel_id>/log/", show_log, "channel_log"),)
