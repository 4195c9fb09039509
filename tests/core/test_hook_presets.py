"""What the ready mappings make of real-shaped payloads of Shopify and WooCommerce."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.shops import BUYER, CART, CHECKOUT, ORDER, WOO_CUSTOMER, WOO_ORDER, write

from tertulia.core.carts import Cart
from tertulia.core.entries import EventEntry, key_of
from tertulia.core.events import place_event
from tertulia.core.hook_events import Made, make_messages, take
from tertulia.core.hook_mapping import compile_mapping
from tertulia.core.hook_presets import HOOK_KINDS, SHOPIFY, WOOCOMMERCE, fill_preset
from tertulia.core.ingest import Arrival
from tertulia.core.sessions import is_act
from tertulia.core.world import Config

CONFIG = Config({}, {}, {})
NOW = datetime(2026, 11, 29, 10, tzinfo=UTC)


def make(kind: str, topic: str, body: Any, source: int = 3, event_id: str = "e1") -> Made:
    """What the preset makes of a payload."""
    names = {SHOPIFY: "x-shopify-topic", WOOCOMMERCE: "x-wc-webhook-topic"}
    headers = {names[kind]: topic, "x-shopify-event-id": event_id}
    return make_messages(compile_mapping(fill_preset(kind, source)), source, body, write(body), headers)


def read(kind: str, topic: str, body: Any, **more: Any) -> dict[str, EventEntry]:
    """The entries by their names, an identify call under its own; nothing may be left out."""
    made = make(kind, topic, body, **more)
    outcome = take(made, Arrival(3, NOW, lambda: "m"), write(body))
    assert (made.faults, outcome.discards) == ([], []), topic
    return {entry.name or entry.call: entry for entry in outcome.entries}


@pytest.mark.parametrize("kind", HOOK_KINDS)
def test_every_preset_can_be_used(kind: str) -> None:
    assert compile_mapping(fill_preset(kind, 1)).rules


def test_shopify_a_visit_to_the_shop_empties_the_cart_that_it_filled() -> None:
    """R6: cart, checkout and order under names that carts are read from; the checkout joins cart and customer."""
    cart = Cart()
    told = [
        read(SHOPIFY, "carts/update", CART)["Cart Updated"],
        read(SHOPIFY, "checkouts/create", CHECKOUT)["Checkout Started"],
        read(SHOPIFY, "checkouts/update", {**CHECKOUT, "total_price": "62.25"})["Checkout Updated"],
    ]
    values = []
    for entry in told:
        cart.follow(entry.name, entry.properties)
        values.append(cart.sum_up()["cart_value"])
        assert is_act(CONFIG, entry.call, entry)
    assert values == [41.5, 41.5, 62.25]
    order = read(SHOPIFY, "orders/create", ORDER)["Order Completed"]
    cart.follow(order.name, order.properties)
    assert cart.sum_up() == {"cart_value": 0, "cart_products": [], "orders": 1, "revenue": 41.5, "currency": "EUR"}
    assert [entry.anonymous_id for entry in (*told, order)] == ["c1-7f2e"] * 4
    assert [entry.user_id for entry in (*told, order)] == ["", *["6147919001"] * 3]


def test_shopify_an_order_says_what_was_bought() -> None:
    entry = read(SHOPIFY, "orders/create", ORDER)["Order Completed"]
    assert entry.properties == {
        "order_id": "#1001", "checkout_id": "2a1ace52", "total": 41.5, "subtotal": 41.5, "tax": 7.76, "discount": 2.0,
        "shipping": 4.0, "currency": "EUR", "coupon": "CHA5", "url": "https://shop.example/orders/5678901234",
        "products": [{"product_id": "9001", "variant": "50 g", "sku": "TEA-50", "name": "Verbena tea",
                      "brand": "Verbena Market", "price": 20.75, "quantity": 2}],
    }  # fmt: skip
    assert entry.at == datetime(2026, 11, 29, 9, 14, tzinfo=UTC)


def test_shopify_E1_an_order_is_completed_once_however_it_is_told() -> None:
    """At once or when it is paid later, on another day and by another topic: one key and one row."""
    paid = {**ORDER, "updated_at": "2026-12-02T09:00:00+00:00", "note": "edited"}
    first = read(SHOPIFY, "orders/create", ORDER)["Order Completed"]
    later = read(SHOPIFY, "orders/paid", paid, event_id="e2")["Order Completed"]
    assert key_of(first) == key_of(later)
    assert place_event(1, first) == place_event(1, later)
    assert not is_act(CONFIG, later.call, later)
    pending = read(SHOPIFY, "orders/create", {**ORDER, "financial_status": "pending"})
    assert set(pending) == {"identify"}


def test_shopify_a_cancelled_order() -> None:
    body = {**ORDER, "cancelled_at": "2026-11-30T08:00:00+00:00", "cancel_reason": "customer"}
    [entry] = read(SHOPIFY, "orders/cancelled", body).values()
    assert (entry.name, entry.properties["reason"]) == ("Order Cancelled", "customer")
    assert place_event(1, entry) != place_event(1, read(SHOPIFY, "orders/create", ORDER)["Order Completed"])


def test_shopify_a_guest_is_known_by_the_address_and_a_customer_by_the_id() -> None:
    """Both carry the id of the address, which makes them one contact one day (M1)."""
    guest = {**CHECKOUT, "customer": None}
    told = read(SHOPIFY, "checkouts/create", guest)
    assert {(entry.user_id, entry.anonymous_id) for entry in told.values()} == {("", "email:ines@mail.example")}
    [entry] = read(SHOPIFY, "customers/update", BUYER).values()
    assert (entry.user_id, entry.anonymous_id) == ("6147919001", "email:ines@mail.example")
    assert entry.traits == {
        "firstName": "Inês", "lastName": "Duarte", "country": "PT", "city": "Lisboa", "orders_count": 3,
        "total_spent": 120.4, "tags": "gold, lisbon", "email": "ines@mail.example", "phone": "+351 912 345 678",
    }  # fmt: skip


@pytest.mark.parametrize("topic", ["refunds/create", "products/update", "orders/updated", "checkouts/delete"])
def test_shopify_what_is_not_used_is_known_all_the_same(topic: str) -> None:
    made = make(SHOPIFY, topic, {"id": 1})
    assert (made.fits, made.messages, made.private) == (True, [], False)


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact"])
def test_shopify_a_privacy_request_is_told(topic: str) -> None:
    """Never an event, never dropped."""
    body = {"shop_id": 954889, "customer": {"id": 191167, "email": "ines@mail.example"}, "orders_to_redact": [1]}
    made = make(SHOPIFY, topic, body)
    outcome = take(made, Arrival(3, NOW, lambda: "m"), write(body))
    assert (outcome.entries, outcome.discards) == ([], [])
    assert [(told.code, told.name) for told in outcome.warnings] == [("privacy_request", topic)]


def test_woocommerce_an_order_waits_until_it_is_paid() -> None:
    """Then it is completed once, however often it is edited afterwards, on whatever day (E1)."""
    pending = {**WOO_ORDER, "status": "pending", "date_paid_gmt": None, "transaction_id": ""}
    assert set(read(WOOCOMMERCE, "order.created", pending)) == {"identify", "Checkout Started"}
    on_hold = {**pending, "status": "on-hold"}
    assert set(read(WOOCOMMERCE, "order.updated", on_hold)) == {"identify"}
    edited = {**WOO_ORDER, "status": "completed", "date_modified_gmt": "2026-12-05T10:00:00"}
    first = read(WOOCOMMERCE, "order.updated", WOO_ORDER)["Order Completed"]
    again = read(WOOCOMMERCE, "order.updated", edited)["Order Completed"]
    assert first.properties["total"] == 41.5
    assert first.properties["products"] == [
        {"product_id": "93", "sku": "TEA-50", "name": "Verbena tea", "price": 20.75, "quantity": 2}
    ]
    assert (key_of(first), place_event(1, first)) == (key_of(again), place_event(1, again))


@pytest.mark.parametrize(("status", "name"), [("cancelled", "Order Cancelled"), ("refunded", "Order Refunded")])
def test_woocommerce_how_an_order_ends(status: str, name: str) -> None:
    """Once, beside its completion."""
    body = {**WOO_ORDER, "status": status}
    later = {**body, "date_modified_gmt": "2026-12-24T10:00:00"}
    first, again = (read(WOOCOMMERCE, "order.updated", told) for told in (body, later))
    assert set(first) == {"identify", "Order Completed", name}
    assert place_event(1, first[name]) == place_event(1, again[name])


def test_woocommerce_small_numbers_of_two_shops_stay_apart() -> None:
    """Customers and orders of the same number in another shop are others; guests are known by their address."""
    here, there = (read(WOOCOMMERCE, "order.updated", WOO_ORDER, source=n)["Order Completed"] for n in (3, 4))
    assert (here.user_id, there.user_id) == ("woocommerce-3-12", "woocommerce-4-12")
    assert key_of(here) != key_of(there)
    guest = read(WOOCOMMERCE, "order.updated", {**WOO_ORDER, "customer_id": 0})["Order Completed"]
    assert (guest.user_id, guest.anonymous_id) == ("", "email:ines@mail.example")
    [customer] = read(WOOCOMMERCE, "customer.updated", WOO_CUSTOMER).values()
    assert (customer.user_id, customer.traits["phone"]) == ("woocommerce-3-12", "912 345 678")
    assert make(WOOCOMMERCE, "product.updated", {"id": 1}).fits


def test_products_are_items_of_the_catalog_and_leave_it() -> None:
    """By the ids that events have; an item without an id is named."""
    product = {
        "id": 7001, "title": "Espresso", "vendor": "Chapada", "handle": "espresso", "status": "active",
        "updated_at": "2026-11-29T09:00:00Z", "variants": [{"price": "8.90", "compare_at_price": None}], "images": [],
    }  # fmt: skip
    made = make(SHOPIFY, "products/update", product)
    [item] = take(made, Arrival(3, NOW, lambda: "m"), write(product)).items
    assert (item.catalog, item.id, item.find_instant(NOW)) == ("products", "7001", NOW.replace(hour=9))
    assert item.fields == {"title": "Espresso", "price": 8.9, "brand": "Chapada", "status": "active"}
    [gone] = make(SHOPIFY, "products/delete", {"id": 7001}).items
    assert (gone.id, gone.fields, gone.find_instant(NOW)) == ("7001", None, NOW)
    product = {
        "id": 12,
        "name": "Filter",
        "price": "3.50",
        "permalink": "https://shop.example/f",
        "images": [{"src": "x"}],
    }
    [item] = make(WOOCOMMERCE, "product.updated", product).items
    assert (item.id, item.fields) == (
        "12",
        {"title": "Filter", "price": 3.5, "url": "https://shop.example/f", "image_url": "x"},
    )
    bad = take(make(SHOPIFY, "products/update", {"title": "x"}), Arrival(3, NOW, lambda: "m"), b"")
    assert ([*bad.items], [told.code for told in bad.discards]) == ([], ["bad_item"])
