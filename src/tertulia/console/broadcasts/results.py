"""A launched broadcast: what became of its messages on each channel, whose they were, and why others got none."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from tertulia.actions import broadcasts as actions
from tertulia.actions.channels import list_channels
from tertulia.actions.experiments import read_results as read_results_of_experiments
from tertulia.actions.guard_words import tell_guard
from tertulia.actions.why import explain_reason
from tertulia.console.access import get_now, may_change
from tertulia.console.broadcasts.form import show_document
from tertulia.console.broadcasts.words import RESULTS, describe_progress
from tertulia.console.channels.words import mark_of
from tertulia.console.journeys.head import find_canary, list_spent
from tertulia.console.journeys.results import describe_results
from tertulia.console.parts import Tile
from tertulia.console.routes import route
from tertulia.console.tags import plain_money, plain_num
from tertulia.data.models import Channel, Journey
from tertulia.store.broadcasts import ChannelResult, list_recipients, list_refused, read_results
from tertulia.store.db import django_conn
from tertulia.store.journeys import count_unsent

ROWS_MAX = 200


def show_results(request: HttpRequest, journey: Journey) -> HttpResponse:
    """Figures, each the door to its people."""
    conn = django_conn()
    found = read_results(conn, journey.pk)
    channels = {channel.pk: channel for channel in Channel.objects.filter(workspace=request.workspace)}
    context = describe(request, journey) | {
        "tiles": list_tiles(journey, found),
        "rows": [
            (channels[row.channel_id], mark_of(channels[row.channel_id].kind), list_cells(journey, row))
            for row in found
        ],
        "words": list(RESULTS.values()),
        "links": sorted(actions.count_links(conn, journey).items(), key=lambda item: (-item[1], item[0])),
        **describe_results(read_results_of_experiments(conn, journey, get_now(request))),
        "reasons": [
            {"sentence": explain_reason(code), "code": code, "count": count, "url": _list_url(journey, reason=code)}
            for code, count in sum_reasons(count_unsent(conn, journey.pk))
        ],
    }
    return render(request, "broadcasts/results.html", context)


def show_people(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Whose messages came so far (`?state=`, on one `?channel=`), or who got none for a `?reason=`."""
    journey = actions.access_broadcast(request.workspace, journey_id)
    reason, state = request.GET.get("reason", ""), request.GET.get("state", "sent")
    state = state if state in RESULTS else "sent"
    number = request.GET.get("channel", "")
    channel = int(number) if number.isdecimal() and len(number) < 10 else None
    if reason:
        people = list_refused(django_conn(), journey.pk, reason, ROWS_MAX)
    else:
        people = list_recipients(django_conn(), journey.pk, state, channel, ROWS_MAX)
    known = {row.pk: row for row in list_channels(request.workspace)}
    context = describe(request, journey) | {
        "title": explain_reason(reason) if reason else RESULTS[state],
        "people": [(row, known.get(row.channel_id)) for row in people],
        "most": ROWS_MAX,
        "tab": "people",
    }
    return render(request, "broadcasts/people.html", context)


def describe(request: HttpRequest, journey: Journey) -> dict[str, Any]:
    """What the tabs share."""
    progress = actions.read_progress(django_conn(), [journey])[journey.pk]
    return {
        "journey": journey,
        "progress": progress,
        "state": describe_progress(progress),
        "topic": f"journey:{journey.pk}",
        "tab": "results",
        "canary_until": find_canary(journey, get_now(request)),
        "guard": tell_guard(journey.guard) if journey.guard else "",
        "spent": list_spent(request, journey),
        "currency": request.workspace.currency,
        "budget": show_document(actions.read_launched(journey)).budget,
        "may_take_back": actions.can_take_back(journey, get_now(request)),
        "may_change": may_change(request),
        "now": get_now(request),
    }


def list_tiles(journey: Journey, found: list[ChannelResult]) -> list[Tile]:
    """All channels together."""
    tiles = [
        Tile(word, plain_num(sum(getattr(row, name) for row in found)), url=_list_url(journey, state=name))
        for name, word in RESULTS.items()
    ]
    costs: dict[str, int] = {}
    for row in found:
        if row.cost_micros:
            costs[row.currency] = costs.get(row.currency, 0) + row.cost_micros
    told = ", ".join(plain_money(micros, currency) for currency, micros in sorted(costs.items()))
    return [*tiles, Tile(_("Cost"), told or "–")]


def list_cells(journey: Journey, row: ChannelResult) -> list[tuple[int, str]]:
    """Of one channel, each count with the address of its people."""
    return [(getattr(row, name), _list_url(journey, state=name, channel=row.channel_id)) for name in RESULTS]


def sum_reasons(unsent: list[tuple[str, str, int]]) -> list[tuple[str, int]]:
    """Over all steps, the most frequent first."""
    counts: dict[str, int] = {}
    for _step, code, count in unsent:
        counts[code] = counts.get(code, 0) + count
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _list_url(journey: Journey, **asked: object) -> str:
    return f"{reverse('broadcast_people', args=[journey.pk])}?{urlencode(asked)}"


ROUTES = (route("<int:journey_id>/people/", show_people, "broadcast_people"),)
