"""Quiet hours and caps in a real browser."""

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import NARROW
from tests.browser.screenshots import take_screenshots

pytestmark = pytest.mark.browser

PAGE = "/settings/limits/"


def test_quiet_hours_are_set_and_read_again(visit, overflow):
    """On a phone: a wrong time stands marked with its sentence, a right one is kept."""
    page = visit(PAGE, size=NARROW)
    assert overflow(page) == []
    page.get_by_label("From").fill("09:00")
    page.get_by_label("To", exact=True).fill("9 pm")
    visit.expected.append("422")
    page.get_by_role("button", name="Save quiet hours").click()
    page.locator("#hours-0-help.error").wait_for()
    expect(page.locator("#to-0")).to_be_focused()
    page.locator("#to-0").fill("21:00")
    page.get_by_label("Sun").first.uncheck()
    page.get_by_role("button", name="Save quiet hours").click()
    page.get_by_text("Quiet hours saved").wait_for()
    assert page.locator("#to-0").input_value() == "21:00"
    assert overflow(page) == []


@pytest.mark.pictures
def test_pictures_of_limits(visit, cast):
    """With hours that are set, in every look."""
    cast.workspace.send_window = [
        {"from": "09:00", "to": "21:00", "days": ["mon", "tue", "wed", "thu", "fri"]},
        {"from": "10:00", "to": "18:00", "days": ["sat"]},
    ]
    cast.workspace.save()
    for picture in take_screenshots(visit, PAGE):
        assert picture.stat().st_size > 5_000
