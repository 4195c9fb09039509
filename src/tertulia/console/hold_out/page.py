"""The workspace's hold-out: the share of customers who get no marketing, so that its effect can be measured."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.experiments import read_workspace_results
from tertulia.actions.hold_out import FIELD, set_hold_out
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now, may_change
from tertulia.console.journeys.results import describe_results
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.store.db import django_conn


def show_hold_out(request: HttpRequest) -> HttpResponse:
    """The share, and what came of it; a POST saves another one or says what is wrong with it."""
    share, error = request.workspace.hold_out, ""
    if request.method == "POST":
        share = request.POST.get("share", "").strip()
        try:
            set_hold_out(request.workspace, request.user, get_now(request), share)
        except Refused as refused:
            request.workspace.refresh_from_db(fields=[FIELD])
            error = refused.problems[0].sentence
        else:
            toast(request, _("Hold-out saved"))
            return HttpResponseRedirect(reverse("hold_out"))
    found = read_workspace_results(django_conn(), request.workspace, get_now(request))
    shown = {"share": share, "error": error, "editable": may_change(request), **describe_results(found)}
    return render(request, "hold_out/hold_out.html", shown, status=422 if error else 200)


ROUTES = (route("", show_hold_out, "hold_out"),)
