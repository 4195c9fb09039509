"""The tiles of Home: each figure counts what its link opens, and says against what it is compared."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia.console.parts import Tile
from tertulia.console.routes import find_address
from tertulia.console.tags import plain_money, plain_num
from tertulia.data.models import Workspace
from tertulia.store.db import Conn
from tertulia.store.overview import count_contacts_grown, count_reachable, read_days, read_matched_days

WEEK = timedelta(days=7)
DAYS = 14


def make_tiles(conn: Conn, workspace: Workspace, now: datetime) -> list[Tile]:
    """Five figures, of now or of the last seven days against the seven before."""
    zone = timezone.get_current_timezone_name()
    today = timezone.localtime(now).date()
    first = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)
    contacts = count_contacts_grown(conn, workspace.pk, now - WEEK)
    reachable = count_reachable(conn, workspace.pk, now - WEEK)
    days = read_days(conn, workspace.pk, first, zone)
    delivered: Counter[date] = Counter()
    costs: Counter[str] = Counter()
    for row in days:
        delivered[row.day] += row.delivered
        if row.day > today - WEEK:
            costs[row.currency] += row.cost_micros
    matched = read_matched_days(conn, workspace.pk, first, zone)
    matches = find_address("matches")
    return [
        Tile(
            _("Reachable in an app"),
            plain_num(reachable.total),
            *say_growth(reachable.since),
            reverse("contacts") + "?app=any",
        ),
        Tile(_("Contacts"), plain_num(contacts.total), *say_growth(contacts.since), reverse("contacts")),
        make_week_tile(_("Delivered, 7 days"), delivered, today, matches),
        make_week_tile(_("Matched, 7 days"), matched, today, matches),
        make_cost_tile(workspace, costs, sum_week(delivered, today), matches),
    ]


def say_growth(count: int) -> tuple[str, str]:
    """How many came this week, with its colour."""
    if not count:
        return _("none new this week"), ""
    return ngettext("+%(n)s this week", "+%(n)s this week", count) % {"n": plain_num(count)}, "ok"


def make_week_tile(name: str, by_day: Mapping[date, int], today: date, url: str) -> Tile:
    """A week's sum against the week before, with its fourteen days as a line."""
    this, before = sum_week(by_day, today), sum_week(by_day, today - WEEK)
    against, tone = _("nothing the week before"), ""
    if before:
        change = (this - before) / before * 100
        against = _("%(change)s %% on the week before") % {
            "change": f"{'+' if change >= 0 else '−'}{number_format(abs(change), 1)}"
        }
        tone = "ok" if change > 0 else ""
    values = [by_day.get(today - timedelta(days=back), 0) for back in range(DAYS - 1, -1, -1)]
    return Tile(name, plain_num(this), against, tone, url, values if any(values) else ())


def make_cost_tile(workspace: Workspace, costs: Mapping[str, int], delivered: int, url: str) -> Tile:
    """What the week cost, in the currency that most of it was spent in."""
    currency = max(costs, key=lambda name: costs[name]) if any(costs.values()) else workspace.currency
    spent = costs.get(currency, 0)
    against = _("nothing spent")
    if spent and delivered:
        against = _("%(price)s a delivered message") % {"price": plain_money(spent // delivered, currency)}
    return Tile(_("Spent, 7 days"), plain_money(spent, currency), against, "", url)


def sum_week(by_day: Mapping[date, int], until: date) -> int:
    """The sum of the seven days up to and with ``until``."""
    return sum(by_day.get(until - timedelta(days=back), 0) for back in range(7))
