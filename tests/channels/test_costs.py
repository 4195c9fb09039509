"""Prices: by country, by part, by category, and the user's own above all."""

from decimal import Decimal

import pytest

from tertulia.channels import registry
from tertulia.channels.costs import find_cost, list_price_faults, load_costs, price, read_prices


def test_text_messages_are_charged_by_the_part() -> None:
    """Three parts cost three times one; the country decides, and an unknown one has the price for anywhere."""
    assert price("twilio", "US", 3) == (Decimal("0.033"), "USD")
    assert price("twilio", "ZZ") == price("twilio", "")
    assert price("twilio", "DE") != price("twilio", "US")


def test_app_messages_are_charged_by_the_message() -> None:
    """Parts mean nothing there; the category does, and a broadcast is the default."""
    assert price("whatsapp", "BR", 4) == (Decimal("0.0625"), "USD")
    assert price("whatsapp", "BR", category="utility") == (Decimal("0.0068"), "USD")
    assert price("line", "JP") == (Decimal(3), "JPY")
    assert price("line", "JP", category="reply") == (Decimal(0), "JPY")
    assert price("telegram", "DE") == (Decimal(0), "USD")


def test_own_prices_win() -> None:
    """What the contract says wins over the list, for the country named or for every other."""
    own = "BR = 0.031 USD\n* = 0,045 eur\nnonsense\nDE = many USD\nFR = -1 EUR\nIT = NaN EUR"
    assert price("twilio", "BR", 2, own=own) == (Decimal("0.062"), "USD")
    assert price("twilio", "FR", 2, own=own) == (Decimal("0.090"), "EUR")
    assert price("whatsapp", "FR", 2, own=own) == (Decimal("0.045"), "EUR")
    assert list_price_faults(own) == ("nonsense", "DE = many USD", "FR = -1 EUR", "IT = NaN EUR")
    assert set(read_prices(own)) == {"BR", "*"}


def test_a_kind_without_prices_costs_nothing() -> None:
    """A kind from outside that brings no prices does not break a sum."""
    assert price("pigeon", "DE", 9) == (Decimal(0), "USD")


@pytest.mark.parametrize("kind", [adapter.kind for adapter in registry.kinds()])
def test_every_kind_has_a_price_with_its_source(kind: str) -> None:
    """Each kind has a row for anywhere, and each row says where it comes from."""
    assert find_cost(kind, "") is not None
    for row in load_costs().values():
        assert row.source
        assert row.amount >= 0


def test_e_mails_are_charged_by_the_message() -> None:
    """Whatever their length."""
    assert price("smtp", "DE", 4) == price("smtp", "") == (Decimal("0.0005"), "USD")
