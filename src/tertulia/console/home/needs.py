"""What waits for someone: faults first, then decisions; each with the one act that settles it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia.actions.budgets import list_low
from tertulia.actions.guard_words import tell_guard
from tertulia.console.routes import find_address
from tertulia.data.models import Channel, CouponPool, Import, Journey, Match, Workspace
from tertulia.store.calls import count_waiting_calls
from tertulia.store.conversations import list_handed_over
from tertulia.store.db import Conn
from tertulia.store.overview import count_waiting

ROWS_MAX = 12
HANDED_OVER_MAX = 5


@dataclass(frozen=True, slots=True)
class Need:
    """One line. ``name`` is set bold before the sentence."""

    icon: str
    tone: str
    name: str
    sentence: str
    fact: str
    url: str
    act: str


def list_needs(conn: Conn, workspace: Workspace, now: datetime) -> list[Need]:
    """The list, the gravest first."""
    waiting = count_waiting(conn, workspace.pk)
    needs = [
        *_list_faults(workspace),
        *_list_coupons(workspace),
        *_list_budgets(conn, workspace, now),
        *_list_handed_over(conn, workspace),
        *_list_paused(workspace),
        *_list_imports(workspace),
    ]
    if parked := waiting.parked + waiting.unread:
        words = ngettext("%(n)d entry is parked", "%(n)d entries are parked", parked) % {"n": parked}
        url = find_address("parked")
        needs.append(
            Need("octagon-pause", "danger", words, "", _("received, but not decided; nothing is lost"), url, _("Look"))
        )
    if calls := count_waiting_calls(conn, workspace.pk):
        words = ngettext("%(n)d call to your API", "%(n)d calls to your API", calls) % {"n": calls}
        fact = _("nobody knows what came of it; its journey waits")
        needs.append(Need("globe", "warn", words, "", fact, find_address("calls"), _("Say it")))
    if waiting.suggestions:
        words = ngettext("%(n)d merge suggestion", "%(n)d merge suggestions", waiting.suggestions)
        url = find_address("suggestions")
        needs.append(
            Need(
                "git-merge",
                "",
                words % {"n": waiting.suggestions},
                "",
                _("perhaps the same person twice"),
                url,
                _("Review"),
            )
        )
    return needs[:ROWS_MAX]


def _list_faults(workspace: Workspace) -> list[Need]:
    faulty = Channel.objects.filter(workspace=workspace, state="fault", archived_at=None).order_by("pk")
    return [
        Need("circle-x", "danger", row.name, _("stopped"), row.fault, find_address("channel", row.pk), _("See why"))
        for row in faulty
    ]


def _list_coupons(workspace: Workspace) -> list[Need]:
    """Pools that are spent, those for which messages wait first, and those that run low (S5)."""
    pools = CouponPool.objects.filter(workspace=workspace).exclude(low_at=None, empty_at=None).order_by("pk")
    return [
        Need(
            "ticket",
            "danger" if pool.empty_at is not None else "warn",
            pool.name,
            _("has no coupons left") if pool.empty_at is not None else _("runs low on coupons"),
            _("messages wait, nothing is lost") if pool.empty_at is not None else "",
            find_address("coupon_pool", pool.pk),
            _("Add codes"),
        )
        for pool in sorted(pools, key=lambda pool: pool.empty_at is None)
    ]


def _list_budgets(conn: Conn, workspace: Workspace, now: datetime) -> list[Need]:
    """Budgets that are spent or nearly, the spent first (V3)."""
    found = [(low.name or _("The budget"), low.spent, low.journey_id) for low in list_low(conn, workspace, now)]
    return [
        Need(
            "wallet",
            "danger" if spent.held else "warn",
            name,
            _("has spent its budget") if spent.held else _("has nearly spent its budget"),
            _("messages wait, nothing is lost") if spent.held else "",
            find_address("limits") if journey_id is None else find_address("journey", journey_id),
            _("Look"),
        )
        for name, spent, journey_id in sorted(found, key=lambda row: not row[1].held)
    ]


def _list_handed_over(conn: Conn, workspace: Workspace) -> list[Need]:
    """Customers who wait for a person, those who wait longest first (I6)."""
    return [
        Need(
            "life-buoy",
            "warn",
            f"{row.name} {row.surname}".strip() or _("A customer"),
            _("waits for a person"),
            _("since %(at)s") % {"at": date_format(timezone.localtime(row.handed_at), "DATETIME_FORMAT")},
            find_address("contact", row.contact_id),
            _("Look"),
        )
        for row in list_handed_over(conn, workspace.pk, HANDED_OVER_MAX)
    ]


def _list_paused(workspace: Workspace) -> list[Need]:
    guarded = Journey.objects.filter(workspace=workspace, state="paused").exclude(guard={}).order_by("pk")
    by_guard = [
        Need(
            *("octagon-pause", "warn", row.name, _("is paused by its guard"), tell_guard(row.guard)),
            *(find_address("journey", row.pk), _("See why")),
        )
        for row in guarded
    ]
    paused = Match.objects.filter(workspace=workspace, state="paused").exclude(guard_reason="").order_by("pk")
    return by_guard + [
        Need(
            "octagon-pause",
            "warn",
            row.name,
            _("paused itself"),
            row.guard_reason,
            find_address("match", row.pk),
            _("See why"),
        )
        for row in paused
    ]


def _list_imports(workspace: Workspace) -> list[Need]:
    """Imports that wait for a decision, and those that failed."""
    rows = Import.objects.filter(workspace=workspace, state__in=("checked", "failed")).order_by("-pk")[:ROWS_MAX]
    needs = []
    for row in rows:
        url = find_address("import", row.pk)
        if row.state == "failed":
            needs.append(Need("circle-x", "danger", row.name, _("could not be imported"), row.fault, url, _("See why")))
        else:
            needs.append(
                Need(
                    "file-spreadsheet",
                    "warn",
                    row.name,
                    _("is checked"),
                    _("nothing is imported yet"),
                    url,
                    _("Decide"),
                )
            )
    return needs
