"""The pages of shops and webhooks in a real browser: connected, mapped, tried; nothing sticks out."""

from datetime import UTC, datetime

import psycopg
import pytest
from tests.browser.conftest import NARROW, WIDE
from tests.browser.screenshots import take_screenshots
from tests.console.hooks import add_samples, make_hook
from tests.console.tracking import add_discard

pytestmark = pytest.mark.browser

LOOKS = [(WIDE, "light", "en"), (NARROW, "light", "en"), (NARROW, "dark", "ar")]


@pytest.fixture
def shops(cast, conn):
    """A Shopify shop with samples, and a system that sends anything and nothing yet."""
    now = datetime.now(UTC)
    shop = make_hook(cast.workspace)
    other = make_hook(cast.workspace, "webhook", "Booking system", secret=b"")
    samples = add_samples(conn, shop, now)
    add_discard(conn, shop, "no_rule", now, name="draft_orders/create", sample='{"id": 1, "name": "#D1"}')
    add_discard(conn, other, "bad_signature", now, sample="", type="")
    conn.commit()
    return shop, other, samples


def list_paths(shops) -> list[str]:
    """Every address of these pages."""
    shop, other, samples = (shops[0].pk, shops[1].pk, shops[2])
    return [
        "/sources/", "/sources/new/?side=shopify", f"/sources/{shop}/", f"/sources/{other}/",
        f"/sources/{shop}/mapping/?sample={samples[2]}", f"/sources/{other}/mapping/", f"/sources/{shop}/debugger/",
        f"/sources/{shop}/debugger/?open=s.{samples[3]}", f"/sources/{shop}/settings/",
    ]  # fmt: skip


def try_out(page) -> None:
    """Press the button and wait for what would be made."""
    page.get_by_role("button", name="Try on this payload").click()
    page.locator("#tried").wait_for()


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_hooks_fit_and_complain_of_nothing(visit, overflow, shops, size, theme, language):
    """At 1280 and 390 px, in both directions, with a mapping that was tried."""
    for path in list_paths(shops):
        page = visit(path, size=size, theme=theme, language=language)
        assert overflow(page) == [], path
        page.close()


def test_a_shop_is_connected_and_its_mapping_tried(visit, database_url):
    """Made by hand, its secret entered and hidden, an order tried, a broken mapping refused with its line."""
    from tests.console.hooks import add_sample
    from tests.shops import ORDER

    from tertulia.data.models import Source

    visit.expected.append("422")
    page = visit("/sources/new/")
    page.get_by_label("Name").fill("Verbena shop")
    page.get_by_label("Shopify").check()
    page.get_by_role("button", name="Create source").click()
    page.get_by_text("Waiting for the first event.").wait_for()
    source = Source.objects.get()
    assert page.get_by_label("Address").input_value().endswith(f"/v1/hook/{source.write_key}")
    page.get_by_label("Signing secret").fill("shpss_never_shown")
    page.get_by_role("button", name="Save secret").click()
    page.get_by_text("Secret set").wait_for()
    assert "shpss_never_shown" not in page.content()
    with psycopg.connect(database_url) as conn:
        add_sample(conn, source, "orders/create", ORDER, datetime.now(UTC))
    page.get_by_role("link", name="Mapping").click()
    try_out(page)
    assert page.locator(".made summary .medium").all_inner_texts() == ["Identified", "Order Completed"]
    text = page.get_by_label("Mapping", exact=True)
    text.fill(text.input_value().replace("event: Order Cancelled", "event: Order Cancelled\n    evnt: x"))
    page.get_by_role("button", name="Save mapping").click()
    told = page.locator(".mapping-problems").inner_text()
    assert "There is no field “evnt” here." in told


@pytest.mark.pictures
def test_hook_pictures(visit, shops):
    """Pictures are taken; people look at them."""
    for path in list_paths(shops):
        for picture in take_screenshots(visit, path):
            assert picture.stat().st_size > 5_000, picture


@pytest.mark.pictures
def test_tried_pictures(visit, shops):
    """What was tried, right and wrong, at both widths."""
    from tests.browser.screenshots import FOLDER

    shop, _other, samples = shops
    visit.expected.append("422")
    for size in (WIDE, NARROW):
        page = visit(f"/sources/{shop.pk}/mapping/?sample={samples[2]}", size=size)
        try_out(page)
        page.screenshot(path=FOLDER / f"tried-{size[0]}.png", full_page=True)
        text = page.get_by_label("Mapping", exact=True)
        text.fill(text.input_value().replace("event: Order Cancelled", "event: Order Cancelled\n    evnt: 'a[['"))
        page.get_by_role("button", name="Save mapping").click()
        assert page.locator(".mapping-problems").is_visible()
        page.screenshot(path=FOLDER / f"refused-{size[0]}.png")
