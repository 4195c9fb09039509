"""What shops post: payloads in the shape of Shopify's and WooCommerce's own, with people and goods of ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

SECRET = "shpss_0b1946ac92492d23"

LINES = [
    {"id": 1, "product_id": 9001, "variant_id": 31, "title": "Verbena tea", "variant_title": "50 g", "sku": "TEA-50",
     "vendor": "Verbena Market", "price": "20.75", "quantity": 2, "grams": 50, "taxable": True},
]  # fmt: skip
BUYER = {
    "id": 6147919001, "email": "ines@mail.example", "first_name": "Inês", "last_name": "Duarte", "phone": None,
    "state": "disabled", "orders_count": 3, "total_spent": "120.40", "tags": "gold, lisbon", "verified_email": True,
    "created_at": "2026-02-01T10:00:00+00:00", "updated_at": "2026-11-29T09:14:40+00:00",
    "default_address": {"city": "Lisboa", "country_code": "PT", "phone": "+351 912 345 678"},
}  # fmt: skip
CART = {
    "id": "c1-7f2e", "token": "c1-7f2e", "note": "", "created_at": "2026-11-29T09:10:00.000Z",
    "updated_at": "2026-11-29T09:12:00.000Z",
    "line_items": [{**LINES[0], "title": "Verbena tea - 50 g", "line_price": "41.50"}],
}  # fmt: skip
CHECKOUT = {
    "id": 450789469, "token": "2a1ace52", "cart_token": "c1-7f2e", "email": "ines@mail.example", "phone": None,
    "created_at": "2026-11-29T09:13:00+00:00", "updated_at": "2026-11-29T09:13:30+00:00", "completed_at": None,
    "currency": "EUR", "presentment_currency": "EUR", "customer_locale": "pt-PT", "source_name": "web",
    "total_price": "41.50", "subtotal_price": "41.50", "discount_codes": [{"code": "CHA5", "amount": "2.00"}],
    "abandoned_checkout_url": "https://shop.example/checkouts/2a1ace52/recover", "line_items": LINES,
    "billing_address": {"first_name": "Inês", "last_name": "Duarte", "city": "Lisboa", "country_code": "PT"},
    "customer": BUYER,
}  # fmt: skip
ORDER = {
    "id": 5678901234, "name": "#1001", "number": 1, "email": "ines@mail.example", "contact_email": "ines@mail.example",
    "phone": None, "created_at": "2026-11-29T09:14:00+00:00", "updated_at": "2026-11-29T09:14:40+00:00",
    "processed_at": "2026-11-29T09:14:00+00:00", "cancelled_at": None, "cancel_reason": None, "currency": "EUR",
    "presentment_currency": "EUR", "financial_status": "paid", "fulfillment_status": None, "source_name": "web",
    "total_price": "41.50", "subtotal_price": "41.50", "total_tax": "7.76", "total_discounts": "2.00",
    "total_shipping_price_set": {"shop_money": {"amount": "4.00", "currency_code": "EUR"}},
    "cart_token": "c1-7f2e", "checkout_token": "2a1ace52", "customer_locale": "pt-PT",
    "discount_codes": [{"code": "CHA5", "amount": "2.00", "type": "fixed_amount"}], "line_items": LINES,
    "order_status_url": "https://shop.example/orders/5678901234", "test": False,
    "billing_address": {"first_name": "Inês", "last_name": "Duarte", "city": "Lisboa", "country_code": "PT"},
    "customer": BUYER,
}  # fmt: skip
WOO_ORDER = {
    "id": 727, "parent_id": 0, "number": "727", "order_key": "wc_order_58d2d042d1d", "created_via": "checkout",
    "status": "processing", "currency": "EUR", "date_created": "2026-11-29T10:10:00",
    "date_created_gmt": "2026-11-29T09:10:00", "date_modified_gmt": "2026-11-29T09:11:05", "discount_total": "2.00",
    "shipping_total": "4.00", "total": "41.50", "total_tax": "7.76", "customer_id": 12, "payment_method": "stripe",
    "transaction_id": "pi_3M", "date_paid_gmt": "2026-11-29T09:11:00", "date_completed_gmt": None,
    "billing": {"first_name": "Inês", "last_name": "Duarte", "city": "Lisboa", "country": "PT",
                "email": "ines@mail.example", "phone": "912 345 678"},
    "line_items": [{"id": 315, "name": "Verbena tea", "product_id": 93, "variation_id": 0, "quantity": 2,
                    "subtotal": "41.50", "total": "41.50", "sku": "TEA-50", "price": 20.75}],
    "coupon_lines": [{"id": 1, "code": "cha5", "discount": "2.00"}], "refunds": [],
    "payment_url": "https://shop.example/checkout/order-pay/727/",
}  # fmt: skip
WOO_CUSTOMER = {
    "id": 12, "date_created_gmt": "2026-02-01T10:00:00", "date_modified_gmt": "2026-11-29T09:00:00",
    "email": "ines@mail.example", "first_name": "Inês", "last_name": "Duarte", "role": "customer", "username": "ines",
    "billing": {"first_name": "Inês", "last_name": "Duarte", "city": "Lisboa", "country": "PT",
                "email": "ines@mail.example", "phone": "912 345 678"},
}  # fmt: skip


def write(body: Any) -> bytes:
    """A payload as it is posted."""
    return json.dumps(body, ensure_ascii=False).encode()


def sign(raw: bytes, secret: str = SECRET) -> str:
    """What Shopify and WooCommerce put into their header."""
    return base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()
