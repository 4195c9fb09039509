"""The tab What if in a real browser: a period is chosen, and the figures fit at both widths and in both directions."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from tests.actions.cast import make_channel
from tests.browser.conftest import NARROW, WIDE
from tests.browser.screenshots import take_screenshots
from tests.console.people import add_consent, add_contact, add_identity
from tests.console.tracking import add_event, make_source

pytestmark = pytest.mark.browser

LOOKS = [(WIDE, "light", "en"), (NARROW, "light", "en"), (NARROW, "dark", "ar")]
SERIES = """name: Cart series
entry: {event: Product Added, where: {property: price, over: %s}}
exceptions: [{event: Order Completed}]
steps:
  - {id: pause, kind: wait, for: 1 h}
  - id: remind
    kind: message
    channels: [whatsapp, sms]
    text: "{{ contact.name }}, {{ event.product }} is still in your cart."
  - {id: night, kind: wait, for: 12 h}
  - id: code
    kind: message
    channels: [sms]
    text: >-
      {{ contact.name }}, CART10 makes everything that you left in your cart cheaper until Sunday, in the shop and in
      the app.
"""
CONTROL = "guards: {bounces: 5%, after: 5}\ncanary: {share: 40%, for: 1 d}\nbudget: {day: 0.3}\n"
NAMES = ("Beatriz", "Tomás", "Jurema", "منى", "佳怡", "Davi", "Aoife", "Yara", "Nuno", "Ileana", "Rodrigo", "Helena")


@pytest.fixture
def journey(cast):
    """A live series whose draft asks for less, and two weeks of carts; of four customers three agreed to offers."""
    from django.db import connection, transaction

    from tertulia.actions.journeys import create_journey, publish, save_draft

    now = datetime.now(UTC)
    make_channel(cast.workspace, "twilio", name="SMS Verbena")
    whatsapp = make_channel(cast.workspace, "whatsapp", name="WhatsApp Verbena")
    source = make_source(cast.workspace)
    with transaction.atomic():
        conn = connection.cursor().connection
        for serial, name in enumerate(NAMES, 1):
            phone = f"+55119855501{serial:02d}"
            contact = add_contact(conn, cast.workspace.pk, serial, name, "", phone, "BR", 2)
            add_identity(conn, cast.workspace.pk, contact, "user_id", f"c-{contact >> 8}", 0, scope="")
            if serial % 4 == 1:
                open_until = {"channel_id": whatsapp.pk, "scope": "P1", "window_until": now + timedelta(days=1)}
                add_identity(conn, cast.workspace.pk, contact, "whatsapp", f"5511{serial}", **open_until)
            for channel in ("sms", "whatsapp") if serial % 4 else ():
                add_consent(conn, cast.workspace.pk, contact, "*", channel, "marketing", "granted", "customer_list")
            for n in range(serial % 5 + 1):
                told = {"price": 40 * (n + 1) + serial, "product": "Chapada coffee"}
                at = now - timedelta(days=1 + n * 1.3 + serial / 3, minutes=serial)
                add_event(conn, source, contact, "Product Added", at, properties=told)
        made = create_journey(cast.workspace, cast.alice, now, SERIES % 100, name="Cart series")
        publish(made, cast.alice, now, version=1)
        save_draft(made, cast.alice, now, SERIES % 50, version=1)
        create_journey(cast.workspace, cast.alice, now, SERIES % 80 + CONTROL, name="Second thoughts")
    return made


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_it_fits_and_complains_of_nothing(visit, overflow, journey, size, theme, language):
    """Before and after a period is chosen."""
    for part in ("", "?days=30&beside=second-thoughts", "?on=synthetic&days=7"):
        page = visit(f"/journeys/{journey.pk}/what-if/{part}", size=size, theme=theme, language=language)
        assert overflow(page) == [], part
        page.close()


def test_a_period_is_played(visit, journey):
    """From the tab to figures against what is live, bars, and a message as it would read."""
    page = visit(f"/journeys/{journey.pk}/")
    page.get_by_role("link", name="What if").click()
    page.get_by_role("link", name="Play the last 7 days").click()
    expect(page.locator(".what-if-sentence")).to_contain_text("would have begun")
    expect(page.locator(".tile-stat").first).to_contain_text("Live:")
    expect(page.locator(".what-if-bars rect").first).to_be_visible()
    expect(page.locator(".what-if-samples .bubble").first).to_contain_text("is still in your cart.")
    page.get_by_text("Table").click()
    expect(page.locator(".what-if-table table")).to_be_visible()
    page.get_by_label("Time").select_option("30")
    page.get_by_label("Compare with").select_option(label="Second thoughts")
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".tile-stat").first).to_contain_text("Second thoughts:")
    expect(page.get_by_role("heading", name="Steps: Second thoughts")).to_be_visible()


def test_synthetic_customers_by_changed_rates(visit, journey):
    """They are marked as such, and do more often what is said of them."""
    page = visit(f"/journeys/{journey.pk}/what-if/")
    page.get_by_role("link", name="Synthetic customers").click()
    expect(page.locator(".what-if-sentence .badge")).to_have_text("Synthetic")
    page.locator("summary", has_text="Rates").click()
    page.get_by_label("Product Added").fill("0")
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".what-if-sentence")).to_contain_text("0 runs would have begun")


@pytest.mark.pictures
def test_pictures(visit, journey):
    """Pictures are taken; people look at them."""
    for part in ("?days=30&beside=second-thoughts", "?on=synthetic&days=7"):
        for picture in take_screenshots(visit, f"/journeys/{journey.pk}/what-if/{part}"):
            assert picture.stat().st_size > 5_000, picture
