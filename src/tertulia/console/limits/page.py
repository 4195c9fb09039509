"""When and how often customers are written to, and for how much: quiet hours, frequency caps and the budget."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.budgets import list_missing_rates, read_spent, set_budget
from tertulia.actions.caps import access_cap, change_cap, create_cap, delete_cap, list_caps
from tertulia.actions.problems import Refused
from tertulia.actions.quiet_hours import FIELD, set_send_window
from tertulia.console.access import get_now, may_change
from tertulia.console.limits.budget import describe_spent, fill_budget_form, read_budget_form
from tertulia.console.limits.caps import CapForm, describe_cap, fill_cap_form, read_cap_form
from tertulia.console.limits.hours import fill_lines, read_hours
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.errors import Conflict
from tertulia.store.db import django_conn


def show_limits(request: HttpRequest) -> HttpResponse:
    """All of them; a POST saves the quiet hours whole or says what is wrong beside each line."""
    if request.method != "POST":
        return draw_limits(request)
    hours = read_hours(request.POST)
    try:
        set_send_window(request.workspace, request.user, get_now(request), hours)
    except Refused as refused:
        errors = {problem.field: problem.sentence for problem in refused.problems}
        return draw_limits(request, 422, lines=fill_lines(hours, errors), hours_error=errors.get(FIELD, ""))
    toast(request, _("Quiet hours saved"))
    return HttpResponseRedirect(reverse("limits"))


def save_budget(request: HttpRequest) -> HttpResponse:
    """Another budget, or what is wrong with it beside its fields."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    told = read_budget_form(request.POST)
    try:
        set_budget(request.workspace, request.user, get_now(request), told)
    except Refused as refused:
        errors = {problem.field: problem.sentence for problem in refused.problems}
        return draw_limits(request, 422, budget=fill_budget_form(told), budget_errors=errors)
    toast(request, _("Budget saved"))
    return HttpResponseRedirect(reverse("limits"))


def add_cap(request: HttpRequest) -> HttpResponse:
    """A new cap, or what is wrong with it beside its fields."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    name, document = request.POST.get("name", "").strip(), read_cap_form(request.POST, {})
    try:
        create_cap(request.workspace, request.user, get_now(request), name, document)
    except (Refused, Conflict) as error:
        return _refuse_cap(request, fill_cap_form(name, document), error)
    toast(request, _("1 cap added"))
    return HttpResponseRedirect(reverse("limits"))


def edit_cap(request: HttpRequest, cap_id: int) -> HttpResponse:
    """The page with one cap in the form; a POST changes it."""
    cap = access_cap(request.workspace, cap_id)
    if request.method != "POST":
        return draw_limits(request, form=fill_cap_form(cap.name, cap.document, cap.pk))
    name, document = request.POST.get("name", "").strip(), read_cap_form(request.POST, cap.document)
    try:
        change_cap(cap, request.user, get_now(request), name, document)
    except (Refused, Conflict) as error:
        return _refuse_cap(request, fill_cap_form(name, document, cap.pk), error)
    toast(request, _("Cap changed"))
    return HttpResponseRedirect(reverse("limits"))


def remove_cap(request: HttpRequest, cap_id: int) -> HttpResponse:
    """It holds nobody back any more."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    delete_cap(request.workspace, request.user, get_now(request), cap_id)
    toast(request, _("1 cap deleted"))
    return HttpResponseRedirect(reverse("limits"))


def _refuse_cap(request: HttpRequest, form: CapForm, error: Refused | Conflict) -> HttpResponse:
    problems = error.problems if isinstance(error, Refused) else [error]
    return draw_limits(request, 422, form=form, errors={found.field: found.sentence for found in problems})


def draw_limits(request: HttpRequest, status: int = 200, **context: Any) -> HttpResponse:
    """The page; `context` has the forms as they were typed, where something is wrong with them."""
    workspace, conn = request.workspace, django_conn()
    shown = {
        "lines": fill_lines(request.workspace.send_window),
        "always": not request.workspace.send_window,
        "caps": [describe_cap(cap) for cap in list_caps(request.workspace)],
        "form": fill_cap_form("", {}),
        "budget": fill_budget_form(workspace.budget, list_missing_rates(conn, workspace) if workspace.budget else ()),
        "spent": describe_spent(read_spent(conn, workspace, get_now(request)), workspace.currency),
        "currency": workspace.currency,
        "errors": {},
        "editable": may_change(request),
        **context,
    }
    return render(request, "limits/limits.html", shown, status=status)


ROUTES = (
    route("", show_limits, "limits"),
    route("budget/", save_budget, "budget"),
    route("caps/", add_cap, "add_cap"),
    route("caps/<int:cap_id>/", edit_cap, "cap"),
    route("caps/<int:cap_id>/delete/", remove_cap, "delete_cap"),
)
