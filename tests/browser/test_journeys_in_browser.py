"""The pages of journeys in a real browser: they fit, complain of nothing, and one is drawn by hand and published."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from tests.actions.cast import make_channel
from tests.browser.conftest import NARROW, WIDE
from tests.browser.screenshots import take_screenshots

pytestmark = pytest.mark.browser

LOOKS = [(WIDE, "light", "en"), (NARROW, "light", "en"), (NARROW, "dark", "ar")]
SERIES = """name: Cart series
entry:
  event: Product Added
  where: {property: price, over: 100}
  key: cart_id
reentry: {after: 7 d}
exceptions:
  - event: Order Completed
    same: cart_id
steps:
  - id: pause
    kind: wait
    for: 1 h
  - id: remind
    kind: message
    name: Left something?
    channels: [whatsapp, sms]
    text: "{{ contact.name }}, {{ event.product }} is still in your cart."
  - id: later
    kind: wait
    calendar_days: 1
    at: 10:30
  - id: language
    kind: branch
    branches:
      - name: Portuguese
        when: {field: language, is: pt}
        steps:
          - id: code-pt
            kind: message
            channels: [sms]
            text: Com CART10 fica 10 % mais barato.
      - when: {attribute: tier, in: [gold, silver]}
        steps: []
    else:
      - id: answer
        kind: wait_for
        event: Cart Viewed
        at_most: 2 d
        missed:
          - id: code
            kind: message
            channels: [sms]
            text: CART10 takes 10 % off.
          - id: stop
            kind: exit
            reason: never came back
  - id: mark
    kind: update
    set: {cart_series: done}
"""


@pytest.fixture
def journey(cast):
    """A series that is live, with a draft that has a mistake, and people in it."""
    from django.db import transaction

    from tertulia.actions.journeys import create_journey, publish, save_draft

    now = datetime.now(UTC)
    make_channel(cast.workspace, "twilio", name="SMS Verbena")
    make_channel(cast.workspace, "whatsapp", name="WhatsApp Verbena")
    made = create_journey(cast.workspace, cast.alice, now, SERIES, name="Cart series")
    with transaction.atomic():
        publish(made, cast.alice, now, version=1)
        save_draft(made, cast.alice, now, SERIES.replace("for: 1 h", "for: soon"), version=1)
    return made


def list_paths(journey) -> list[str]:
    """Every address of these pages, and what may be chosen in the graph."""
    own = f"/journeys/{journey.pk}/"
    parts = ("", "?at=entry", "?at=journey", "?at=steps.0", "?at=steps.1", "?at=steps.3", "text/", "review/", "people/")
    return ["/journeys/", "/journeys/new/", *(own + part for part in parts)]


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_journeys_fit_and_complain_of_nothing(visit, overflow, journey, size, theme, language):
    """At 1280 and 390 px, in both directions."""
    for path in list_paths(journey):
        page = visit(path, size=size, theme=theme, language=language)
        assert overflow(page) == [], path
        page.close()


def test_a_journey_is_drawn_by_hand(visit, cast):
    """Name and event, a wait and a message on their edges, a condition, the review, and it is live."""
    make_channel(cast.workspace, "twilio", name="SMS Verbena")
    page = visit("/journeys/")
    page.get_by_role("link", name="New journey").click()
    page.get_by_label("Name").fill("Cart reminder")
    page.get_by_label("Starts when a customer does this").fill("Product Added")
    page.get_by_role("button", name="Draw the journey").click()
    page.get_by_label("Insert a step here").click()
    page.get_by_role("button", name="Wait", exact=True).click()
    page.get_by_label("For", exact=True).fill("30 min")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".node-slim .node-sub")).to_have_text("30 min")
    page.get_by_label("Insert a step here").last.click()
    page.locator(".insert[open]").get_by_role("button", name="Message").click()
    page.get_by_label("Text", exact=True).fill("Hello {{ contact.name }}, {{ event.product }} waits.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("treeitem").first.click()
    page.get_by_label("Which").fill("price")
    page.get_by_label("Comparison").select_option("over")
    page.get_by_label("Value").fill("100")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("treeitem").first).to_contain_text("price is over 100")
    page.get_by_role("link", name="Review and publish").click()
    page.get_by_role("button", name="Publish, and let people enter").click(timeout=3000)
    page.get_by_text("1 is live").wait_for()


@pytest.mark.pictures
def test_journey_pictures(visit, journey):
    """Pictures are taken; people look at them."""
    for path in list_paths(journey):
        for picture in take_screenshots(visit, path):
            assert picture.stat().st_size > 5_000, picture
