"""Budgets: the most that messages cost, and what is spent."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from tertulia.actions import budgets as actions
from tertulia.actions.journeys import access_journey, read_newest
from tertulia.api.shell import conn_of, now, workspace_of, writing
from tertulia.documents.journeys import read_journey

router = Router(tags=["Budgets"])


class BudgetIn(Schema):
    """In the workspace's currency: the most that a `message` costs, and all marketing and service messages of a `day`
    and a `month`; what is left out is not limited. `rates`: what one of another currency is worth, such as
    `{"USD": 0.92}`."""

    message: float | None = None
    day: float | None = None
    month: float | None = None
    rates: dict[str, float] = {}


class SpentOut(Schema):
    """`per`: day, month or total; `period`: which, as 2026-11-30 or 2026-11. `used_micros` is spent or kept for
    messages that go out now; `held`: messages wait because it is spent."""

    per: str
    period: str
    limit_micros: int
    used_micros: int
    held: bool


class BudgetOut(BudgetIn):
    """`missing_rates`: currencies of which channels have prices and no rate is given; an amount there counts as if it
    were in the workspace's `currency`."""

    currency: str
    missing_rates: list[str]
    spent: list[SpentOut]
    at: datetime


@router.get("/budget", response=BudgetOut, summary="The workspace's budget")
def get_budget(request: HttpRequest) -> dict[str, Any]:
    """With what is spent of it today and this month."""
    return _write(request)


@router.put("/budget", response=BudgetOut, summary="Change the budget")
def put_budget(request: HttpRequest, form: BudgetIn) -> dict[str, Any]:
    """The whole of it: what is left out is not limited any more. What waits is looked at again."""
    with writing():
        actions.set_budget(workspace_of(request), None, now(), form.dict(exclude_none=True))
    return _write(request)


@router.get("/journeys/{journey_id}/budget", response=list[SpentOut], summary="What a journey has spent")
def get_journey_budget(request: HttpRequest, journey_id: int) -> list[dict[str, Any]]:
    """Of each amount that the `budget` of its newest revision names."""
    journey = access_journey(workspace_of(request), journey_id)
    newest = read_newest(journey)
    spent = actions.read_spent_of(conn_of(), journey, read_journey(newest), now()) if newest is not None else []
    return [_tell(one) for one in spent]


def _write(request: HttpRequest) -> dict[str, Any]:
    workspace, at = workspace_of(request), now()
    spent = [_tell(one) for one in actions.read_spent(conn_of(), workspace, at)]
    told = {"currency": workspace.currency, "missing_rates": actions.list_missing_rates(conn_of(), workspace)}
    return {**workspace.budget, **told, "spent": spent, "at": at}


def _tell(spent: actions.Spent) -> dict[str, Any]:
    return {
        **{"per": spent.per, "period": spent.period, "limit_micros": spent.limit},
        **{"used_micros": spent.used, "held": spent.held},
    }
