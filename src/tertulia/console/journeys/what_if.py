"""What if: the workspace's own last days, played through the draft and, beside it, through what is live."""

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tertulia.actions import journeys as actions
from tertulia.actions.what_if_draft import PERIODS, Trial, try_draft
from tertulia.console.access import get_now
from tertulia.console.journeys.bars import draw_bars
from tertulia.console.journeys.head import describe_journey
from tertulia.console.parts import Tile
from tertulia.console.routes import route
from tertulia.console.tags import plain_money, plain_num
from tertulia.core.journeys import ApiEntry, MessageEntry, compile_journey
from tertulia.core.simulation.play import ANSWERED
from tertulia.store.db import django_conn

SHARES = (0, 25, 50, 75, 100)  # percent of questions that are answered
SHARE = round(100 * ANSWERED)


def show_what_if(request: HttpRequest, journey_id: int) -> HttpResponse:
    """The choice of a period; with `?days=` what the draft would have come to in it."""
    began = time.monotonic()
    journey = actions.access_journey(request.workspace, journey_id)
    document, problems = actions.check_text(request.workspace, journey.document)
    context = describe_journey(request, journey, "what_if", problems)
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isdecimal() and int(asked) in PERIODS else None
    said = request.GET.get("answered", "")
    answered = int(said) if said.isdecimal() and int(said) in SHARES else SHARE
    asks = document is not None and any(node.step.ASKS for node in compile_journey(document).nodes.values())
    context |= {"periods": PERIODS, "days": days, "asks": asks, "shares": SHARES, "answered": answered}
    if document is not None and days is not None:
        trial = try_draft(
            *(django_conn(), journey, compile_journey(document), get_now(request), days),
            answered=answered / 100,
            public_url=settings.PUBLIC_URL,
            elapsed=lambda: time.monotonic() - began,
        )
        context |= show_trial(trial) | {"unplayed": isinstance(document.entry, ApiEntry | MessageEntry)}
    return render(request, "journeys/what_if.html", context)


def show_trial(trial: Trial) -> dict[str, Any]:
    """What the template draws."""
    told = trial.draft
    return {
        "trial": trial,
        "told": told,
        "tiles": list_tiles(told, trial.live),
        "chart": draw_bars(told["by_day"], trial.first, trial.last) if told["by_day"] else None,
        "cost": sum_cost(told),
    }


def list_tiles(told: dict[str, Any], live: dict[str, Any] | None) -> list[Tile]:
    """Six figures, each against the live revision where there is one."""
    names = {
        "entered": _("Would enter"),
        "messages": _("Messages"),
        "cost": _("Cost"),
        "held_by_hours": _("Held by quiet hours"),
        "held_by_cap": _("Held by a cap"),
        "completed": _("Went to the end"),
    }

    def write(figures: dict[str, Any], name: str) -> str:
        return sum_cost(figures) or "–" if name == "cost" else plain_num(figures[name])

    return [
        Tile(title, write(told, name), _("live: %(figure)s") % {"figure": write(live, name)} if live else "")
        for name, title in names.items()
    ]


def sum_cost(told: dict[str, Any]) -> str:
    """What it costs, each currency by itself; empty for nothing."""
    return ", ".join(plain_money(cost["micros"], cost["currency"]) for cost in told["cost"])


ROUTES = (route("<int:journey_id>/what-if/", show_what_if, "journey_what_if"),)
