"""The head and tabs of a launched match's page."""

from django.http import HttpRequest

from tertulia.console.access import get_now, may_change
from tertulia.console.matches.words import describe_state
from tertulia.data.models import Match
from tertulia.store.db import django_conn
from tertulia.store.funnel import read_totals


def describe_match(request: HttpRequest, match: Match, tab: str) -> dict[str, object]:
    """What every tab shows: state, since when, through what, how fast, and the tabs' counts."""
    totals = read_totals(django_conn(), match.pk)
    queued = totals.imported - totals.sent
    return {
        "match": match,
        "tab": tab,
        "state": describe_state(match),
        "rate": match.rate_per_s or (match.sms_channel.rate_per_s if match.sms_channel else None),
        "totals": totals,
        "not_matched": totals.imported - totals.matched,
        "queued": queued,
        "running": match.state in ("launching", "live", "paused"),
        "may_change": may_change(request),
        "now": get_now(request),
        "topic": f"match:{match.pk}",
    }
