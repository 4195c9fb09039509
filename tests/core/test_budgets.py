"""Budgets: amounts, currencies, and the days and months that they are of (V3)."""

from datetime import UTC, datetime

import pytest

from tertulia.core.budgets import (
    BudgetRule,
    Pot,
    TotalKey,
    compile_budget,
    convert,
    find_end,
    list_keys,
    read_amount,
    read_budget,
    read_rates,
)

NEW_YEAR = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)


def test_V3_amounts_are_kept_in_millionths() -> None:
    """Six decimals at most, and some money."""
    assert [read_amount(value) for value in (0.08, 50, 0.000001, 1234.56)] == [80_000, 50_000_000, 1, 1_234_560_000]
    for wrong in (0, -1, 0.0000001, 1e10, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="amount"):
            read_amount(wrong)


def test_V3_a_budget_without_amounts_is_none() -> None:
    """Rates alone limit nothing."""
    assert read_budget({"rates": {"USD": 0.9}}) is None
    budget = read_budget({"day": 5, "message": None})
    assert budget is not None
    assert budget.totals == (("day", 5_000_000),)


def test_V3_a_price_is_converted_by_the_rate_and_never_too_low() -> None:
    """Rounded up; at its face value where no rate is known."""
    rates = read_rates({"USD": 0.92, "JPY": 0.0061})
    assert convert(33_333, "USD", "EUR", rates) == 30_667
    assert convert(50_000, "EUR", "EUR", rates) == 50_000
    assert convert(50_000, "CZK", "EUR", rates) == 50_000
    for wrong in (0, -1, True, "1"):
        with pytest.raises(ValueError, match="rate"):
            read_rates({"USD": wrong})


def test_V3_a_day_and_a_month_are_those_of_the_budgets_own_zone() -> None:
    """Half an hour before the new year in London it has long begun in Kiritimati."""
    budget = compile_budget(BudgetRule(day=1, month=2, total=3))
    for zone, day, month, end in (
        ("UTC", "2026-12-31", "2026-12", datetime(2027, 1, 1, tzinfo=UTC)),
        ("Pacific/Kiritimati", "2027-01-01", "2027-01", datetime(2027, 1, 1, 10, tzinfo=UTC)),
    ):
        keys = list_keys(1, Pot("budget", "workspace", "", budget, zone), NEW_YEAR)
        assert [key.period for key, _, _ in keys] == [day, month, "total"]
        assert keys[0][0] == TotalKey(1, "budget", day)
        assert find_end("day", NEW_YEAR, zone) == end
    assert find_end("month", NEW_YEAR, "Pacific/Kiritimati") == datetime(2027, 1, 31, 10, tzinfo=UTC)
    assert find_end("total", NEW_YEAR, "UTC") is None
