"""A channel's log: what came in against what became of it, and every exchange with the provider."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.channels import access_channel
from tertulia.console.access import get_now, outside_transaction
from tertulia.console.asking import try_again
from tertulia.console.channels.detail import describe_channel
from tertulia.console.routes import route
from tertulia.console.toasts import toast
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
    context["parked"] = list_parked(conn, request.workspace.pk, channel.pk, PAGE_ROWS)
    context["unread"] = list_unread(conn, request.workspace.pk, channel.pk, PAGE_ROWS)
    context["tally"] = read_tallies(conn, request.workspace.pk).get(channel.pk, Tally())
    return render(request, "channels/log.html", context)


@outside_transaction
def try_parked_again(request: HttpRequest, channel_id: int, shard: int, parked_id: UUID) -> HttpResponse:
    """Append a parked entry once more; what comes of it stands in the log a moment later."""
    channel = access_channel(request.workspace, channel_id)
    if request.method == "POST":
        if try_again(request.workspace.pk, shard, parked_id, get_now(request)):
            toast(request, _("Tried again"))
        else:
            toast(request, _("This entry was tried again already."), failed=True)
    return HttpResponseRedirect(reverse("channel_log", args=[channel.pk]))


def judge(status: int) -> str:
    """The tone of an answer: none at all, refused, or good."""
    if status == 0 or status >= 500:
        return "danger"
    return "warn" if status >= 400 else "ok"


ROUTES = (
    route("<int:channel_id>/log/", show_log, "channel_log"),
    route("<int:channel_id>/log/<int:shard>/<uuid:parked_id>/again/", try_parked_again, "try_again"),
)
