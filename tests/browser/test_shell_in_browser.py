"""The shell in a real browser: nothing sticks out, nothing complains, keys work, focus is seen."""

from importlib import import_module

import pytest
from tests.browser.conftest import NARROW, WIDE
from tests.browser.screenshots import take_screenshots

pytestmark = pytest.mark.browser

LOOKS = [(WIDE, "light", "en"), (NARROW, "light", "en"), (NARROW, "dark", "ar")]


def list_menu_addresses() -> list[str]:
    """The pages that a person can open from the menu, and the reader's own."""
    from tertulia.console.pages import PAGES

    return ["/" + page.path for page in PAGES if page.group or page.name == "preferences"]


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_no_page_sticks_out_or_complains(visit, overflow, size, theme, language):
    """Every page of the menu fits 1280 and 390 px, in both directions, without an error or a policy violation."""
    for address in list_menu_addresses():
        page = visit(address, size=size, theme=theme, language=language)
        assert overflow(page) == [], address
        assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
        page.close()


def test_keys_go_places(visit):
    """G and a letter goes, ? shows the keys, Escape closes them, Ctrl K opens the palette and Enter opens its first."""
    page = visit("/you/")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url(visit.site + "/")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("prefer")
    page.keyboard.press("Enter")
    page.wait_for_url("**/you/")


def test_the_navigation_folds_and_stays_folded(visit):
    """[ folds the navigation to the rail; the next page keeps it."""
    page = visit("/")
    wide = page.locator("#nav").bounding_box()["width"]
    page.keyboard.press("[")
    assert page.locator("#nav").bounding_box()["width"] < wide / 2
    page.reload()
    assert page.locator("#nav").bounding_box()["width"] < wide / 2


def test_focus_is_seen(visit):
    """Every stop of the Tab key has an outline, and the first one skips to the page."""
    page = visit("/you/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(12):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "() => [document.activeElement, document.activeElement.closest('label')]"
            ".some((e) => e && parseFloat(getComputedStyle(e).outlineWidth) >= 2)"
        )
        assert seen, page.evaluate("document.activeElement.outerHTML.slice(0, 120)")


def test_more_opens_the_navigation_on_a_phone(visit):
    """At 390 px the bottom bar's More shows the whole navigation; Escape puts it away."""
    page = visit("/", size=NARROW)
    assert not page.locator("#nav").is_visible()
    page.get_by_role("button", name="More").click()
    assert page.locator("#nav").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#nav").is_visible()


def test_toast_counts_down(visit):
    """Saving shows one toast in the past tense that goes by itself."""
    page = visit("/you/")
    page.get_by_role("button", name="Save preferences").click()
    page.locator("#toast", has_text="Preferences saved").wait_for()


@pytest.mark.pictures
def test_pictures(visit):
    """Pictures of every page of the menu are taken; people look at them."""
    for address in list_menu_addresses():
        for picture in take_screenshots(visit, address):
            assert picture.stat().st_size > 5_000, picture
    assert import_module("tests.browser.screenshots").FOLDER.is_dir()
