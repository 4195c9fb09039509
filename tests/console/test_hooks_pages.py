"""The pages of shops and webhooks: connected, proved, mapped, tried, and who may do what."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from tests.console.cast import Cast, make_client
from tests.console.hooks import add_samples, make_hook
from tests.console.tracking import make_source
from tests.shops import ORDER, SECRET

from tertulia.store.sealing import unseal

NOW = datetime.now(UTC)


@pytest.fixture
def shop(cast: Cast):
    """A Shopify shop with its secret and the mapping of its kind."""
    return make_hook(cast.workspace)


def read(client, address: str, status: int = 200) -> str:
    """The page, with its entities read."""
    response = client.get(address)
    assert response.status_code == status, address
    return unescape(response.content.decode())


def post(client, address: str, **fields: str) -> tuple[int, str]:
    """Status and page of a form that was sent."""
    response = client.post(address, fields)
    return response.status_code, unescape(response.content.decode())


def test_a_source_of_every_kind_is_offered(cast: Cast, alice):
    """Beside the tracking SDKs; the address chooses one before it is asked for."""
    page = read(alice, "/sources/new/?side=woocommerce")
    assert re.findall(r'value="(\w+)"( checked)?', page.split('class="source-kinds"')[1]) == [
        ("server", ""), ("client", ""), ("shopify", ""), ("woocommerce", " checked"), ("webhook", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["shopify", "woocommerce", "webhook"])
def test_a_shop_is_made_with_an_address_and_a_mapping_of_its_own(cast: Cast, alice, kind: str):
    """Its key opens no tracking call by its form; the steps to do at the other side stand beside it."""
    from tertulia.console.sources.hook_words import STEPS
    from tertulia.data.models import Source

    made = alice.post("/sources/new/", {"name": "Shop", "side": kind})
    source = Source.objects.get()
    assert made.headers["Location"] == f"/sources/{source.pk}/"
    assert re.fullmatch(r"hk_[A-Za-z0-9]{32}", source.write_key)
    assert (source.kind, source.client_side, "rules:" in source.mapping) == (kind, False, True)
    page = read(alice, f"/sources/{source.pk}/")
    assert f"http://127.0.0.1:8080/v1/hook/{source.write_key}" in page
    assert all(str(step) in page for step in STEPS[kind].steps)
    assert "Secret missing" in page
    assert post(alice, "/sources/new/", name="Shop", side="fax")[0] == 422


def test_a_secret_is_kept_sealed_and_never_shown(cast: Cast, alice, shop):
    """Entered, then replaced; an empty one is no secret. No page and no audit row has it."""
    from tertulia.data.models import Audit

    address = f"/sources/{shop.pk}/proof/"
    assert post(alice, address, secret="  shpss_new  ")[0] == 302
    shop.refresh_from_db()
    assert unseal(shop.secret) == b"shpss_new"
    status, page = post(alice, address, secret=" ")
    assert (status, "Enter the secret" in page) == (422, True)
    for tab in ("", "mapping/", "debugger/", "settings/"):
        assert "shpss_new" not in read(alice, f"/sources/{shop.pk}/{tab}")
    assert "shpss_new" not in json.dumps(list(Audit.objects.values("verb", "facts")))
    assert Audit.objects.latest("pk").verb == "source_secret_set"


def test_any_system_says_how_it_proves_itself(cast: Cast, alice):
    """Saved with its secret or without a new one; what cannot be is told at its field and nothing is stored."""
    source = make_hook(cast.workspace, "webhook", "Bookings")
    address = f"/sources/{source.pk}/proof/"
    form = {"way": "hmac", "header": "X-Hub-Signature-256", "algorithm": "sha256", "encoding": "hex",
            "prefix": "sha256=", "timestamp_header": "", "tolerance_s": "300"}  # fmt: skip
    assert post(alice, address, **form)[0] == 302
    source.refresh_from_db()
    assert (source.signing["prefix"], unseal(source.secret)) == ("sha256=", SECRET.encode())
    status, page = post(alice, address, **form | {"header": "no header", "tolerance_s": "soon"})
    assert status == 422
    assert "Give the name of a header" in page
    assert "Give from 1 to 86,400 seconds." in page
    assert post(alice, address, **form | {"way": "none", "header": ""})[0] == 302
    source.refresh_from_db()
    assert source.signing["way"] == "none"


def test_a_mapping_is_tried_on_a_sample_and_nothing_is_kept(cast: Cast, alice, conn, shop):
    """The chosen sample stands ready with its headers; the events it would make are shown whole."""
    samples = add_samples(conn, shop, NOW)
    conn.commit()
    address = f"/sources/{shop.pk}/mapping/?sample={samples[2]}"
    page = read(alice, address)
    assert '"name": "#1001"' in page
    assert "x-shopify-topic: orders/create" in page
    told = {"act": "try", "text": shop.mapping, "payload": json.dumps(ORDER)}
    told["headers"] = "X-Shopify-Topic: orders/create"
    status, page = post(alice, address, **told)
    assert (status, "2 events would be made" in page) == (200, True)
    assert '"event": "Order Completed"' in page
    assert '"total": 41.5' in page
    picked = {"pick": str(samples[0]), "text": "# being written", "payload": "{}", "headers": ""}
    _status, page = post(alice, f"/sources/{shop.pk}/mapping/?sample={samples[0]}", **picked)
    assert ("# being written</textarea>" in page, '"token": "c1-7f2e"' in page) == (True, True)
    assert conn.execute("select count(*) from log").fetchone() == (0,)
    status, page = post(alice, address, **told | {"headers": "X-Shopify-Topic: refunds/create"})
    assert "The rule for this topic does nothing." in page
    status, page = post(alice, address, **told | {"headers": "X-Shopify-Topic: fax/sent"})
    assert "No rule of the mapping is for this webhook." in page


def test_an_item_of_a_catalog_is_tried_as_one(cast: Cast, alice, shop):
    """It is no event: named by catalog and id, with its fields; taken out, or not taken, it says so."""
    address = f"/sources/{shop.pk}/mapping/"
    told = {"act": "try", "text": shop.mapping, "payload": '{"id": 7, "title": "Tea"}'}
    status, page = post(alice, address, **told, headers="X-Shopify-Topic: products/update")
    assert (status, "1 item would change</h2>" in page, "event would be made" in page) == (200, True, False)
    assert ("products: 7" in page, '"title": "Tea"' in page, "Item of a catalog" in page) == (True, True, True)
    _status, page = post(alice, address, **told, headers="X-Shopify-Topic: products/delete")
    assert "Item taken out" in page
    told["payload"] = '{"title": "Tea"}'
    _status, page = post(alice, address, **told, headers="X-Shopify-Topic: products/update")
    assert ("A catalog does not take this item" in page, "Not taken" in page) == (True, True)


def test_everything_that_is_wrong_in_a_trial_is_told_with_its_line(cast: Cast, alice, shop):
    """Of the mapping, the payload and the headers."""
    address = f"/sources/{shop.pk}/mapping/"
    text = "who: {user_id: id}\nrules:\n  - event: X\n    properties:\n      n: join(', ', n)\n  - event_from: name"
    status, page = post(alice, address, act="try", text=text, payload='{"id": 1, "n": 5}', headers="")
    problems = page.split('class="mapping-problems"')[1].split("</ul>")[0]
    assert re.findall(r"Line (\d+):", problems) == ["5", "6"]
    assert "n: join(', ', n)" in problems
    assert (status, "1 event would be made" in page, "Not taken" in page) == (200, True, True)
    _status, page = post(alice, address, act="try", text=text, payload='{\n"id": 1,\n}', headers="")
    assert re.search(r"Line 3:</strong> This is no JSON", page)
    _status, page = post(alice, address, act="try", text=text, payload="{}", headers="ok: 1\nnot a header")
    assert re.search(r"Line 2:</strong> Write one header a line", page)


def test_a_mapping_is_saved_and_a_broken_one_is_refused(cast: Cast, alice, shop):
    """With its lines; the old one goes on, what was written stays in the editor."""
    from tertulia.data.models import Source

    address, old = f"/sources/{shop.pk}/mapping/", shop.mapping
    status, page = post(alice, address, act="save", text="rules:\n  - evnt: Bought", payload="", headers="")
    assert status == 422
    assert re.search(r"Line 2:</strong> There is no field “evnt” here", page)
    assert "- evnt: Bought</textarea>" in page
    assert Source.objects.get(pk=shop.pk).mapping == old
    good = "rules:\r\n  - event: Bought\r\n    who: {user_id: id}\r\n"
    assert post(alice, address, act="save", text=good, payload="", headers="")[0] == 302
    assert Source.objects.get(pk=shop.pk).mapping == good.replace("\r\n", "\n")
    assert old.splitlines()[0] in read(alice, f"{address}?preset=1")
    assert old.splitlines()[0] not in read(alice, address)


def test_the_debugger_shows_what_came(cast: Cast, alice, conn, shop):
    """Each webhook with how many events it made; opened, it leads to the trial."""
    samples = add_samples(conn, shop, NOW)
    conn.commit()
    page = read(alice, f"/sources/{shop.pk}/debugger/?open=s.{samples[3]}")
    assert page.count("Webhook</span>") == 4
    assert "No rule of the mapping is for this webhook." in page
    assert f"/sources/{shop.pk}/mapping/?sample={samples[3]}" in page
    assert "orders/create" not in read(alice, f"/sources/{shop.pk}/debugger/?name=Bought").split('id="stream"')[1]
    for gone in ("s.nothing", f"s.{shop.pk}", "s.00000000-0000-0000-0000-000000000000"):
        assert 'id="opened"' not in read(alice, f"/sources/{shop.pk}/debugger/?open={gone}")


def test_who_may_not_change_a_shop_sees_no_address_and_changes_nothing(cast: Cast, shop):
    client = make_client(cast.vera)
    page = read(client, f"/sources/{shop.pk}/")
    assert shop.write_key not in page
    assert "hk_…" in page
    assert "Save mapping" not in read(client, f"/sources/{shop.pk}/mapping/")
    assert client.post(f"/sources/{shop.pk}/mapping/", {"act": "save", "text": ""}).status_code == 403
    assert client.post(f"/sources/{shop.pk}/proof/", {"secret": "x"}).status_code == 403


def test_a_shop_of_another_workspace_and_an_sdk_have_no_such_tabs(cast: Cast, alice):
    """And a sample of another source is not found."""
    foreign, sdk = make_hook(cast.other), make_source(cast.workspace)
    for source in (foreign, sdk):
        assert alice.get(f"/sources/{source.pk}/mapping/").status_code == 404
        assert alice.post(f"/sources/{source.pk}/proof/", {"secret": "x"}).status_code == 404
    assert "Mapping" not in read(alice, f"/sources/{sdk.pk}/")


def test_a_shop_is_renamed_given_another_address_and_deleted(cast: Cast, alice, conn, shop):
    """Its kind stays; its samples go with it."""
    from tertulia.data.models import Source

    add_samples(conn, shop, NOW)
    conn.commit()
    assert "Where the SDK runs" not in read(alice, f"/sources/{shop.pk}/settings/")
    assert post(alice, f"/sources/{shop.pk}/settings/", name="Other shop")[0] == 302
    assert post(alice, f"/sources/{shop.pk}/renew/")[0] == 302
    after = Source.objects.get(pk=shop.pk)
    assert (after.name, after.kind, after.write_key[:3]) == ("Other shop", "shopify", "hk_")
    assert after.write_key != shop.write_key
    assert post(alice, f"/sources/{shop.pk}/delete/")[0] == 302
    assert conn.execute("select count(*) from hook_sample").fetchone() == (0,)


def test_a_privacy_request_is_a_notification(cast: Cast, alice, shop):
    """It names the shop and leads to its debugger."""
    from tertulia.data.models import Notice

    facts = {"source": shop.pk, "name": shop.name, "topic": "customers/redact", "digest": "d"}
    Notice.objects.create(workspace=cast.workspace, kind="privacy_request", facts=facts, at=NOW)
    page = read(alice, "/notices/")
    assert "Verbena shop passes on a privacy request: customers/redact" in page
    assert f"/sources/{shop.pk}/debugger/" in page
