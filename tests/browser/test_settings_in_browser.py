"""Settings, team, keys and sign-in in a real browser."""

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import NARROW
from tests.browser.screenshots import take_screenshots

pytestmark = pytest.mark.browser

PAGES = ("/settings/", "/settings/team/", "/settings/keys/", "/settings/codes/")


def test_settings_fit_and_complain_about_nothing(visit, overflow):
    """At 390 px, in both directions."""
    for address in PAGES:
        for language in ("en", "ar"):
            page = visit(address, size=NARROW, language=language)
            assert overflow(page) == [], (address, language)
            page.close()


def test_an_error_stands_beside_its_field_with_the_focus(visit):
    """A wrong link domain: the sentence beside it, the field marked and focused, the rest as typed."""
    page = visit("/settings/")
    page.locator("#name").fill("Verbena & Co")
    page.locator("#link_domain").fill("nonsense")
    visit.expected.append("422")
    page.get_by_role("button", name="Save settings").click()
    page.locator("#link_domain-help.error").wait_for()
    expect(page.locator("#link_domain")).to_be_focused()
    assert page.locator("#name").input_value() == "Verbena & Co"


def test_sign_in_by_password_and_back(visit, overflow):
    """A stranger is asked, signs in, and stands where they wanted to go."""
    from tests.console.cast import PASSWORD

    page = visit("/contacts/?app=any", size=NARROW, signed_in=False)
    assert overflow(page) == []
    page.get_by_label("E-mail").fill("alice@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/contacts/?app=any")


@pytest.mark.pictures
def test_pictures_of_settings(visit):
    """Settings, team, keys, sign-in."""
    for address in PAGES:
        for picture in take_screenshots(visit, address):
            assert picture.stat().st_size > 5_000
    page = visit("/sign-in/", signed_in=False)
    page.screenshot(path="screenshots/sign-in-light.png")
