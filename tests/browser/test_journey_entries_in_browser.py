"""More ways into a journey in a real browser: they are chosen by hand, and the pages fit and complain of nothing."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from tests.actions.cast import make_channel
from tests.browser.screenshots import take_screenshots
from tests.browser.test_journeys_in_browser import LOOKS

pytestmark = pytest.mark.browser

CLUB = """name: Club
entry:
  kind: message
  keyword: [Join, Quero entrar, انضم]
  first: true
  channel: WhatsApp Verbena
entries: {per_day: 200, total: 5000}
goal: {event: Order Completed, within: 3 d, from: send}
exit_when: {attribute: plan, is: gold}
steps:
  - id: next
    kind: start
    journey: after
    properties: {club: Verbena}
"""
AFTER = """name: After
entry: {kind: outcome, outcome: ignored, for: 2 d, journey: club, step: next}
steps:
  - {id: pause, kind: wait, for: 1 h}
"""


@pytest.fixture
def journeys(cast):
    """One by a message and one by what became of one; the first is live."""
    from django.db import transaction

    from tertulia.actions.journeys import create_journey, publish

    now = datetime.now(UTC)
    make_channel(cast.workspace, "twilio", name="SMS Verbena")
    make_channel(cast.workspace, "whatsapp", name="WhatsApp Verbena")
    texts = {"club": CLUB, "after": AFTER}
    made = [create_journey(cast.workspace, cast.alice, now, text, name=key, key=key) for key, text in texts.items()]
    with transaction.atomic():
        publish(made[0], cast.alice, now, version=1)
    return made


def list_paths(journeys) -> list[str]:
    """What may be chosen in the graphs, and the reviews."""
    parts = ("?at=entry", "?at=journey", "?at=steps.0", "review/")
    return [f"/journeys/{journey.pk}/{part}" for journey in journeys for part in parts]


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_the_ways_into_a_journey_fit_and_complain_of_nothing(visit, overflow, journeys, size, theme, language):
    """At 1280 and 390 px, in both directions."""
    for path in list_paths(journeys):
        page = visit(path, size=size, theme=theme, language=language)
        assert overflow(page) == [], path
        page.close()


def test_a_keyword_is_chosen_by_hand(visit, cast):
    """From an event to a message, with words and a channel, and a step that starts another journey."""
    from tertulia.actions.journeys import create_journey

    make_channel(cast.workspace, "twilio", name="SMS Verbena")
    now = datetime.now(UTC)
    create_journey(cast.workspace, cast.alice, now, AFTER, name="After", key="after")
    made = create_journey(
        cast.workspace, cast.alice, now, "name: Club\nentry: {event: Joined}\nsteps: []\n", name="Club"
    )
    page = visit(f"/journeys/{made.pk}/?at=entry")
    page.get_by_label("What starts it").select_option("message")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("The message is").fill("Join\nQuero entrar")
    page.get_by_label("On", exact=True).select_option("SMS Verbena")
    page.get_by_role("button", name="Save", exact=True).click()
    node = page.get_by_role("treeitem").first
    expect(node).to_contain_text("“Join”, “Quero entrar” · on SMS Verbena")
    page.get_by_label("Insert a step here").click()
    page.get_by_role("button", name="Start a journey").click()
    expect(page.get_by_label("Journey", exact=True)).to_have_value("after")
    page.get_by_role("link", name="Review and publish").click()
    page.get_by_role("button", name="Publish, and let people enter").wait_for()


def test_a_time_for_an_audience_is_chosen_by_hand(visit, cast):
    """Once, on a date, by each customer's own clock."""
    from tertulia.actions.journeys import create_journey

    now = datetime.now(UTC)
    text = "name: Letter\nentry: {event: Joined}\nsteps: [{id: end, kind: exit}]\n"
    made = create_journey(cast.workspace, cast.alice, now, text, name="Letter")
    page = visit(f"/journeys/{made.pk}/?at=entry")
    page.get_by_label("What starts it").select_option("audience")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("Once, on").fill("2027-01-31")
    page.get_by_label("At", exact=True).fill("09:00")
    page.get_by_label("By whose clock").select_option("customer")
    page.get_by_role("button", name="Save", exact=True).click()
    node = page.get_by_role("treeitem").first
    expect(node).to_contain_text("all contacts · 2027-01-31 · at 09:00 · by the customer's clock")
    page.get_by_role("link", name="Review and publish").click()
    page.get_by_role("button", name="Publish, and let people enter").wait_for()
    assert visit.complaints == []


@pytest.mark.pictures
def test_entry_pictures(visit, journeys):
    """Pictures are taken; people look at them."""
    for path in list_paths(journeys):
        for picture in take_screenshots(visit, path):
            assert picture.stat().st_size > 5_000, picture
