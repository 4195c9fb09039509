"""Budgets: the workspace's, and how much of any is spent (V3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.config import load_currencies
from tertulia.actions.journeys import read_newest
from tertulia.actions.problems import Problem, refuse
from tertulia.core.budgets import (
    WARN_AT,
    Budget,
    compile_budget,
    name_period,
    read_amount,
    read_budget,
    read_rates,
)
from tertulia.core.journey import RUNNING
from tertulia.core.journeys import Journey as Document
from tertulia.core.wall_clock import DAY
from tertulia.data.models import Journey, User, Workspace
from tertulia.documents.journeys import read_journey
from tertulia.store.allowances import list_warned, read_states
from tertulia.store.db import Conn

FIELDS: Final = ("message", "day", "month")
CURRENCIES_MAX: Final = 20
JOURNEY: Final = "budget:journey:"


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one limit: `per` is day, month or total; `used` and `limit` in millionths. `held`: messages wait for it."""

    per: str
    period: str
    used: int
    limit: int
    held: bool

    @property
    def percent(self) -> int:
        """How much of it is spent, rounded down."""
        return self.used * 100 // self.limit

    @property
    def is_low(self) -> bool:
        """Whether people are told."""
        return self.held or self.percent >= WARN_AT


def set_budget(workspace: Workspace, user: User | None, now: datetime, told: Mapping[str, Any]) -> None:
    """Another budget: amounts by `message`, `day` and `month`, and `rates` of other currencies; what is not said is not
    set. Raises Refused with what is wrong, field by field."""
    kept = {name: value for name, value in told.items() if value not in (None, {})}
    refuse(check_budget(kept))
    workspace.budget = kept
    workspace.save(update_fields=["budget"])
    record_change(workspace, user, now, "budget_changed", f"workspace:{workspace.pk}", kept)


def check_budget(told: Mapping[str, Any]) -> list[Problem]:
    """What is wrong, `field` by field."""
    problems = [
        Problem("unknown", _("There is no such field. There are: %(known)s.") % {"known": "message, day, month"}, name)
        for name in told.keys() - {*FIELDS, "rates"}
    ]
    for name in FIELDS:
        value = told.get(name)
        if value is not None:
            try:
                read_amount(value if isinstance(value, int | float) and not isinstance(value, bool) else 0)
            except ValueError as error:
                problems.append(Problem("range", _(str(error)), name))
    try:
        rates = read_rates(told.get("rates", {}))
    except ValueError as error:
        return [*problems, Problem("range", _(str(error)), "rates")]
    wrong = [name for name in rates if not (len(name) == 3 and name.isascii() and name.isupper())]
    if wrong or len(rates) > CURRENCIES_MAX:
        problems.append(Problem("choice", _("Give a currency as three letters, such as USD."), "rates"))
    return problems


def list_missing_rates(conn: Conn, workspace: Workspace) -> list[str]:
    """Currencies in which its channels have prices and of which no rate is known: such a price counts as if it were in
    the workspace's own."""
    known = {workspace.currency, *workspace.budget.get("rates", {})}
    return sorted(load_currencies(conn, workspace.pk, workspace.currency) - known)


def read_spent(conn: Conn, workspace: Workspace, now: datetime) -> list[Spent]:
    """Of the workspace's own budget, today and this month."""
    budget = read_budget(workspace.budget)
    return _read(conn, workspace, "budget", budget, workspace.zone, now) if budget is not None else []


@dataclass(frozen=True, slots=True)
class Low:
    """A limit of which people are told. `name` and `journey_id` of a journey's budget, else the workspace's own."""

    spent: Spent
    name: str = ""
    journey_id: int | None = None


def list_low(conn: Conn, workspace: Workspace, now: datetime) -> list[Low]:
    """Limits of this day and month that are spent or nearly, the workspace's and those of its journeys."""
    found = [Low(spent) for spent in read_spent(conn, workspace, now) if spent.is_low]
    scopes = list_warned(conn, workspace.pk, name_period("day", now - 32 * DAY, workspace.zone))
    numbers = [int(scope.rpartition(":")[2]) for scope in scopes if scope.startswith(JOURNEY)]
    for journey in Journey.objects.filter(pk__in=numbers, state__in=RUNNING).select_related("workspace").order_by("pk"):
        newest = read_newest(journey)
        spent = read_spent_of(conn, journey, read_journey(newest), now) if newest is not None else []
        found += [Low(one, journey.name, journey.pk) for one in spent if one.is_low]
    return found


def read_spent_of(conn: Conn, journey: Journey, document: Document, now: datetime) -> list[Spent]:
    """Of a journey's, as its newest revision sets it."""
    if document.budget is None:
        return []
    scope, zone = f"{JOURNEY}{journey.pk}", document.zone or journey.workspace.zone
    return _read(conn, journey.workspace, scope, compile_budget(document.budget), zone, now)


def _read(conn: Conn, workspace: Workspace, scope: str, budget: Budget, zone: str, now: datetime) -> list[Spent]:
    periods = {per: name_period(per, now, zone) for per, _limit in budget.totals}
    states = read_states(conn, workspace.pk, list(periods.values()))
    found = []
    for per, limit in budget.totals:
        used, told_at = states.get((scope, periods[per]), (0, None))
        found.append(Spent(per, periods[per], used, limit, told_at == limit))
    return found
