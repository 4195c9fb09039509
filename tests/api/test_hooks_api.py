"""Webhooks of sources by the API: everything that their pages do."""

from datetime import UTC, datetime
from typing import Any

import psycopg
from tests.api.conftest import Ask, make_client
from tests.console.hooks import add_samples, make_hook
from tests.console.tracking import make_source
from tests.shops import ORDER, write

from tertulia.store.sealing import unseal

NOW = datetime.now(UTC)


def test_a_shop_is_connected(ask: Ask, foreign_ask: Ask) -> None:
    """Made with the mapping of its kind; the secret goes in and never comes out; others see nothing of it."""
    from tertulia.data.models import Source

    made = ask("POST", "/sources", {"name": "Shop", "kind": "woocommerce"}, 201)
    assert (made["kind"], made["write_key"][:3]) == ("woocommerce", "hk_")
    path = f"/sources/{made['id']}/hook"
    hook = ask("GET", path)
    assert hook["address"] == f"http://127.0.0.1:8080/v1/hook/{made['write_key']}"
    assert (hook["secret_set"], hook["fixed"], hook["signing"]["header"]) == (False, True, "X-WC-Webhook-Signature")
    told = ask("PUT", f"{path}/secret", {"secret": "s3cret"})
    assert (told["secret_set"], "s3cret" in str(told)) == (True, False)
    assert unseal(Source.objects.get(pk=made["id"]).secret) == b"s3cret"
    assert ask("PUT", f"{path}/secret", {"secret": ""}, 400)["field"] == "secret"
    assert ask("PUT", f"{path}/signing", {"way": "none"}, 400)["field"] == "way"
    assert ask("POST", f"/sources/{made['id']}/renew-key")["write_key"][:3] == "hk_"
    for method, below in (("GET", ""), ("GET", "/samples"), ("POST", "/try"), ("PUT", "/mapping")):
        foreign_ask(method, path + below, {"mapping": ""} if method != "GET" else None, status=404)
    assert ask("POST", "/sources", {"name": "Shop", "kind": "fax"}, 400)["field"] == "kind"
    assert ask("POST", "/sources", {"name": "S", "kind": "shopify", "client_side": True}, 400)["field"] == "client_side"


def test_a_mapping_is_saved_or_refused_with_its_lines(ask: Ask, shop: Any) -> None:
    path = f"/sources/{make_hook(shop, 'webhook').pk}/hook"
    good = "rules:\n  - event: Bought\n    who: {user_id: id}\n"
    assert ask("PUT", f"{path}/mapping", {"mapping": good})["mapping"] == good
    refused = ask("PUT", f"{path}/mapping", {"mapping": "rules:\n  - evnt: X\n  - do: dance"}, 400)
    assert [(row["code"], row["line"]) for row in refused["problems"]] == [
        ("mapping.unknown_field", 2), ("mapping.no_event", 2), ("mapping.bad_verb", 3),
    ]  # fmt: skip
    assert ask("GET", path)["mapping"] == good
    signing = {"way": "hmac", "header": "X-Sig", "algorithm": "sha512", "encoding": "base64"}
    assert ask("PUT", f"{path}/signing", signing)["signing"]["algorithm"] == "sha512"
    assert ask("PUT", f"{path}/signing", {**signing, "algorithm": "md5"}, 400)["field"] == "algorithm"


def test_samples_are_read_and_tried(ask: Ask, shop: Any, conn: psycopg.Connection) -> None:
    """A sample by its id, or a payload with headers, with the stored mapping or another; nothing is sent."""
    source = make_hook(shop)
    samples = add_samples(conn, source, NOW)
    conn.commit()
    path = f"/sources/{source.pk}/hook"
    listed = ask("GET", f"{path}/samples")
    assert [(row["topic"], row["events"], row["code"]) for row in listed] == [
        ("draft_orders/create", 0, "no_rule"), ("orders/create", 2, ""), ("checkouts/create", 2, ""),
        ("carts/update", 1, ""),
    ]  # fmt: skip
    assert [row["id"] for row in ask("GET", f"{path}/samples?topic=orders/create")] == [str(samples[2])]
    tried = ask("POST", f"{path}/try", {"sample_id": str(samples[2])})
    assert (tried["topic"], tried["problems"]) == ("orders/create", [])
    assert [row["message"].get("event") for row in tried["events"]] == [None, "Order Completed"]
    other = "rules:\n  - event: Paid\n    who: {user_id: customer.id}\n"
    tried = ask("POST", f"{path}/try", {"mapping": other, "payload": write(ORDER).decode()})
    assert [(row["taken"], row["message"]["event"]) for row in tried["events"]] == [(True, "Paid")]
    wrong = ask("POST", f"{path}/try", {"mapping": "rules: 5", "payload": "{}"})
    assert [(row["code"], row["line"]) for row in wrong["problems"]] == [("mapping.not_a_list", 1)]
    ask("POST", f"{path}/try", {"sample_id": "00000000-0000-0000-0000-000000000000"}, 404)
    assert conn.execute("select count(*) from log").fetchone() == (0,)


def test_presets_are_read_and_an_sdk_has_no_webhooks(ask: Ask, shop: Any) -> None:
    assert [row["kind"] for row in ask("GET", "/hook-presets")] == ["shopify", "woocommerce", "webhook"]
    ask("GET", f"/sources/{make_source(shop).pk}/hook", status=404)
    reader = make_client(shop, ("read",))
    reader("PUT", f"/sources/{make_hook(shop).pk}/hook/secret", {"secret": "x"}, status=403)
