"""What came of a journey's experiments: its hold-out and its splits, against its goal."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tertulia.actions import journeys as actions
from tertulia.actions.experiments import DAYS_MAX, Results, read_results
from tertulia.console.access import get_now
from tertulia.console.journeys.experiments import show_experiment
from tertulia.console.journeys.head import describe_journey
from tertulia.console.routes import route
from tertulia.core.experiments import SAMPLE
from tertulia.data.models import Journey
from tertulia.store.db import django_conn

PERIODS = (7, 14, 30)


def show_results(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Each experiment; `?days=` gives everybody so many days in place of what the goal says."""
    journey = actions.access_journey(request.workspace, journey_id)
    _document, problems = actions.check_text(request.workspace, journey.document)
    context = describe_journey(request, journey, "results", problems) | draw_results(request, journey)
    return render(request, "journeys/results.html", context)


def draw_results(request: HttpRequest, journey: Journey) -> dict[str, Any]:
    """What the template draws."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isdecimal() and len(asked) < 4 else 0
    days = days if days <= DAYS_MAX else 0
    found = read_results(django_conn(), journey, get_now(request), days)
    return {"days": days, "periods": PERIODS, **describe_results(found)}


def describe_results(found: Results) -> dict[str, Any]:
    """The cards, and what they stand for."""
    return {
        "goal_event": found.goal,
        "within_s": found.within.total_seconds(),
        "experiments": [show_experiment(one) for one in found.experiments],
        "sample": SAMPLE,
    }


ROUTES = (route("<int:journey_id>/results/", show_results, "journey_results"),)
