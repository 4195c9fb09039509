"""The pages of sources in a real browser: made by hand, watched live, and nothing sticks out."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from tests.browser.conftest import NARROW, WIDE
from tests.browser.screenshots import take_screenshots
from tests.console.people import add_identity, add_people
from tests.console.tracking import add_discard, add_event, add_traffic, add_visit, make_source

pytestmark = pytest.mark.browser

LOOKS = [(WIDE, "light", "en"), (NARROW, "light", "en"), (NARROW, "dark", "ar")]
ORDER = "?type=track&event=Order+Completed"
OPENED = ("Order Completed", "larger than one message")
SAMPLE = '{"type": "track", "event": "Cart Viewed", "properties": {"total": 25.9}}'


@pytest.fixture
def shop(cast, conn):
    """A shop with two weeks of events, one that was disabled, and one that nothing came from yet."""
    now = datetime.now(UTC)
    source = make_source(cast.workspace, "Verbena Market web shop", client_side=True)
    make_source(cast.workspace, "Warehouse")
    make_source(cast.workspace, "تطبيق أندرويد", state="disabled", client_side=True)
    people = add_people(conn, cast.workspace.pk)
    add_traffic(conn, source, people, now)
    add_event(conn, source, people[0], "Cart", now, "page", properties={"url": "https://shop.example/cart?item=17"})
    add_visit(conn, source, people[0], now - timedelta(minutes=4))
    add_discard(conn, source, "message_too_large", now, name="Cart Viewed", sample=SAMPLE)
    add_identity(conn, cast.workspace.pk, people[0], "user_id", "c-2041", scope="")
    add_identity(conn, cast.workspace.pk, people[0], "anonymous_id", "f6c1a9d2-77e0-4a51-9d2c-0b6f3c1e8a40", scope="")
    conn.commit()
    return source, people


def list_paths(shop) -> list[str]:
    """Every address of these pages, with what is opened beside them, and a contact's timeline."""
    from tertulia.data.models import Source

    source, people = shop
    own = f"/sources/{source.pk}"
    empty = Source.objects.get(name="Warehouse").pk
    return [
        "/sources/", "/sources/new/", f"{own}/", f"{own}/?sdk=curl", f"{own}/debugger/", f"{own}/debugger/?paused=1",
        f"{own}/events/", f"{own}/events/{ORDER}", f"{own}/settings/", f"/sources/{empty}/",
        f"/sources/{empty}/debugger/", f"/sources/{empty}/events/",
        "/sources/derived/", "/sources/derived/?type=derived&event=session_ended",
        f"/contacts/{people[0]}/",
    ]  # fmt: skip


def open_first(page, words: str) -> None:
    """Open what the list shows under these words."""
    page.locator(".arrivals a.row-link", has_text=words).first.click()
    page.locator("#opened").wait_for()


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_sources_fit_and_complain_of_nothing(visit, overflow, shop, size, theme, language):
    """At 1280 and 390 px, in both directions, with an event and a refused message open beside the list."""
    for path in list_paths(shop):
        page = visit(path, size=size, theme=theme, language=language)
        assert overflow(page) == [], path
        page.close()
    for words in OPENED:
        page = visit(f"/sources/{shop[0].pk}/debugger/", size=size, theme=theme, language=language)
        open_first(page, words)
        assert overflow(page) == [], words
        page.close()


def test_a_source_is_made_and_its_events_appear_by_themselves(visit, cast, database_url):
    """Made by hand; its code is ready to copy; an event and a refused message come without a reload; Pause holds."""
    from tertulia.data.models import Source

    page = visit("/sources/")
    page.get_by_role("link", name="New source").click()
    page.get_by_label("Name").fill("Web shop")
    page.get_by_role("button", name="Create source").click()
    page.get_by_text("Waiting for the first event.").wait_for()
    source = Source.objects.get()
    assert page.get_by_label("Write key").input_value() == source.write_key
    page.get_by_role("link", name="Segment Python").click()
    assert f'analytics.write_key = "{source.write_key}"' in page.locator(".code-lines").first.inner_text()
    with psycopg.connect(database_url) as conn:
        ana, bea, *_rest = add_people(conn, cast.workspace.pk)
        add_event(conn, source, ana, "Order Completed", datetime.now(UTC))
    page.get_by_text("The last event arrived").wait_for()
    page.get_by_role("link", name="Open the debugger").click()
    open_first(page, "Order Completed")
    assert '"order_id": "A-2041"' in page.locator("#opened pre").inner_text()
    with psycopg.connect(database_url) as conn:
        add_event(conn, source, bea, "Cart Viewed", datetime.now(UTC))
        add_discard(conn, source, "no_user_anon_id", datetime.now(UTC), name="Product Added")
    page.locator(".arrivals", has_text="Cart Viewed").wait_for()
    page.locator(".arrivals", has_text="Neither userId nor anonymousId is set.").wait_for()
    assert page.locator("#opened pre").is_visible()
    page.get_by_role("link", name="Pause").click()
    with psycopg.connect(database_url) as conn:
        add_event(conn, source, bea, "Cart Emptied", datetime.now(UTC) + timedelta(seconds=1))
    page.wait_for_timeout(4_000)
    assert "Cart Emptied" not in page.locator("#stream").inner_text()
    page.get_by_role("link", name="Continue").click()
    page.locator(".arrivals", has_text="Cart Emptied").wait_for()
    page.get_by_label("Event name").select_option("Cart Emptied")
    page.wait_for_url("**name=Cart+Emptied*")
    assert page.locator(".arrivals li").count() == 1


def test_renewing_the_key_asks_first(visit, shop):
    """The dialog says what will be; the button does it."""
    source, _people = shop
    page = visit(f"/sources/{source.pk}/settings/")
    page.get_by_role("button", name="Renew write key").click()
    dialog = page.get_by_role("dialog")
    assert "is refused from this moment" in dialog.text_content()
    dialog.get_by_role("button", name="Renew 1 key").click()
    page.get_by_text("Write key renewed").wait_for()
    assert page.get_by_label("Write key").input_value() != source.write_key


@pytest.mark.pictures
def test_source_pictures(visit, shop):
    """Pictures are taken; people look at them."""
    debugger = f"/sources/{shop[0].pk}/debugger/"
    page = visit(debugger)
    opened = [page.locator(".arrivals a", has_text=words).first.get_attribute("href") for words in OPENED]
    named = [(path, "") for path in list_paths(shop)] + list(
        zip(opened, ("debugger-event", "debugger-refused"), strict=True)
    )
    for path, name in named:
        for picture in take_screenshots(visit, path, name):
            assert picture.stat().st_size > 5_000, picture
