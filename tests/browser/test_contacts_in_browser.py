"""The contact pages in a real browser, with the people of the design's pictures."""

import psycopg
import pytest
from tests.browser.conftest import NARROW
from tests.browser.screenshots import take_screenshots
from tests.console.history import add_history
from tests.console.people import add_people

pytestmark = pytest.mark.browser


@pytest.fixture
def ids(cast, database_url: str) -> list[int]:
    """The people, the first of them with a history."""
    with psycopg.connect(database_url) as conn:
        found = add_people(conn, cast.workspace.pk)
        add_history(conn, cast.workspace.pk, found)
    return found


def test_contact_pages_fit_and_complain_about_nothing(visit, overflow, ids):
    """List, contact, Why, consent and merge preview at 390 px, in both directions."""
    for address in (
        "/contacts/",
        "/contacts/?app=any&consent=granted&sms=1",
        "/contacts/?q=nobody+at+all",
        f"/contacts/{ids[0]}/",
        f"/contacts/{ids[0]}/?show=decisions",
        f"/contacts/{ids[0]}/consent/",
        f"/contacts/{ids[0]}/merge/{ids[1]}/",
    ):
        for language in ("en", "ar"):
            page = visit(address, size=NARROW, language=language)
            assert overflow(page) == [], (address, language)
            page.close()


def test_selection_shows_the_bulk_bar_and_escape_clears(visit, ids):
    """X selects the row, Shift a range; the bar takes the count row's place; Escape clears."""
    page = visit("/contacts/")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator(".bulk").is_visible()
    assert not page.locator(".count-row").is_visible()
    page.locator("input.pick").nth(3).click(modifiers=["Shift"])
    assert "4 selected" in page.locator(".bulk").inner_text()
    page.keyboard.press("Escape")
    page.locator(".bulk").wait_for(state="hidden")


def test_slash_searches_and_enter_opens(visit, ids):
    """/ goes to the search; J and Enter open a row."""
    page = visit("/contacts/")
    page.keyboard.press("/")
    page.keyboard.type("helena")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=helena*")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/contacts/{ids[4]}/")


@pytest.mark.pictures
def test_pictures_of_contacts(visit, ids):
    """Pictures of the list and of one contact with Why."""
    take_screenshots(visit, "/contacts/?app=any", "contacts-filtered")
    take_screenshots(visit, f"/contacts/{ids[0]}/", "contact")
    page = visit(f"/contacts/{ids[0]}/?show=decisions")
    why = page.locator(".act-link").first.get_attribute("href")
    page.close()
    pictures = take_screenshots(visit, f"/contacts/{ids[0]}/{why}", "contact-why")
    take_screenshots(visit, f"/contacts/{ids[0]}/consent/", "contact-consent")
    take_screenshots(visit, f"/contacts/{ids[0]}/merge/{ids[1]}/", "contact-merge")
    assert all(picture.stat().st_size > 5_000 for picture in pictures)


def test_a_filter_is_added_written_and_taken_away_by_keyboard(visit, ids, cast):
    """F offers, an attribute's value is typed, the address holds it all, Backspace takes a chip away."""
    from tertulia.data.models import Import

    Import.objects.create(
        workspace=cast.workspace, name="list.csv", path="x", size=1, sha256="0", state="done",
        mapping={"0": "phone", "1": "attribute:cidade"},
    )  # fmt: skip
    page = visit("/contacts/?country=PT")
    page.keyboard.press("f")
    page.get_by_role("link", name="With cidade").press("Enter")
    page.wait_for_url("**attribute=cidade*")
    page.get_by_label("cidade").fill("Porto")
    page.keyboard.press("Enter")
    page.wait_for_url("**value=Porto*")
    assert "country=PT" in page.url
    page.locator(".chip-drop").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Backspace")
    page.wait_for_load_state("networkidle")
    assert "attribute" not in page.url
    assert "country=PT" in page.url
