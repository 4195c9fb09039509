"""What if: the workspace's own last days, played through the draft and, beside it, through what is live."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tertulia.actions import journeys as actions
from tertulia.actions import what_if
from tertulia.actions.config import load_config
from tertulia.actions.what_if_told import tell_played
from tertulia.console.access import get_now
from tertulia.console.journeys.bars import draw_bars
from tertulia.console.journeys.head import describe_journey
from tertulia.console.parts import Tile
from tertulia.console.routes import route
from tertulia.console.tags import plain_money, plain_num
from tertulia.core.journeys import Program, compile_journey
from tertulia.data.models import Journey
from tertulia.documents.journeys import read_journey
from tertulia.store.db import django_conn, reading_json

PERIODS: Final = (7, 30)  # days
EVENTS_MAX: Final = 200_000
CONTACTS_MAX: Final = 20_000
DRAFT_S: Final = 5.0  # somebody waits for the page: reading and the draft take so long at most
WHOLE_S: Final = 8.0  # and so long with what is live


def show_what_if(request: HttpRequest, journey_id: int) -> HttpResponse:
    """The choice of a period; with `?days=` what the draft would have come to in it."""
    journey = actions.access_journey(request.workspace, journey_id)
    document, problems = actions.check_text(request.workspace, journey.document)
    context = describe_journey(request, journey, "what_if", problems)
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isdecimal() and int(asked) in PERIODS else None
    context |= {"periods": PERIODS, "days": days}
    if document is not None and days is not None:
        context |= play(journey, compile_journey(document), get_now(request), days)
    return render(request, "journeys/what_if.html", context)


def play(journey: Journey, draft: Program, now: datetime, days: int) -> dict[str, Any]:
    """Both revisions through the same days. What takes longer than somebody waits is cut, and said to be."""
    began, live, workspace = time.monotonic(), _find_live(journey), journey.workspace.pk
    programs = [draft, *([live] if live is not None else [])]
    with reading_json(django_conn()) as conn:
        base = load_config(conn, settings.PUBLIC_URL)
        configs = [what_if.put_in(base, workspace, journey.pk, journey.name, program) for program in programs]
        limits = {"events_max": EVENTS_MAX, "contacts_max": CONTACTS_MAX}
        tape = what_if.read_tape(conn, configs, workspace, now - timedelta(days=days), now, **limits)
        people = what_if.load_people(conn, base, tape.contact_ids)
    played, to = [], now
    for config, limit_s in zip(configs, (DRAFT_S, WHOLE_S), strict=False):
        memory = what_if.gather(config, people, tape.since)
        played.append(what_if.play_tape(memory, tape, journey.pk, to, stop=_stop_after(began + limit_s)))
        to = played[0].to
    told = [tell_played(one, program, config) for one, program, config in zip(played, programs, configs, strict=True)]
    beside = told[1] if len(told) > 1 and played[1].whole else None
    zone = what_if.find_zone(base, workspace)
    first, last = (at.astimezone(zone).date() for at in (tape.since, to))
    return {
        "told": told[0],
        "tiles": list_tiles(told[0], beside),
        "chart": draw_bars(told[0]["by_day"], first, last) if told[0]["by_day"] else None,
        "tape": tape,
        "to": to,
        "contacts": len(tape.contact_ids),
        "events": len(tape.arrivals),
        "cost": sum_cost(told[0]),
        "cut_short": not played[0].whole,
        "without_live": live is not None and beside is None,
    }


def _find_live(journey: Journey) -> Program | None:
    newest = journey.revisions.filter(number=journey.revision).first() if journey.revision else None
    return compile_journey(read_journey(newest.document)) if newest is not None else None


def _stop_after(instant: float) -> Callable[[], bool]:
    return lambda: time.monotonic() > instant


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
