"""When and how often customers are written to: the workspace's quiet hours and its frequency caps."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.problems import Refused
from tertulia.actions.quiet_hours import FIELD, set_send_window
from tertulia.console.access import get_now, may_change
from tertulia.console.limits.hours import Line, fill_lines, read_hours
from tertulia.console.routes import route
from tertulia.console.toasts import toast


def show_limits(request: HttpRequest) -> HttpResponse:
    """Both; a POST saves the quiet hours whole or says what is wrong beside each line."""
    if request.method != "POST":
        return draw_limits(request)
    hours = read_hours(request.POST)
    try:
        set_send_window(request.workspace, request.user, get_now(request), hours)
    except Refused as refused:
        errors = {problem.field: problem.sentence for problem in refused.problems}
        return draw_limits(request, lines=fill_lines(hours, errors), hours_error=errors.get(FIELD, ""))
    toast(request, _("Quiet hours saved"))
    return HttpResponseRedirect(reverse("limits"))


def draw_limits(
    request: HttpRequest, lines: list[Line] | None = None, hours_error: str = "", **context: Any
) -> HttpResponse:
    """The page; `lines` are the hours as they were typed, where something is wrong with them."""
    shown = {
        "lines": lines or fill_lines(request.workspace.send_window),
        "hours_error": hours_error,
        "always": not request.workspace.send_window,
        "editable": may_change(request),
        **context,
    }
    return render(request, "limits/limits.html", shown, status=422 if lines else 200)


ROUTES = (route("", show_limits, "limits"),)
