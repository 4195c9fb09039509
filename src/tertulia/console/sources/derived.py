"""Events that nobody told: they followed from others (a session began, a session ended)."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tertulia.console.access import get_now
from tertulia.console.routes import route
from tertulia.console.sources.schema import KEPT_DAYS, list_events, list_opened
from tertulia.core.sessions import DERIVED_SOURCE
from tertulia.ids import day_of
from tertulia.store.db import django_conn
from tertulia.store.events import count_by_day, list_properties


def show_derived(request: HttpRequest) -> HttpResponse:
    """Every derived event with its volume; beside it the properties of the one that the address opens."""
    conn, now = django_conn(), get_now(request)
    today = day_of(now)
    volumes = count_by_day(conn, request.workspace.pk, DERIVED_SOURCE, today - timedelta(days=KEPT_DAYS - 1))
    known = list_properties(conn, request.workspace.pk, DERIVED_SOURCE)
    opened = (request.GET.get("type", ""), request.GET.get("event", ""))
    events = list_events(volumes, known, today, opened)
    context = {
        "events": events,
        "opened": next((row for row in events if row.current), None),
        "properties": list_opened(known, opened),
        "topic": f"source:{DERIVED_SOURCE}",
        "now": now,
    }
    return render(request, "sources/derived.html", context)


ROUTES = (route("derived/", show_derived, "derived_events"),)
