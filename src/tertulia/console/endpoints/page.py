"""Endpoints of the company's own API: their list, a form for each, and what was said to them."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import endpoints as actions
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now, may_change
from tertulia.console.channels.log import NUMBERS_MAX_DIGITS, PAGE_ROWS, judge
from tertulia.console.endpoints.form import fill_form, read_form, show_form
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.data.models import Endpoint
from tertulia.errors import Conflict
from tertulia.store.calls import list_call_exchanges
from tertulia.store.db import django_conn

EMPTY = actions.EndpointForm("", "")


def show_endpoints(request: HttpRequest) -> HttpResponse:
    """Every endpoint."""
    context = {"endpoints": actions.list_endpoints(request.workspace), "editable": may_change(request)}
    return render(request, "endpoints/list.html", context)


def add_endpoint(request: HttpRequest) -> HttpResponse:
    """The form (GET); the endpoint made from it, or what is wrong beside its fields (POST)."""
    if request.method != "POST":
        return _draw(request, None, EMPTY, "")
    form, key = read_form(request.POST), request.POST.get("key", "").strip()
    try:
        made = actions.create_endpoint(request.workspace, request.user, get_now(request), key, form)
    except (Refused, Conflict) as error:
        return _draw(request, None, form, key, error)
    toast(request, _("%(name)s added") % {"name": made.name})
    return HttpResponseRedirect(reverse("endpoints"))


def edit_endpoint(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """An endpoint in the form; a POST changes it."""
    endpoint = actions.access_endpoint(request.workspace, endpoint_id)
    if request.method != "POST":
        return _draw(request, endpoint, fill_form(endpoint), endpoint.key)
    form = read_form(request.POST)
    try:
        actions.change_endpoint(endpoint, request.user, get_now(request), form)
    except Refused as error:
        return _draw(request, endpoint, form, endpoint.key, error)
    toast(request, _("Settings saved"))
    return HttpResponseRedirect(reverse("endpoints"))


def remove_endpoint(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Take it away, unless a journey calls it."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    endpoint = actions.access_endpoint(request.workspace, endpoint_id)
    actions.delete_endpoint(django_conn(), endpoint, request.user, get_now(request))
    toast(request, _("1 endpoint deleted"))
    return HttpResponseRedirect(reverse("endpoints"))


def show_log(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """What was said and answered, the newest first."""
    endpoint = actions.access_endpoint(request.workspace, endpoint_id)
    text = request.GET.get("before", "")
    before = int(text) if text.isdecimal() and len(text) < NUMBERS_MAX_DIGITS else None
    workspace = request.workspace.pk
    found = list_call_exchanges(django_conn(), workspace, endpoint.pk, before=before, limit=PAGE_ROWS + 1)
    shown = found[:PAGE_ROWS]
    context = {
        "endpoint": endpoint,
        "exchanges": [(exchange, judge(exchange.status)) for exchange in shown],
        "first_page": before is None,
        "on": f"?before={shown[-1].id}" if len(found) > PAGE_ROWS else "",
    }
    return render(request, "endpoints/log.html", context)


def _draw(
    request: HttpRequest,
    endpoint: Endpoint | None,
    form: actions.EndpointForm,
    key: str,
    error: Refused | Conflict | None = None,
) -> HttpResponse:
    problems = {problem.field: problem.sentence for problem in reversed(getattr(error, "problems", ()))}
    errors = {error.field: error.sentence, **problems} if error is not None else {}
    stored = actions.list_secrets(endpoint) if endpoint is not None else []
    context = {
        "endpoint": endpoint,
        "form": show_form(form, key, stored),
        "errors": errors,
        "editable": may_change(request),
        "timeout_max": actions.TIMEOUT_S_MAX,
    }
    return render(request, "endpoints/form.html", context, status=422 if errors else 200)


ROUTES = (
    route("", show_endpoints, "endpoints"),
    route("new/", add_endpoint, "new_endpoint"),
    route("<int:endpoint_id>/", edit_endpoint, "endpoint"),
    route("<int:endpoint_id>/log/", show_log, "endpoint_log"),
    route("<int:endpoint_id>/delete/", remove_endpoint, "delete_endpoint"),
)
