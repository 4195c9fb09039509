"""The tab Results in a real browser: intervals are drawn, and everything fits at both widths and in both directions."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import NARROW, WIDE
from tests.browser.screenshots import take_screenshots
from tests.console.experiments import add_people, tally_goals

pytestmark = pytest.mark.browser

LOOKS = [(WIDE, "light", "en"), (NARROW, "dark", "ar")]
OFFER = """name: Cart series
entry: {event: Product Added}
hold_out: 20%
goal: {event: Order Completed, within: 3 d}
steps:
  - id: words
    kind: split
    name: First line
    ways: [{name: a reminder, steps: []}, {name: a code in the first line, steps: []}, {name: no picture, steps: []}]
  - id: late
    kind: split
    ways: [{name: short, steps: []}, {name: long, steps: []}]
  - {id: pause, kind: wait, for: 2 h}
"""


@pytest.fixture
def journey(cast):
    """One experiment is decided, one is not, and one has hardly begun; the workspace has a hold-out too."""
    from django.db import connection, transaction

    from tertulia.actions.journeys import create_journey, publish

    now = datetime.now(UTC)
    with transaction.atomic():
        made = create_journey(cast.workspace, cast.alice, now, OFFER, name="Cart series")
        publish(made, cast.alice, now, version=1)
        conn, place = connection.cursor().connection, (cast.workspace.pk, made.pk)
        told = {
            str(made.pk): {"held_out": (1_204, 96), "treated": (4_821, 622)},
            f"{made.pk}/words": {
                "a reminder": (4_121, 453),
                "a code in the first line": (4_118, 610),
                "no picture": (4_096, 466),
            },
            f"{made.pk}/late": {"short": (120, 11), "long": (130, 12)},
            "hold_out": {"held_out": (312, 20), "treated": (6_100, 500)},
        }
        for experiment, counts in told.items():
            add_people(conn, place[0], experiment, place[1], counts, now - timedelta(days=40))
        tally_goals(connection.cursor(), *place, {"": 718, "cart-reminder": 402, "last-call": 233})
    return made


def test_results_are_read_and_fit(visit, overflow, journey):
    """A sentence first, then pictures, then their table; another time to convert."""
    for size, theme, language in LOOKS:
        for path in (f"/journeys/{journey.pk}/results/", "/settings/hold-out/"):
            page = visit(path, size=size, theme=theme, language=language)
            assert overflow(page) == [], path
            page.close()
    page = visit(f"/journeys/{journey.pk}/")
    page.get_by_role("link", name="Results").click()
    expect(page.locator(".experiment")).to_have_count(3)
    first = page.locator(".experiment").first
    expect(first.locator(".badge")).to_have_text("The messages work")
    expect(first.locator(".experiment-sentence")).to_contain_text("points more reach the goal than without them.")
    expect(first.locator(".interval-ok .interval-dot")).to_have_count(1)
    first.get_by_text("Table").click()
    expect(first.locator("table")).to_contain_text("4,821")
    expect(page.locator(".experiment").nth(2).locator(".badge")).to_have_text("Too early")
    expect(page.get_by_role("region", name="Which message they came after")).to_contain_text("before any message")
    page.get_by_role("link", name="7 days").click()
    expect(page.locator(".segmented [aria-current]")).to_have_text("7 days")


@pytest.mark.pictures
def test_pictures(visit, journey):
    """Pictures are taken; people look at them."""
    for path in (f"/journeys/{journey.pk}/results/", "/settings/hold-out/"):
        for picture in take_screenshots(visit, path):
            assert picture.stat().st_size > 5_000, picture
