"""Webhooks of a business's own systems over real HTTP: proved, mapped, in the log before they are answered."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field

import httpx
import pytest
from tests.edge.conftest import Shop

SECRET = "shpss_0123456789"
ORDER = {
    "id": 4001, "name": "#1001", "email": "ana@shop.example", "created_at": "2026-11-29T10:00:00+01:00",
    "updated_at": "2026-11-29T10:00:05+01:00", "financial_status": "paid", "source_name": "web", "currency": "EUR",
    "total_price": "41.50", "cart_token": "c1", "customer": {"id": 77001, "first_name": "Ana"},
    "line_items": [{"product_id": 9, "title": "Tea", "sku": "T-1", "price": "20.75", "quantity": 2}],
}  # fmt: skip


@dataclass
class Hook:
    """A source of webhooks and how it calls."""

    web: httpx.Client
    shop: Shop
    source_id: int
    key: str
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, body: object, sign: str = SECRET, **headers: str) -> httpx.Response:
        """POST as Shopify does, signed with a secret (empty: not signed)."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        told = {"content-type": "application/json"} | {n.replace("_", "-"): v for n, v in headers.items()}
        if sign:
            digest = hmac.new(sign.encode(), raw, hashlib.sha256).digest()
            told["x-shopify-hmac-sha256"] = base64.b64encode(digest).decode()
        return self.web.post(f"/v1/hook/{self.key}", content=raw, headers=told)

    def samples(self) -> list[tuple]:
        """Topic, events, code and the ids that were named, in their order."""
        return self.shop.run(
            "select topic, events, code, people, headers from hook_sample where source_id = %s order by at",
            self.source_id,
        )

    def discards(self) -> list[tuple]:
        return self.shop.run("select code, name from event_discard where source_id = %s order by at", self.source_id)


@pytest.fixture
def make_hook(web: httpx.Client, shop: Shop):
    """A source of webhooks with the mapping of its kind."""
    from tertulia.core.hook_presets import fill_preset
    from tertulia.data.models import Source
    from tertulia.store.sealing import seal

    def make(kind: str = "shopify", secret: str = SECRET, **fields: object) -> Hook:
        key = f"hk_{secrets.token_hex(16)}"
        told = {"mapping": fill_preset(kind, 1), "secret": seal(secret.encode()) if secret else b""} | fields
        made = Source.objects.create(workspace_id=shop.workspace, name="Shop", kind=kind, write_key=key, **told)
        return Hook(web, shop, made.pk, key)

    return make


def test_an_order_is_in_the_log_before_it_is_answered(make_hook, shop: Shop) -> None:
    """Who it is and what was bought, under the shop's own ids; the call itself is kept as a sample."""
    hook = make_hook()
    answer = hook.call(ORDER, x_shopify_topic="orders/create", x_shopify_event_id="e1")
    assert (answer.status_code, answer.json()) == (200, {"success": True, "accepted": 2, "discarded": []})
    by_call = {entry["call"]: entry for entry in shop.log("event")}
    assert by_call["identify"]["traits"] == {"firstName": "Ana", "email": "ana@shop.example"}
    assert by_call["track"]["name"] == "Order Completed"
    assert by_call["track"]["properties"]["total"] == 41.5
    assert by_call["track"]["user_id"] == "77001"
    [(topic, events, code, people, headers)] = hook.samples()
    assert (topic, events, code) == ("orders/create", 2, "")
    assert people == ["77001", "c1", "email:ana@shop.example"]
    assert "hmac" not in headers
    assert "e1" in headers
