"""What every tab of a journey shows in its head: name, state, draft and revision."""

from datetime import datetime

from django.http import HttpRequest

from tertulia.actions.budgets import read_spent_of
from tertulia.actions.guard_words import tell_guard
from tertulia.actions.journeys import is_canary_on, is_published, read_newest
from tertulia.actions.problems import Problem
from tertulia.console.access import get_now, may_change
from tertulia.console.journeys.words import describe_state
from tertulia.console.limits.budget import SpentLine, describe_spent
from tertulia.data.models import Journey
from tertulia.documents.journeys import read_journey
from tertulia.store.calls import count_waiting_calls
from tertulia.store.db import django_conn


def describe_journey(request: HttpRequest, journey: Journey, tab: str, problems: list[Problem]) -> dict[str, object]:
    """The context that the tabs share."""
    return {
        "journey": journey,
        "state": describe_state(journey),
        "same": is_published(journey),
        "problems": problems,
        "tab": tab,
        "topic": f"journey:{journey.pk}",
        "may_change": may_change(request) and journey.state not in ("cancelling", "cancelled"),
        "now": get_now(request),
        "canary_until": find_canary(journey, get_now(request)),
        "guard": tell_guard(journey.guard) if journey.guard else "",
        "spent": list_spent(request, journey),
        "calls_waiting": count_waiting_calls(django_conn(), request.workspace.pk, journey.pk),
    }


def list_spent(request: HttpRequest, journey: Journey) -> list[SpentLine]:
    """What is spent of its budget, as its newest revision sets it."""
    newest = read_newest(journey)
    if newest is None or "budget" not in newest:
        return []
    spent = read_spent_of(django_conn(), journey, read_journey(newest), get_now(request))
    return describe_spent(spent, journey.workspace.currency)


def find_canary(journey: Journey, now: datetime) -> datetime | None:
    """Until when what is new goes to a share of the customers alone; None where it does not."""
    return datetime.fromisoformat(journey.canary["until"]) if is_canary_on(journey, now) else None
