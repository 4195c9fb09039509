"""What if: the workspace's own last days, or synthetic customers, played through the draft, and beside it through what
is live or another journey's draft."""

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tertulia.actions import journeys as actions
from tertulia.actions.what_if_draft import LIVE, NUMBERS, PERIODS, Trial, try_draft
from tertulia.console.access import get_now
from tertulia.console.journeys.bars import draw_bars
from tertulia.console.journeys.head import describe_journey
from tertulia.console.journeys.what_if_form import NOTHING, Form, list_groups, read_form
from tertulia.console.journeys.what_if_rows import (
    find_most,
    list_days,
    list_reactions,
    list_reasons,
    list_tiles,
    sum_cost,
)
from tertulia.console.routes import route
from tertulia.core.journeys import Program, compile_journey
from tertulia.core.rounds import is_once
from tertulia.data.models import Journey
from tertulia.errors import Invalid
from tertulia.store.db import django_conn


def show_what_if(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Of a journey's draft."""
    journey = actions.access_journey(request.workspace, journey_id)
    return show_draft(request, journey, "journeys/what_if.html")


def show_draft(request: HttpRequest, journey: Journey, template: str) -> HttpResponse:
    """The choice of what is played; with `?days=` what the draft would have come to."""
    began = time.monotonic()
    document, problems = actions.check_text(request.workspace, journey.document)
    context = describe_journey(request, journey, "what_if", problems)
    form = read_form(request.GET)
    program = compile_journey(document) if document is not None else None
    context |= {"form": form, "periods": PERIODS, "numbers": NUMBERS, "problem": form.problem, "events": ()}
    context["currency"] = request.workspace.currency
    context |= {"besides": list_besides(journey, form), "once": document is not None and is_once(document.entry)}
    if program is not None and form.wish is not None:
        try:
            trial = try_draft(
                *(django_conn(), journey, program, get_now(request), form.wish),
                public_url=settings.PUBLIC_URL,
                elapsed=lambda: time.monotonic() - began,
            )
        except Invalid as error:
            context["problem"] = str(error)
        else:
            context |= show_trial(trial, program)
    asks = program is not None and any(node.step.ASKS for node in program.nodes.values())
    context["groups"] = list_groups(form, context["events"], asks=asks)
    return render(request, template, context)


def list_besides(journey: Journey, form: Form) -> list[tuple[str, str, bool]]:
    """What may stand beside the draft, and which does."""
    others = Journey.objects.filter(workspace=journey.workspace).exclude(pk=journey.pk).order_by("name", "pk")
    named = [(other.key, other.name) for other in others if other.key]
    live = [(LIVE, _("What is live of it"))] if journey.revision else []
    found = [*live, (NOTHING, _("Nothing")), *named]
    return [(value, label, value == form.beside) for value, label in found]


def show_trial(trial: Trial, program: Program) -> dict[str, Any]:
    """What the template draws."""
    told, beside = trial.draft, trial.beside
    called = _("Live") if beside is not None and beside["journey"] == LIVE else trial.beside_name
    drafts = [told, *([beside] if beside is not None else [])]
    synthetic = trial.stage["synthetic"]
    days = list_days(drafts)
    most = find_most(drafts)
    return {
        "trial": trial,
        "told": told,
        "called": called,
        "columns": [_("Draft"), *([called] if beside is not None else [])],
        "drafts": [
            {
                "name": name,
                "told": one,
                "chart": draw_bars(one["by_day"], trial.first, trial.last, most) if one["by_day"] else None,
            }
            for name, one in zip([_("Draft"), called], drafts, strict=False)
        ],
        "tiles": list_tiles(told, beside, called),
        "reactions": list_reactions(told, beside, called),
        "days": days,
        "reasons": list_reasons(drafts),
        "cost": sum_cost(told),
        "events": synthetic["events"] if synthetic else (),
        "mix": list_mix(synthetic["mix"], trial.contacts) if synthetic else (),
    }


def list_mix(mix: dict[str, dict[str, int]], people: int) -> list[str]:
    """Where synthetic customers are, what they speak and where they can be reached, in shares."""

    def write(what: str) -> str:
        parts = sorted(mix[what].items(), key=lambda item: -item[1])[:6]
        return ", ".join(f"{name or '–'} {round(100 * count / max(people, 1))} %" for name, count in parts)

    return [
        _("Countries: %(shares)s") % {"shares": write("country")},
        _("Languages: %(shares)s") % {"shares": write("language")},
        _("Reachable on: %(shares)s") % {"shares": write("channel")},
    ]


ROUTES = (route("<int:journey_id>/what-if/", show_what_if, "journey_what_if"),)
