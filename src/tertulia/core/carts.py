"""What lies in a customer's cart, as the events of a shop tell it (the e-commerce names that tracking SDKs share).

A shop tells the cart in one of three ways: product by product (`Product Added`, `Product Removed`), the whole of it
(`Cart Viewed`, `Cart Updated`, `Checkout Started`, with `products` or a `value`), or as `cart_value` of any event. The
last word counts. An order empties it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ADDED: Final = frozenset({"Product Added", "Added Product"})
REMOVED: Final = frozenset({"Product Removed", "Removed Product"})
WHOLE: Final = frozenset({"Cart Viewed", "Cart Updated", "Checkout Started", "Started Order"})
ORDERED: Final = frozenset({"Order Completed", "Completed Order"})
PRODUCTS_MAX: Final = 50
CURRENCY_CHARACTERS_MAX: Final = 8


@dataclass(slots=True)
class Cart:
    """A cart while events go by. `lines` are (price of one, quantity) by product; `told` is a value that the shop
    itself told of the whole, which wins over what the lines come to until one of them changes."""

    lines: dict[str, tuple[float, float]] = field(default_factory=dict)
    told: float | None = None
    currency: str = ""
    orders: int = 0
    revenue: float = 0.0

    def follow(self, name: str, properties: Mapping[str, Any]) -> None:
        """One event by its name."""
        if name in ADDED:
            self._put(properties, 1)
        elif name in REMOVED:
            self._put(properties, -1)
        elif name in WHOLE:
            self._take_whole(properties)
        elif name in ORDERED:
            self.orders += 1
            self.revenue += read_amount(properties, "total", "revenue", "value") or 0.0
            self.lines, self.told = {}, None
        told = read_amount(properties, "cart_value", "cart_total")
        if told is not None:
            self.told = told
        currency = properties.get("currency")
        if isinstance(currency, str) and currency:
            self.currency = currency[:CURRENCY_CHARACTERS_MAX]

    def sum_up(self) -> dict[str, Any]:
        """`cart_value`, `cart_products` (their ids), `orders` and `revenue`; `currency` where one was told."""
        value = self.told if self.told is not None else sum(price * count for price, count in self.lines.values())
        told: dict[str, Any] = {
            "cart_value": round(value, 2),
            "cart_products": [product for product in self.lines if product][:PRODUCTS_MAX],
            "orders": self.orders,
            "revenue": round(self.revenue, 2),
        }
        return told | ({"currency": self.currency} if self.currency else {})

    def _put(self, properties: Mapping[str, Any], sign: int) -> None:
        product = read_product(properties)
        price, count = self.lines.get(product, (0.0, 0.0))
        price = read_amount(properties, "price") or price
        quantity = read_amount(properties, "quantity")
        count += sign * (1.0 if quantity is None else quantity)
        self.told = None
        if count > 0:
            self.lines[product] = (price, count)
        else:
            self.lines.pop(product, None)

    def _take_whole(self, properties: Mapping[str, Any]) -> None:
        products = properties.get("products")
        if isinstance(products, list):
            self.lines = {}
            for product in products:
                if isinstance(product, dict):
                    self._put(product, 1)
        self.told = read_amount(properties, "value", "total", "revenue")


def read_product(properties: Mapping[str, Any]) -> str:
    """A product's id, else its SKU or name; empty where none is told."""
    for name in ("product_id", "sku", "id", "name"):
        value = properties.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""


def read_amount(properties: Mapping[str, Any], *names: str) -> float | None:
    """The first of these properties that is a number, or a text that is one (`12.50`), and not below zero."""
    for name in names:
        value = properties.get(name)
        try:
            amount = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
        except (ValueError, OverflowError):
            continue
        if amount is not None and math.isfinite(amount) and amount >= 0:
            return amount
    return None
