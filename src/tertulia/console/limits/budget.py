"""The form of the workspace's budget, and what is spent of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from tertulia.actions.budgets import FIELDS, Spent
from tertulia.console.channels.form import read_decimal, write_number
from tertulia.console.tags import plain_money

WIDE: Final = 100  # per cent, which a bar is


@dataclass(frozen=True, slots=True)
class SpentLine:
    """One limit in words, and how full it is, 0 to 1."""

    name: str
    told: str
    share: float
    tone: str
    held: bool


@dataclass(frozen=True, slots=True)
class BudgetForm:
    """The fields as they are typed; `rates`: a currency, an equals sign and a rate a line."""

    message: str = ""
    day: str = ""
    month: str = ""
    rates: str = ""
    missing: Sequence[str] = field(default_factory=tuple)


def read_budget_form(sent: QueryDict) -> dict[str, Any]:
    """The document that was sent. What is no number stays a text, which the check refuses."""
    told: dict[str, Any] = {name: value for name in FIELDS if (value := _read(sent.get(name, ""))) is not None}
    rates = {}
    for line in sent.get("rates", "").splitlines():
        if line.strip():
            currency, _equals, rate = line.partition("=")
            rates[currency.strip().upper()] = _read(rate)
    return told | ({"rates": rates} if rates else {})


def fill_budget_form(told: Mapping[str, Any], missing: Sequence[str] = ()) -> BudgetForm:
    """What the form shows of a document."""
    fields = {name: _write(told[name]) for name in FIELDS if told.get(name) is not None}
    rates = "\n".join(f"{currency} = {_write(rate)}" for currency, rate in told.get("rates", {}).items())
    return BudgetForm(**fields, rates=rates, missing=missing)


def describe_spent(spent: Sequence[Spent], currency: str) -> list[SpentLine]:
    """Each limit with what is spent of it."""
    names = {"day": _("Today"), "month": _("This month"), "total": _("In all")}
    lines = []
    for one in spent:
        told = {"used": plain_money(one.used, currency), "limit": plain_money(one.limit, currency)}
        tone = "danger" if one.held else "warn" if one.is_low else ""
        share = min(one.percent, WIDE) / WIDE
        lines.append(SpentLine(names[one.per], _("%(used)s of %(limit)s") % told, share, tone, one.held))
    return lines


def _read(text: str) -> float | int | str | None:
    try:
        value = read_decimal(text)
    except ValueError:
        return text.strip()
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _write(value: Any) -> str:
    return write_number(value) if isinstance(value, int | float) else str(value)
