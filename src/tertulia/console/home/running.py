"""The matches that run now, with how far each has come."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from tertulia.console.routes import find_address
from tertulia.data.models import Match, Workspace
from tertulia.store.db import Conn
from tertulia.store.funnel import Totals, read_totals

RUNNING = ("launching", "live", "paused")
ROWS_MAX = 20
STATES: dict[str, tuple[str | Promise, str]] = {
    "launching": (gettext_lazy("Launching"), "badge-accent"),
    "live": (gettext_lazy("Live"), "badge-ok badge-dot"),
    "paused": (gettext_lazy("Paused"), "badge-warn"),
}


@dataclass(frozen=True, slots=True)
class Running:
    """One match. ``sent_share`` and ``matched_share`` are shares of its audience."""

    name: str
    url: str
    state: str | Promise
    state_class: str
    totals: Totals
    sent_share: float
    matched_share: float


def list_running(conn: Conn, workspace: Workspace) -> list[Running]:
    """The newest first."""
    rows = Match.objects.filter(workspace=workspace, state__in=RUNNING).order_by("-launched_at", "-pk")[:ROWS_MAX]
    return [_describe(conn, row) for row in rows]


def _describe(conn: Conn, match: Match) -> Running:
    totals = read_totals(conn, match.pk)
    words, badge = STATES[match.state]
    if match.state == "paused" and match.guard_reason:
        badge = "badge-danger"
    whole = totals.imported or 1
    return Running(
        match.name, find_address("match", match.pk), words, badge, totals, totals.sent / whole, totals.matched / whole
    )
