"""Webhooks of a business's own systems over real HTTP: proved, mapped, in the log before they are answered."""

import gzip
import json
import secrets
from dataclasses import dataclass, field

import httpx
import pytest
from tests.edge.conftest import Sdk, Shop
from tests.shops import ORDER, SECRET, WOO_ORDER, sign, write


@dataclass
class Hook:
    """A source of webhooks and how it calls."""

    web: httpx.Client
    shop: Shop
    source_id: int
    key: str
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, body: object, secret: str = SECRET, **headers: str) -> httpx.Response:
        """POST as a shop does, signed with a secret (empty: not signed)."""
        raw = body if isinstance(body, bytes) else write(body)
        told = {"content-type": "application/json"} | {n.replace("_", "-"): v for n, v in headers.items()}
        if secret:
            told["x-shopify-hmac-sha256"] = told["x-wc-webhook-signature"] = sign(raw, secret)
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


def show(answer: httpx.Response) -> tuple[int, int, list[str]]:
    """Status, how many events, and the codes of what was not taken."""
    told = answer.json()
    return answer.status_code, told["accepted"], [row["code"] for row in told["discarded"]]


def refuse(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an error."""
    assert answer.json()["success"] is False
    return answer.status_code, answer.json()["code"]


def test_an_order_is_in_the_log_before_it_is_answered(make_hook, shop: Shop) -> None:
    """Who it is and what was bought, under the shop's own ids; the call itself is kept as a sample."""
    hook = make_hook()
    answer = hook.call(ORDER, x_shopify_topic="orders/create", x_shopify_event_id="e1")
    assert show(answer) == (200, 2, [])
    by_call = {entry["call"]: entry for entry in shop.log("event")}
    assert by_call["identify"]["traits"]["email"] == "ines@mail.example"
    assert by_call["track"]["name"] == "Order Completed"
    assert by_call["track"]["properties"]["total"] == 41.5
    assert by_call["track"]["user_id"] == "6147919001"
    [(topic, events, code, people, headers)] = hook.samples()
    assert (topic, events, code) == ("orders/create", 2, "")
    assert people == ["6147919001", "c1-7f2e", "email:ines@mail.example"]
    assert "hmac" not in headers
    assert json.loads(headers)["x-shopify-event-id"] == "e1"


def test_E1_a_retry_is_answered_as_success_and_has_the_same_keys(make_hook, shop: Shop) -> None:
    hook = make_hook()
    for _again in range(2):
        assert hook.call(ORDER, x_shopify_topic="orders/create", x_shopify_event_id="e1").status_code == 200
    assert shop.run("select count(*), count(distinct key) from log where kind = 'event'") == [(4, 2)]


def test_what_cannot_be_mapped_is_answered_as_success_and_shown(make_hook, shop: Shop) -> None:
    """Shops give an address up that fails too often; each has its reason and its sample."""
    hook = make_hook()
    assert show(hook.call({"id": 1}, x_shopify_topic="draft_orders/create")) == (200, 0, ["no_rule"])
    assert show(hook.call(b"not json", x_shopify_topic="orders/create")) == (200, 0, ["invalid_json"])
    lone = {**ORDER, "customer": None, "email": None, "contact_email": None, "cart_token": None}
    assert show(hook.call(lone, x_shopify_topic="orders/create")) == (200, 0, ["no_user_anon_id"])
    assert show(hook.call({"id": 2}, x_shopify_topic="refunds/create")) == (200, 0, [])
    codes = [(code, name) for code, name in hook.discards()]
    assert codes == [
        ("no_rule", "draft_orders/create"), ("invalid_json", "orders/create"), ("no_user_anon_id", "Order Completed"),
    ]  # fmt: skip
    assert [row[:3] for row in hook.samples()] == [
        ("draft_orders/create", 0, "no_rule"), ("orders/create", 0, "invalid_json"),
        ("orders/create", 0, "no_user_anon_id"), ("refunds/create", 0, ""),
    ]  # fmt: skip
    unmapped = make_hook("webhook", mapping="", signing={"way": "none"})
    assert show(unmapped.call({"a": 1}, "")) == (200, 0, ["no_mapping"])
    broken = make_hook("webhook", mapping="rules: [", signing={"way": "none"})
    assert show(broken.call({"a": 1}, "")) == (200, 0, ["no_mapping"])


def test_who_cannot_prove_itself_is_refused_and_nothing_of_it_is_kept(make_hook, shop: Shop) -> None:
    """A wrong signature, none, no secret here; told in the debugger, once in a while, without what it said."""
    hook = make_hook()
    topic = {"x_shopify_topic": "orders/create"}
    assert refuse(hook.call(ORDER, "other", **topic)) == (401, "bad_signature")
    assert refuse(hook.call(ORDER, "other", **topic)) == (401, "bad_signature")
    assert refuse(hook.call(ORDER, "", **topic)) == (401, "no_signature")
    assert refuse(make_hook(secret="").call(ORDER, **topic)) == (401, "no_secret")
    assert hook.discards() == [("bad_signature", ""), ("no_signature", "")]
    assert hook.samples() == []
    assert shop.log("event") == []


def test_a_key_opens_its_own_door_alone(make_hook, make_sdk, web: httpx.Client) -> None:
    """No tracking call with a webhook's key, no webhook with a write key, nothing but POST, no unknown key."""
    hook, sdk = make_hook(), make_sdk()
    assert hook.call(ORDER, x_shopify_topic="orders/create").status_code == 200
    stranger = Sdk(web, sdk.shop, hook.source_id, hook.key)
    assert stranger.call({"type": "track", "event": "X", "userId": "u"}, "/v1/track").status_code == 401
    assert web.get(f"/v1/projects/{hook.key}/settings").status_code == 404
    assert sdk.call({"type": "track", "event": "X", "userId": "u"}, "/v1/track").status_code == 200
    assert web.post(f"/v1/hook/{sdk.key}", content=b"{}").status_code == 404
    assert web.post("/v1/hook/hk_nobody", content=b"{}").status_code == 404
    wrong = web.get(f"/v1/hook/{hook.key}")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")


def test_bodies_that_are_too_large_or_packed_are_refused(make_hook) -> None:
    hook = make_hook()
    assert refuse(hook.call(b"x" * (4 * 1024 * 1024 + 1))) == (413, "payload_too_large")
    assert refuse(hook.call(gzip.compress(write(ORDER)))) == (415, "body_packed")
    assert [code for code, _name in hook.discards()] == ["payload_too_large", "body_packed"]


def test_woocommerce_pings_before_it_signs(make_hook, web: httpx.Client, shop: Shop) -> None:
    """When a webhook is saved there a form with its number comes, without signature; it wants to hear 200."""
    hook = make_hook("woocommerce")
    form = {"content-type": "application/x-www-form-urlencoded"}
    ping = web.post(f"/v1/hook/{hook.key}", content=b"webhook_id=17", headers=form)
    assert (ping.status_code, hook.samples(), hook.discards()) == (200, [], [])
    assert web.post(f"/v1/hook/{hook.key}", content=b"webhook_id=17&x=1", headers=form).status_code == 401
    assert show(hook.call(WOO_ORDER, x_wc_webhook_topic="order.updated")) == (200, 2, [])
    assert {entry["user_id"] for entry in shop.log("event")} == {"woocommerce-1-12"}


def test_any_system_may_post_forms_and_sign_in_its_own_way(make_hook, shop: Shop) -> None:
    """A secret in a header; the fields of a form are what the mapping reads."""
    mapping = "{topic: kind, rules: [{event_from: kind, who: {user_id: who}}]}"
    signing = {"way": "secret", "header": "X-Api-Key"}
    hook = make_hook("webhook", "abc", mapping=mapping, signing=signing)
    form = "application/x-www-form-urlencoded"
    answer = hook.call(b"kind=Booked&who=u7", "", content_type=form, x_api_key="abc")
    assert show(answer) == (200, 1, [])
    [entry] = shop.log("event")
    assert (entry["name"], entry["user_id"]) == ("Booked", "u7")
    assert refuse(hook.call(b"kind=Booked&who=u7", "", content_type=form, x_api_key="abd")) == (401, "bad_signature")


def test_a_disabled_source_takes_nothing_and_says_success(make_hook, shop: Shop) -> None:
    hook = make_hook(state="disabled")
    assert show(hook.call(ORDER, x_shopify_topic="orders/create")) == (200, 0, ["source_disabled"])
    assert (hook.samples(), shop.log("event")) == ([], [])


def test_a_privacy_request_is_told_to_the_team_once(make_hook, shop: Shop) -> None:
    """In the debugger each time it comes, as a notification once."""
    hook = make_hook()
    body = {"shop_id": 1, "customer": {"id": 5, "email": "ines@mail.example"}, "orders_to_redact": [7]}
    for _again in range(2):
        assert show(hook.call(body, x_shopify_topic="customers/redact")) == (200, 0, [])
    assert hook.discards() == [("privacy_request", "customers/redact")] * 2
    [(kind, facts)] = shop.run("select kind, facts from notice")
    assert (kind, facts["source"], facts["topic"]) == ("privacy_request", hook.source_id, "customers/redact")


def test_samples_of_each_topic_are_few(make_hook) -> None:
    """The newest twenty of a topic; another topic's stay."""
    hook = make_hook()
    hook.call({"id": 0}, x_shopify_topic="refunds/create")
    for number in range(23):
        assert hook.call({"id": number}, x_shopify_topic="products/update").status_code == 200
    topics = [row[0] for row in hook.samples()]
    assert (topics.count("refunds/create"), topics.count("products/update")) == (1, 20)


def test_products_are_put_into_the_catalog_whatever_their_order(make_hook, shop: Shop) -> None:
    """The latest word stays; one that comes later and is older changes nothing. Without the catalog it is told so."""
    from tertulia.data.models import Catalog

    def post(topic: str, number: int, price: str, hour: int) -> tuple[int, int, list[str]]:
        at = f"2026-01-05T{hour:02}:00:00Z"
        body = {"id": number, "title": "Espresso", "updated_at": at, "variants": [{"price": price}]}
        return show(hook.call(body, x_shopify_topic=topic))

    hook = make_hook()
    assert post("products/create", 1, "5.00", 8) == (200, 1, [])
    assert hook.discards() == [("no_catalog", "products, 1")]
    Catalog.objects.create(workspace_id=shop.workspace, key="products", name="Products")
    assert post("products/update", 1, "7.00", 10) == (200, 1, [])
    post("products/update", 1, "6.00", 9)
    post("products/create", 2, "1.00", 9)
    hook.call({"id": 2}, x_shopify_topic="products/delete")
    assert shop.run("select id, fields ->> 'price' from catalog_item") == [("1", "7.0")]
