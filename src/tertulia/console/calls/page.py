"""Calls to the company's API of which nobody knows what came of them (S6): a person says it, or has them made again."""

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.calls import list_waiting, settle_call
from tertulia.actions.endpoints import list_endpoints
from tertulia.actions.journeys import list_journeys
from tertulia.console.access import get_now, may_change, outside_transaction
from tertulia.console.asking import ask_engine
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.store.db import django_conn

DIGITS_MAX = 9


def show_calls(request: HttpRequest) -> HttpResponse:
    """Those that wait, the oldest first; of one journey where the address names it."""
    workspace, journey = request.workspace, request.GET.get("journey", "")
    journeys = {row.pk: row.name for row in list_journeys(workspace)}
    endpoints = {row.pk: row for row in list_endpoints(workspace)}
    chosen = int(journey) if journey.isdecimal() and len(journey) <= DIGITS_MAX else None
    context = {
        "rows": [
            (call, journeys.get(call.journey_id, ""), endpoints.get(call.endpoint_id))
            for call in list_waiting(django_conn(), workspace, chosen)
        ],
        "may_change": may_change(request),
        "now": get_now(request),
    }
    return render(request, "calls/list.html", context)


@outside_transaction
def settle(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """What a person says; the run goes on by it a moment later."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    now = get_now(request)
    verdict = request.POST.get("verdict", "")
    with transaction.atomic():
        entry = settle_call(django_conn(), request.workspace, request.user, now, call_id, verdict)
    ask_engine(request.workspace.pk, [entry], now)
    words = {
        "worked": _("The run goes on: it worked"),
        "failed": _("The run goes on: it did not work"),
        "again": _("The call is made again"),
    }
    toast(request, words[verdict])
    return HttpResponseRedirect(reverse("calls"))


ROUTES = (
    route("", show_calls, "calls"),
    route("<uuid:call_id>/settle/", settle, "settle_call"),
)
