"""What a message costs, as data with its sources: `costs.json` by kind, category and country, and one's own prices.

The rows are list prices or estimates and change often, which is why a channel may carry prices of its own (one a line,
`BR = 0.031 USD`, `*` for every other country) that win over them. What a provider states in a receipt is the truth and
wins over both; this table is for what is not sent yet. Text messages are charged by the part, app messages by the
message.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib.resources import files

from tertulia.channels.base import Field

ANYWHERE = "*"
_DEFAULT_CATEGORIES = {"whatsapp": "marketing", "line": "push", "viber": "broadcast"}


PRICES_BY_PART = Field(
    "prices",
    "Your prices",
    "One a line: a country's two letters, an equals sign, the price of one part and its currency; * for all other "
    "countries. They win over our list.",
    type="lines",
    required=False,
    example="BR = 0.031 USD",
    advanced=True,
)
PRICES_BY_MESSAGE = Field(
    "prices",
    "Your prices",
    "One a line: a country's two letters, an equals sign, the price of one message and its currency; * for all "
    "other countries. They win over our list.",
    type="lines",
    required=False,
    example="* = 0.015 EUR",
    advanced=True,
)


@dataclass(frozen=True, slots=True)
class Cost:
    """One row: the amount of one part or message, where it holds, and where it comes from. `estimate`: an order of
    magnitude, to be replaced by the price in one's own contract."""

    kind: str
    category: str
    country: str
    amount: Decimal
    currency: str
    per_part: bool
    source: str
    estimate: bool


def price(kind: str, country: str, parts: int = 1, *, category: str = "", own: str = "") -> tuple[Decimal, str]:
    """The price of one message of `parts` parts to a country (ISO 3166, upper-case; empty when unknown), and its
    currency (ISO 4217). `category` as the provider bills it; empty: what a broadcast is billed as. `own`: the
    channel's own prices. A kind without a price costs nothing."""
    contract = read_prices(own)
    agreed = contract.get(country) or contract.get(ANYWHERE)
    if agreed is not None:
        amount, currency = agreed
        return amount * (parts if _is_by_part(kind) else 1), currency
    row = find_cost(kind, country, category)
    if row is None:
        return Decimal(0), "USD"
    return row.amount * (parts if row.per_part else 1), row.currency


def find_cost(kind: str, country: str, category: str = "") -> Cost | None:
    """The row that `price` uses, to show its source beside the sum: the country's, else the one for anywhere."""
    rows = load_costs()
    wanted = category or _DEFAULT_CATEGORIES.get(kind, "")
    return rows.get((kind, wanted, country)) or rows.get((kind, wanted, ANYWHERE))


def read_prices(text: str) -> Mapping[str, tuple[Decimal, str]]:
    """A channel's own prices: lines of `country = amount currency`; others are left out (`list_price_faults`)."""
    prices: dict[str, tuple[Decimal, str]] = {}
    for line in text.splitlines():
        country, _, rest = line.partition("=")
        amount = _read_amount(rest)
        if amount is not None and country.strip():
            prices[country.strip().upper()] = amount
    return prices


def list_price_faults(text: str) -> tuple[str, ...]:
    """The lines of `text` that are not prices."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not read_prices(line))


@lru_cache(maxsize=1)
def load_costs() -> Mapping[tuple[str, str, str], Cost]:
    """Every row by (kind, category, country)."""
    document = json.loads(files("tertulia.channels").joinpath("costs.json").read_text("utf-8"))
    rows = [
        Cost(
            kind=table["kind"],
            category=table["category"],
            country=country,
            amount=Decimal(amount),
            currency=table["currency"],
            per_part=table["per_part"],
            source=document["sources"][table["source"]],
            estimate=table["estimate"],
        )
        for table in document["tables"]
        for country, amount in table["amounts"].items()
    ]
    return {(row.kind, row.category, row.country): row for row in rows}


def _is_by_part(kind: str) -> bool:
    return any(row.per_part for row in load_costs().values() if row.kind == kind)


def _read_amount(text: str) -> tuple[Decimal, str] | None:
    words = text.split()
    if len(words) != 2 or len(words[1]) != 3 or not words[1].isalpha():
        return None
    try:
        amount = Decimal(words[0].replace(",", "."))
    except InvalidOperation:
        return None
    return (amount, words[1].upper()) if amount.is_finite() and amount >= 0 else None
