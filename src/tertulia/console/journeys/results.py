"""What came of a journey: its experiments, which are its hold-out and its splits, against its goal, and which of its
messages the goals are owed to."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tertulia.actions import journeys as actions
from tertulia.actions.experiments import DAYS_MAX, Results, read_results
from tertulia.actions.journey_counts import JourneyCounts, count_journey
from tertulia.console.access import get_now
from tertulia.console.journeys.experiments import show_experiment
from tertulia.console.journeys.head import describe_journey
from tertulia.console.routes import route
from tertulia.core.experiments import SAMPLE
from tertulia.data.models import Journey
from tertulia.store.db import django_conn

PERIODS = (7, 14, 30)
RECEIVED: Final = ("sent", "delivered", "read")


@dataclass(frozen=True, slots=True)
class Credit:
    """A message, by its step; empty for none. `goals` of the journey's `of` were reached after it, as the last one that
    was received."""

    step: str
    name: str
    sent: int
    goals: int
    of: int

    @property
    def percent(self) -> int:
        """Of all goals."""
        return round(100 * self.goals / self.of)


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
    credits_ = list_credits(count_journey(django_conn(), journey)) if found.goal else []
    return {"days": days, "periods": PERIODS, "credits": credits_, **describe_results(found)}


def list_credits(counts: JourneyCounts) -> list[Credit]:
    """Every message that was sent, and the goals before the first one (G2); nothing before anybody reached one."""
    rows = [
        Credit(row.step, row.name, sum(row.messages.get(state, 0) for state in RECEIVED), row.goals, counts.goals)
        for row in counts.steps
    ]
    shown = [row for row in rows if row.sent or row.goals]
    before = counts.goals - sum(row.goals for row in rows)
    return [*shown, Credit("", "", 0, before, counts.goals)] if counts.goals else []


def describe_results(found: Results) -> dict[str, Any]:
    """The cards, and what they stand for."""
    return {
        "goal_event": found.goal,
        "within_s": found.within.total_seconds(),
        "experiments": [show_experiment(one) for one in found.experiments],
        "sample": SAMPLE,
    }


ROUTES = (route("<int:journey_id>/results/", show_results, "journey_results"),)
