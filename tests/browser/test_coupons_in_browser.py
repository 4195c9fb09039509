"""The pages of coupons in a real browser."""

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import NARROW, WIDE
from tests.browser.screenshots import take_screenshots

pytestmark = pytest.mark.browser

PAGE = "/coupons/"


def test_S5_a_pool_is_added_and_filled(visit, overflow):
    """On a phone: a wrong time stands marked, codes are pasted, and the lines that are none are named."""
    page = visit(PAGE, size=NARROW)
    page.get_by_role("link", name="New pool").click()
    page.get_by_label("Name").fill("Welcome")
    page.get_by_label("Holds for").fill("soon")
    visit.expected.append("422")
    page.get_by_role("button", name="Add pool").click()
    page.locator("#expires-help.error").wait_for()
    expect(page.locator("#expires")).to_be_focused()
    page.get_by_label("Holds for").fill("14 d")
    page.get_by_role("button", name="Add pool").click()
    page.get_by_label("Codes, one a line").fill("WELCOME-1\nWELCOME-2\nWELCOME-1")
    page.get_by_role("button", name="Add codes").click()
    page.get_by_text("2 codes added. Not taken:").wait_for()
    page.get_by_text("Line 3 is the same as line 1.").wait_for()
    assert overflow(page) == []
    page = visit(PAGE, size=WIDE)
    page.get_by_text("one for each customer").wait_for()
    assert overflow(page) == []


@pytest.mark.pictures
def test_pictures_of_coupons(visit, cast):
    """A pool of each kind, one of them spent, in every look."""
    from datetime import UTC, datetime

    from tertulia.actions.coupons import PoolForm, create_pool
    from tertulia.data.models import CouponPool

    now = datetime(2026, 11, 2, tzinfo=UTC)
    create_pool(cast.workspace, None, now, PoolForm("Spring for everybody", "SPRING26", 0, "14 d"))
    pool = create_pool(cast.workspace, None, now, PoolForm("Welcome gift", "", 100, ""))
    CouponPool.objects.filter(pk=pool.pk).update(low_at=now, empty_at=now)
    take_screenshots(visit, PAGE)
    take_screenshots(visit, f"{PAGE}{pool.pk}/", "coupon-pool")
    take_screenshots(visit, f"{PAGE}new/", "coupon-pool-new")
