"""The list of matches, and the addresses of everything below it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tertulia.actions.matches import list_matches
from tertulia.console.access import get_now, may_change
from tertulia.console.matches import about, acts, draft, people, results
from tertulia.console.matches.words import describe_state
from tertulia.console.parts import build_pager
from tertulia.console.routes import route
from tertulia.data.models import Match
from tertulia.store.db import django_conn
from tertulia.store.funnel import count_states

PAGE_ROWS = 50
NOT_SENT = ("waiting", "unreached")


def show_matches(request: HttpRequest) -> HttpResponse:
    """Every match with its state and its result, the newest first."""
    matches = list_matches(request.workspace)
    text = request.GET.get("page", "1")
    number = max(1, int(text)) if text.isdecimal() and len(text) < 6 else 1
    shown = matches[(number - 1) * PAGE_ROWS : number * PAGE_ROWS]
    states = count_states(django_conn(), [match.pk for match in shown])
    context = {
        "rows": [describe_row(match, states.get(match.pk, {})) for match in shown],
        "total": len(matches),
        "pager": build_pager(number, PAGE_ROWS, len(shown), len(matches), request.GET),
        "now": get_now(request),
        "may_change": may_change(request),
        "topic": f"workspace:{request.workspace.pk}",
    }
    return render(request, "matches/list.html", context)


def describe_row(match: Match, states: dict[str, int]) -> dict[str, object]:
    """One row: state, how far it has come, and what came of it."""
    total = match.audience_size if match.audience_size is not None else sum(states.values())
    sent = sum(count for state, count in states.items() if state not in NOT_SENT)
    settled = sent + states.get("unreached", 0)
    matched = states.get("matched", 0)
    return {
        "match": match,
        "state": describe_state(match),
        "draft": match.state == "draft",
        "total": total,
        "sent": sent,
        "matched": matched,
        "share": matched / total if total else None,
        "progress": settled / total if total and match.state in ("launching", "live", "paused") else None,
    }


ROUTES = (
    route("", show_matches, "matches"),
    *draft.ROUTES,
    *results.ROUTES,
    *people.ROUTES,
    *about.ROUTES,
    *acts.ROUTES,
)
