"""What came in and could not be decided or read (I3): the newest of the workspace, tried again one by one or all."""

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia.actions import intake
from tertulia.actions.intake import Retried
from tertulia.console.access import get_now, may_change, outside_transaction
from tertulia.console.asking import WAIT_S, use_asks
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.data.models import Channel
from tertulia.errors import Conflict
from tertulia.store.asks import Asks
from tertulia.store.db import django_conn
from tertulia.store.overview import count_waiting
from tertulia.store.parked import list_parked, list_unread

ROWS_MAX = 100


def show_parked(request: HttpRequest) -> HttpResponse:
    """The newest entries and calls, each with its channel."""
    conn, workspace = django_conn(), request.workspace
    names = {row.pk: row.name for row in Channel.objects.filter(workspace=workspace)}
    waiting = count_waiting(conn, workspace.pk)
    context = {
        "parked": [
            (entry, names.get(entry.channel_id, "")) for entry in list_parked(conn, workspace.pk, limit=ROWS_MAX)
        ],
        "unread": [(call, names.get(call.channel_id, "")) for call in list_unread(conn, workspace.pk, limit=ROWS_MAX)],
        "total": waiting.parked + waiting.unread,
        "may_change": may_change(request),
        "on_channel": 0,
    }
    return render(request, "parked/list.html", context)


@outside_transaction
def retry_parked(request: HttpRequest, parked_id: UUID) -> HttpResponse:
    """Append a parked entry once more; what comes of it stands in the log a moment later."""
    user, now = request.user, get_now(request)
    return _retry(request, lambda asks: intake.retry_parked(asks, request.workspace, user, now, parked_id))


@outside_transaction
def retry_call(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Read a kept call once more."""
    user, now, url = request.user, get_now(request), settings.PUBLIC_URL
    return _retry(request, lambda asks: intake.retry_call(asks, request.workspace, user, now, call_id, url))


@outside_transaction
def retry_all(request: HttpRequest) -> HttpResponse:
    """Everything that is parked, of the channel that the address names or of all."""
    user, now, url, channel = request.user, get_now(request), settings.PUBLIC_URL, _read_channel(request)
    return _retry(
        request,
        lambda asks: intake.retry_all(django_conn(), asks, request.workspace, user, now, url, channel),
    )


def _retry(request: HttpRequest, do: Callable[[Asks], Retried]) -> HttpResponse:
    """Try, wait a moment for the log's owners, say what came of it, and back to where the button stood."""
    if request.method == "POST":

        def try_and_wait(asks: Asks) -> Retried:
            done = do(asks)
            asks.wait(done.asked, WAIT_S)
            return done

        try:
            done = use_asks(try_and_wait, get_now(request))
            toast(request, tell_retried(done), failed=bool(done.still))
        except Conflict as error:
            toast(request, error.sentence, failed=True)
    channel = _read_channel(request)
    return HttpResponseRedirect(reverse("channel_log", args=[channel]) if channel else reverse("parked"))


def tell_retried(done: Retried) -> str:
    """What a retry came to, in words."""
    told = []
    if done.entries or done.calls:
        count = done.entries + done.calls
        told.append(ngettext("%(n)d tried again", "%(n)d tried again", count) % {"n": count})
    if done.still:
        words = ngettext("%(n)d still cannot be read", "%(n)d still cannot be read", done.still)
        told.append(words % {"n": done.still})
    if done.more:
        told.append(_("there are more"))
    return ", ".join(told) or _("Nothing is parked")


def _read_channel(request: HttpRequest) -> int:
    """The channel on whose page the button stood; 0: on this one."""
    text = request.GET.get("channel", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


ROUTES = (
    route("", show_parked, "parked"),
    route("again/", retry_all, "retry_all"),
    route("<uuid:parked_id>/again/", retry_parked, "retry_parked"),
    route("calls/<uuid:call_id>/again/", retry_call, "retry_call"),
)
