"""One-time codes: how many were asked for, delivered and verified by channel, the newest ones, and the countries to
which they may go. No code is here, for none is anywhere.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tertulia.actions.otp_figures import read_lately, set_countries
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now, may_change
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.core.country_names import name_country
from tertulia.data.models import Channel
from tertulia.store.db import django_conn

STATES = {
    "pending": (gettext_lazy("not given yet"), ""),
    "verified": (gettext_lazy("verified"), "ok"),
    "replaced": (gettext_lazy("replaced by a newer one"), ""),
    "too_many": (gettext_lazy("guessed at too often"), "danger"),
    "expired": (gettext_lazy("expired"), "warn"),
}
DELIVERIES = {
    "": gettext_lazy("not sent"),
    "queued": gettext_lazy("not sent yet"),
    "sending": gettext_lazy("on its way"),
    "unknown": gettext_lazy("outcome unknown"),
    "sent": gettext_lazy("sent"),
    "delivered": gettext_lazy("delivered"),
    "read": gettext_lazy("read"),
    "failed": gettext_lazy("failed"),
    "revoked": gettext_lazy("taken back"),
    "expired": gettext_lazy("outcome unknown"),
    "dropped": gettext_lazy("not sent"),
}


def show_codes(request: HttpRequest) -> HttpResponse:
    """The last 30 days; a POST says to which countries codes may go."""
    errors: dict[str, str] = {}
    typed = ", ".join(request.workspace.otp_countries)
    if request.method == "POST":
        typed = request.POST.get("countries", "")
        wanted = [code.strip().upper() for code in typed.replace(",", " ").split()]
        try:
            set_countries(request.workspace, request.user, get_now(request), wanted)
        except Refused as refused:
            errors = {problem.field: problem.sentence for problem in refused.problems}
        else:
            toast(request, _("Settings saved"))
            return HttpResponseRedirect(reverse("codes"))
    return render(request, "codes/codes.html", _draw(request, typed, errors), status=422 if errors else 200)


def _draw(request: HttpRequest, typed: str, errors: dict[str, str]) -> dict[str, Any]:
    lately = read_lately(django_conn(), request.workspace, get_now(request))
    channels = dict(Channel.objects.filter(workspace=request.workspace).values_list("pk", "name"))
    recent = [
        {
            "row": row,
            "channel": channels.get(row.channel_id or 0, ""),
            "state": STATES[row.state][0],
            "tone": STATES[row.state][1],
            "delivery": DELIVERIES.get(row.delivery, row.delivery),
        }
        for row in lately.recent
    ]
    return {
        "figures": [(channels.get(row.channel_id or 0, _("None was open")), row) for row in lately.figures],
        "recent": recent,
        "typed": typed,
        "names": [name_country(code) for code in request.workspace.otp_countries],
        "errors": errors,
        "editable": may_change(request),
        "now": get_now(request),
    }


ROUTES = (route("", show_codes, "codes"),)
