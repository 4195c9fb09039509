"""What lies in a cart, as a shop's events tell it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.carts import Cart, read_amount

SHOE = {"product_id": "shoe", "price": 80, "quantity": 1}
SOCK = {"sku": "sock", "price": "5.50", "quantity": 2}


def follow(*events: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    cart = Cart()
    for name, properties in events:
        cart.follow(name, properties)
    return cart.sum_up()


def test_products_add_up_and_are_taken_out() -> None:
    """A quantity that nobody tells is one; a price as text counts."""
    told = follow(("Product Added", SHOE), ("Product Added", SOCK), ("Product Removed", {"product_id": "shoe"}))
    assert told == {"cart_value": 11.0, "cart_products": ["sock"], "orders": 0, "revenue": 0.0}


@pytest.mark.parametrize(
    ("name", "properties", "value"),
    [
        ("Cart Viewed", {"products": [SHOE, SOCK]}, 91.0),
        ("Cart Updated", {"products": [SHOE, SOCK], "total": 85}, 85.0),
        ("Checkout Started", {"value": "120.00"}, 120.0),
        ("Page Scrolled", {"cart_value": 42}, 42.0),
    ],
)
def test_the_last_word_about_the_whole_counts(name: str, properties: dict[str, Any], value: float) -> None:
    """Until a product is added or taken out again."""
    assert follow(("Product Added", {"price": 7}), (name, properties))["cart_value"] == value


def test_an_order_empties_the_cart() -> None:
    """And is counted with what it brought."""
    told = follow(("Product Added", SHOE), ("Order Completed", {"total": 80, "currency": "EUR"}))
    assert told == {"cart_value": 0, "cart_products": [], "orders": 1, "revenue": 80.0, "currency": "EUR"}


@pytest.mark.parametrize("value", [True, None, "", "dear", "nan", "inf", -1, [], {}, 10**400])
def test_what_is_no_amount_is_passed_over(value: Any) -> None:
    """Whatever an app sends in place of a number."""
    assert read_amount({"price": value, "value": 3}, "price", "value") == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["Product Added", "Product Removed", "Cart Viewed", "Order Completed", "Other"])
FIELDS = st.sampled_from(["product_id", "price", "quantity", "products", "value", "total", "cart_value", "currency"])


@given(st.lists(st.tuples(NAMES, st.dictionaries(FIELDS, JSON)), max_size=8))
def test_whatever_comes_a_cart_is_worth_something_or_nothing(events: list[tuple[str, dict[str, Any]]]) -> None:
    """Never less than nothing, and never what JSON cannot say."""
    told = follow(*events)
    assert told["cart_value"] >= 0
    assert told["revenue"] >= 0
