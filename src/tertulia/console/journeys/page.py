"""The list of journeys, a new one, and the addresses of everything below."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from tertulia.actions.journeys import create_journey, list_journeys
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now, may_change
from tertulia.console.journeys import acts, editor, people, results, review, text, what_if
from tertulia.console.journeys.words import describe_state
from tertulia.console.routes import route
from tertulia.documents.edit import write_document
from tertulia.store.db import django_conn
from tertulia.store.journeys import count_journeys


def show_journeys(request: HttpRequest) -> HttpResponse:
    """Every journey with its state and what it came to, those changed last first."""
    journeys = list_journeys(request.workspace, "journey")
    figures = count_journeys(django_conn(), [journey.pk for journey in journeys if journey.revision is not None])
    rows = []
    for journey in journeys:
        entered, now_in, sent = figures.get(journey.pk, (0, 0, 0))
        state = describe_state(journey)
        rows.append({"journey": journey, "state": state, "entered": entered, "now_in": now_in, "sent": sent})
    context = {"rows": rows, "now": get_now(request), "may_change": may_change(request)}
    return render(request, "journeys/list.html", context)


def add_journey(request: HttpRequest) -> HttpResponse:
    """Its name and the event that starts it (GET); a draft with those (POST)."""
    name, event = request.POST.get("name", "").strip(), request.POST.get("event", "").strip()
    errors: dict[str, str] = {}
    if request.method == "POST":
        document = write_document({"name": name, "entry": {"event": event}, "steps": []})
        try:
            made = create_journey(request.workspace, request.user, get_now(request), document, name=name)
            return HttpResponseRedirect(reverse("journey", args=[made.pk]))
        except Refused as refused:
            errors = {problem.field: problem.sentence for problem in refused.problems}
    context = {
        "name": name,
        "event": event,
        "names": editor.list_events(request),
        "errors": errors,
        "may_change": may_change(request),
    }
    return render(request, "journeys/new.html", context, status=422 if errors else 200)


ROUTES = (
    route("", show_journeys, "journeys"),
    route("new/", add_journey, "new_journey"),
    *editor.ROUTES,
    *text.ROUTES,
    *review.ROUTES,
    *people.ROUTES,
    *results.ROUTES,
    *what_if.ROUTES,
    *acts.ROUTES,
)
