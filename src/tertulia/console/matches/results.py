"""A launched match's results: figures, funnel, apps and time, each number a link to the contacts behind it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia.actions.match_costs import list_prices
from tertulia.actions.match_funnel import Funnel, WhyNot, read_funnel
from tertulia.actions.matches import access_match
from tertulia.console.channels.words import title_of
from tertulia.console.matches.head import describe_match
from tertulia.console.matches.panel import join_sums
from tertulia.console.matches.words import OPENING_NAMES, STEP_NAMES, fill, shorten_reason, step_of_reason
from tertulia.console.parts import Loss, Series, Tile, build_funnel, draw_lines
from tertulia.console.routes import route
from tertulia.console.tags import duration, money, num, percent
from tertulia.data.models import Match
from tertulia.store.db import django_conn
from tertulia.store.funnel import STEPS, AppRow, read_matched_over_time

LOSSES_SHOWN = 3
LINES_SHOWN = 4
TICKS_MAX = 5
TICK_STEPS_S = (60, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000)
VIEWS = ("picture", "table")
MESSAGES_MAX = 1000


@dataclass(frozen=True, slots=True)
class AppLine:
    """One app in the table, its shares worked out."""

    row: AppRow
    title: str
    of_clicks: float | None


def show_match(request: HttpRequest, match_id: int) -> HttpResponse:
    """The results; a draft leads to its form."""
    match = access_match(request.workspace, match_id)
    if match.state == "draft":
        return HttpResponseRedirect(reverse("edit_match", args=[match_id]))
    return render(request, "matches/match.html", describe_match(request, match, "results") | describe(request, match))


def show_results(request: HttpRequest, match_id: int) -> HttpResponse:
    """The figures alone, fetched again when they have changed."""
    match = access_match(request.workspace, match_id)
    return render(request, "matches/results.html", describe(request, match) | {"match": match})


def describe(request: HttpRequest, match: Match) -> dict[str, object]:
    """Everything the results show."""
    messages = read_messages(request.GET.get("messages", ""))
    prices = list_prices(request.workspace)
    funnel = (
        read_funnel(django_conn(), match, prices, messages) if messages else read_funnel(django_conn(), match, prices)
    )
    views = {name: choose_view(request.GET.get(name, "")) for name in ("funnel_view", "time_view")}
    chart, hidden = draw_over_time(match, funnel)
    return {
        "funnel_data": funnel,
        "tiles": list_tiles(match, funnel),
        "funnel": draw_funnel(match, funnel),
        "apps": list_apps(funnel),
        "openings": list_openings(match, funnel),
        "median_all": funnel.totals.median_s,
        "chart": chart,
        "chart_label": say_over_time(funnel),
        "chart_hidden": ", ".join(hidden),
        "time_rows": list_time_rows(match, funnel) if views["time_view"] == "table" else (),
        "time_apps": [(row.app, title_of(row.app)) for row in funnel.apps],
        "query": request.GET.urlencode(),
        "saving": funnel.saving,
        "topic": f"match:{match.pk}",
        **views,
        "switch": {name: list_switch(request, name, views[name]) for name in views},
    }


def choose_view(text: str) -> str:
    """picture, or table."""
    return text if text in VIEWS else VIEWS[0]


def read_messages(text: str) -> int:
    """How many messages a month the saving is counted with; 0 for the usual."""
    return min(int(text), MESSAGES_MAX) if text.isdecimal() and len(text) < 6 else 0


def list_switch(request: HttpRequest, name: str, chosen: str) -> list[tuple[str, str, bool]]:
    """The two halves of a Picture/Table switch: (words, address, whether chosen)."""
    words = {"picture": _("Picture"), "table": _("Table")}
    kept = {key: value for key, value in request.GET.items() if key != name}
    return [(words[view], "?" + urlencode({**kept, name: view}), view == chosen) for view in VIEWS]


def address_people(match: Match, **which: str) -> str:
    """The list of the contacts behind a figure."""
    return f"{reverse('match_people', args=[match.pk])}?{urlencode(which)}"


def list_tiles(match: Match, funnel: Funnel) -> list[Tile]:
    """Matched, how fast, at what cost, and what it saves."""
    totals, currency = funnel.totals, match.workspace.currency
    share = totals.matched / totals.imported if totals.imported else None
    costs = sum_money(funnel.costs)
    each = sum_money(funnel.cost_per_match)
    words = ngettext("sent to %(n)s contact", "sent to %(n)s contacts", totals.sent)
    sent = fill(words, n=num(totals.sent))
    budget = _("no budget set")
    if match.budget_micros:
        budget = fill(_("budget %(sum)s"), sum=money(match.budget_micros, currency))
    return [
        Tile(
            *(_("Matched"), num(totals.matched)),
            against=fill(_("%(share)s of the list"), share=percent(share)) if share is not None else "",
            url=address_people(match, step="matched"),
        ),
        Tile(_("Median time to match"), duration(totals.median_s), against=_("SMS to first message")),
        Tile(_("Cost of the match"), costs or "–", against=sent, url=address_people(match, step="sent")),
        Tile(_("Cost per match"), each or "–", against=budget),
        _make_saving_tile(funnel),
    ]


def _make_saving_tile(funnel: Funnel) -> Tile:
    saving = funnel.saving
    if saving is None:
        return Tile(_("Saves every month"), "–", against=_("known with the first match"))
    by_sms, in_apps = money(saving.sms_micros, saving.currency), money(saving.app_micros, saving.currency)
    told = fill(_("by SMS %(sms)s, in apps %(apps)s"), sms=by_sms, apps=in_apps)
    if not saving.app_micros:
        told = fill(_("by SMS %(sms)s"), sms=by_sms)
    return Tile(
        _("Saves every month"),
        money(saving.micros, saving.currency),
        against=told,
        url="#saving",
    )


def sum_money(sums) -> str:
    """Sums of several currencies beside each other."""
    return join_sums([money(micros, currency) for currency, micros in sums.items()])


def draw_funnel(match: Match, funnel: Funnel):
    """The seven steps with their losses and reasons."""
    counts = [getattr(funnel.totals, step) for step in STEPS]
    steps = [
        (STEP_NAMES[step], count, address_people(match, step=step)) for step, count in zip(STEPS, counts, strict=True)
    ]
    reasons: dict[str, list[WhyNot]] = defaultdict(list)
    for why in funnel.reasons:
        reasons[step_of_reason(why.reason)].append(why)
    losses = {
        index: [
            Loss(why.contacts, shorten_reason(why.reason, why.sentence), address_people(match, reason=why.reason))
            for why in reasons[step][:LOSSES_SHOWN]
        ]
        for index, step in enumerate(STEPS)
    }
    drawn = build_funnel(steps, losses)
    pairs = zip(STEPS, STEPS[1:], drawn[1:], funnel.totals.lost, strict=False)
    lost = [
        replace(step, lost=count, lost_url=address_people(match, step=before, lacking=name))
        for before, name, step, count in pairs
    ]
    return [drawn[0], *lost]


def list_apps(funnel: Funnel) -> list[AppLine]:
    """The table by app."""
    return [AppLine(row, title_of(row.app), row.matched / row.clicked if row.clicked else None) for row in funnel.apps]


def list_openings(match: Match, funnel: Funnel) -> list[tuple[str, int, int, str]]:
    """What opened links and was no person: (words, openings, contacts, the list of those contacts)."""
    return [
        (
            *(str(OPENING_NAMES.get(row.taken_for, row.taken_for)), row.openings, row.contacts),
            address_people(match, opening=row.taken_for),
        )
        for row in funnel.openings
    ]


def draw_over_time(match: Match, funnel: Funnel):
    """The cumulative lines of the best apps, in hours since the first message; and the apps that are left out."""
    if not funnel.points:
        return None, []
    start = funnel.points[0].at
    found = read_matched_over_time(django_conn(), match.pk, funnel.width_s)
    last_x = (funnel.points[-1].at - start).total_seconds() + funnel.width_s
    apps = [row.app for row in funnel.apps if row.matched]
    series = []
    for app in apps[:LINES_SHOWN]:
        points, sum_ = [(0.0, 0.0)], 0
        for at, name, count in found:
            if name == app:
                sum_ += count
                points.append(((at - start).total_seconds() + funnel.width_s, float(sum_)))
        points.append((last_x, float(sum_)))
        series.append(Series(title_of(app), app, points))
    width = next((step for step in TICK_STEPS_S if last_x / step <= TICKS_MAX), TICK_STEPS_S[-1])
    ticks = [(float(x), write_span(x)) for x in range(0, int(last_x) + 1, width)]
    return (draw_lines(series, ticks) if series else None), [title_of(app) for app in apps[LINES_SHOWN:]]


def write_span(seconds: float) -> str:
    """A tick of the time axis in one unit."""
    if seconds < 5400:
        return _("%(m)d min") % {"m": round(seconds / 60)}
    if seconds < 4 * 86_400:
        return _("%(h)d h") % {"h": round(seconds / 3600)}
    return _("%(d)d d") % {"d": round(seconds / 86_400)}


def say_over_time(funnel: Funnel) -> str:
    """The chart in one sentence."""
    parts = [f"{title_of(row.app)} {row.matched}" for row in funnel.apps if row.matched]
    return _("Matched so far, by app: %(apps)s") % {"apps": ", ".join(parts) or "0"}


def list_time_rows(match: Match, funnel: Funnel) -> list[tuple[datetime, list[int], int]]:
    """The chart as a table: (period, matched by app, sum), only periods in which somebody was matched."""
    counts: dict[datetime, dict[str, int]] = defaultdict(dict)
    for at, app, count in read_matched_over_time(django_conn(), match.pk, funnel.width_s):
        counts[at][app] = count
    apps: Sequence[str] = [row.app for row in funnel.apps]
    return [(at, [row.get(app, 0) for app in apps], sum(row.values())) for at, row in sorted(counts.items())]


ROUTES = (
    route("<int:match_id>/", show_match, "match"),
    route("<int:match_id>/results/", show_results, "match_results"),
)
