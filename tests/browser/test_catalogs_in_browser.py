"""The pages of catalogs in a real browser."""

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import NARROW, WIDE
from tests.browser.screenshots import take_screenshots

pytestmark = pytest.mark.browser

PAGE = "/catalogs/"
FILE = (
    b"sku,title,price,url\np1,Espresso,8.90,https://shop.example/p1\n,nobody,1,\np2,Cup,4.00,https://shop.example/p2\n"
)


def test_a_catalog_is_added_filled_and_deleted(visit, overflow):
    """On a phone: rows that are no items are named, the example can be copied, and deleting asks first."""
    page = visit(PAGE, size=NARROW)
    page.get_by_role("link", name="New catalog").click()
    page.get_by_label("Name").fill("Products")
    page.get_by_role("button", name="Add catalog").click()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "products.csv", "mimeType": "text/csv", "buffer": FILE}
    )
    page.get_by_role("button", name="Add items").click()
    page.get_by_text("Row 3 has no id.").wait_for()
    expect(page.get_by_text("{{ catalogs.products[event.product_id].title }}")).to_be_visible()
    assert overflow(page) == []
    page = visit(PAGE, size=WIDE)
    page.get_by_role("link", name="Products").click()
    expect(page.get_by_text("Espresso")).to_be_visible()
    assert overflow(page) == []
    page.get_by_role("button", name="Delete catalog").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete catalog").click()
    page.get_by_text("No catalogs yet").wait_for()


@pytest.mark.pictures
def test_pictures_of_catalogs(visit, cast):
    """With items and without, in every look."""
    from datetime import UTC, datetime
    from io import BytesIO

    from tertulia.actions.catalogs import create_catalog, fill
    from tertulia.core.catalog_items import read_item_file
    from tertulia.store.db import django_conn

    now = datetime(2026, 11, 2, tzinfo=UTC)
    create_catalog(cast.workspace, None, now, "Shops")
    catalog = create_catalog(cast.workspace, None, now, "Products")
    fill(django_conn(), catalog, None, now, read_item_file(BytesIO(FILE), len(FILE)))
    take_screenshots(visit, PAGE)
    take_screenshots(visit, f"{PAGE}{catalog.pk}/", "catalog")
