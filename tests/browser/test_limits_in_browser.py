"""Quiet hours and caps in a real browser."""

from datetime import UTC, datetime

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


def test_a_cap_is_added_changed_and_deleted(visit, overflow):
    """Through the form, the row, and the dialog that says what deleting does."""
    page = visit(PAGE, size=NARROW)
    page.get_by_label("Name").fill("Three a week")
    page.get_by_label("At most, in messages").fill("3")
    page.get_by_label("Marketing").check()
    page.get_by_role("button", name="Add cap").click()
    page.get_by_text("3 messages a week").wait_for()
    assert overflow(page) == []
    page.get_by_role("link", name="Three a week").click()
    page.get_by_label("At most, in messages").fill("0")
    visit.expected.append("422")
    page.get_by_role("button", name="Save cap").click()
    page.locator("#limit-help.error").wait_for()
    expect(page.locator("#limit")).to_be_focused()
    page.get_by_label("At most, in messages").fill("2")
    page.get_by_role("button", name="Save cap").click()
    page.get_by_text("2 messages a week").wait_for()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete 1 cap").click()
    page.get_by_text("No caps yet").wait_for()


@pytest.mark.pictures
def test_pictures_of_limits(visit, cast):
    """With hours and caps that are set, in every look."""
    from tertulia.actions.caps import create_cap
    from tertulia.data.models import Cap

    cast.workspace.send_window = [
        {"from": "09:00", "to": "21:00", "days": ["mon", "tue", "wed", "thu", "fri"]},
        {"from": "10:00", "to": "18:00", "days": ["sat"]},
    ]
    cast.workspace.budget = {"message": 0.1, "day": 50, "month": 900, "rates": {"USD": 0.92}}
    cast.workspace.save()
    now = datetime(2026, 11, 2, tzinfo=UTC)
    weekly = {"limit": 3, "per": "week", "classes": ["marketing"]}
    create_cap(cast.workspace, None, now, "Three offers a week", weekly)
    create_cap(cast.workspace, None, now, "One SMS a day", {"limit": 1, "per": "24 h", "channels": ["sms"]})
    for picture in take_screenshots(visit, PAGE):
        assert picture.stat().st_size > 5_000
    cap = Cap.objects.get(name="One SMS a day")
    page = visit(f"{PAGE}caps/{cap.pk}/")
    page.screenshot(path="screenshots/settings-cap-light.png", full_page=True)
    page = visit(PAGE, size=NARROW)
    page.screenshot(path="screenshots/settings-limits-390-whole.png", full_page=True)
