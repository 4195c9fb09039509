"""Who is in a journey now, and why others were not written to or did not enter."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tertulia.actions import journeys as actions
from tertulia.actions.why import explain_reason
from tertulia.console.journeys.head import describe_journey
from tertulia.console.routes import route
from tertulia.store.clicks import count_clicks
from tertulia.store.db import django_conn
from tertulia.store.journeys import count_messages, count_unsent, list_at_step

ROWS = 200


def show_people(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Everybody inside, or at one step (`?step=`); what became of messages; reasons, the most frequent first."""
    journey = actions.access_journey(request.workspace, journey_id)
    _document, problems = actions.check_text(request.workspace, journey.document)
    conn, step = django_conn(), request.GET.get("step", "")
    context = describe_journey(request, journey, "people", problems)
    reasons = [
        {"step": at, "sentence": explain_reason(code), "code": code, "count": count}
        for at, code, count in count_unsent(conn, journey.pk)
    ]
    clicked = [(at, _("link opened"), n) for (at, link), n in count_clicks(conn, journey.pk).items() if not link]
    states = [(at, state, n) for (at, state), n in count_messages(conn, journey.pk).items()]
    context |= {
        "people": list_at_step(conn, journey.pk, step or None, ROWS),
        "most": ROWS,
        "step": step,
        "messages": sorted(states + clicked),
        "reasons": reasons,
    }
    return render(request, "journeys/people.html", context)


ROUTES = (route("<int:journey_id>/people/", show_people, "journey_people"),)
