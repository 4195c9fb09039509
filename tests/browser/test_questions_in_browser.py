"""Questions and hand-overs in a real browser: made by hand, and the pages fit and complain of nothing."""

from datetime import UTC, datetime

import psycopg
import pytest
from playwright.sync_api import expect
from psycopg.types.json import Jsonb
from tests.actions.cast import make_channel
from tests.browser.screenshots import take_screenshots
from tests.browser.test_journeys_in_browser import LOOKS
from tests.console.history import add_history
from tests.console.people import add_people

from tertulia.ids import shard_of_contact

pytestmark = pytest.mark.browser

RATING = """name: Rating
entry: {event: Order Delivered}
steps:
  - id: colour
    kind: ask
    channels: [SMS Verbena]
    text: "Which colour shall we send, {{ contact.name }}?"
    answer: choice
    choices: [{label: Blue, value: blue}, {label: Dark red}, {label: لون آخر}]
    save: favourite_colour
    at_most: 2 d
    retry: {text: "Please choose one of these.", times: 1}
    answered:
      - id: which
        kind: branch
        branches:
          - when: {answer: colour, is: blue}
            steps: [{id: blue, kind: message, channels: [SMS Verbena], text: "Blue it is."}]
    missed: [{id: any, kind: message, channels: [SMS Verbena], text: "We send any."}]
    not_understood: [{id: people, kind: hand_over, say: "One of us will write to you."}]
"""


HANDED_OVER = {
    "at": "2026-11-29T09:00:00+00:00",
    "reason": "word",
    "journey": "Rating",
    "step": "colour",
    "answers": {"stars": 4.5, "fine": True},
    "failed_question": "Which colour shall we send, Helena?",
}


@pytest.fixture
def journey(cast):
    from tertulia.actions.journeys import create_journey

    make_channel(cast.workspace, "twilio", name="SMS Verbena")
    return create_journey(cast.workspace, cast.alice, datetime.now(UTC), RATING, name="Rating", key="rating")


@pytest.fixture
def waiting(cast, database_url: str) -> int:
    """A contact whose conversation waits for a person."""
    with psycopg.connect(database_url) as conn:
        ids = add_people(conn, cast.workspace.pk)
        add_history(conn, cast.workspace.pk, ids)
        conn.execute(
            """insert into conversation (shard, id, workspace, contact_id, channel_id, state, opened_at, last_at,
                                         question, handed_at, hand_over)
               values (%s, gen_random_uuid(), %s, %s, 1, 'open', now(), now(), '{}', now(), %s)""",
            (shard_of_contact(ids[0]), cast.workspace.pk, ids[0], Jsonb(HANDED_OVER)),
        )
    return ids[0]


def list_paths(journey) -> list[str]:
    parts = ("?at=steps.0", "?at=steps.0.answered.0", "?at=steps.0.not_understood.0", "review/", "what-if/?days=7")
    return [f"/journeys/{journey.pk}/{part}" for part in parts]


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_the_pages_of_a_question_fit_and_complain_of_nothing(visit, overflow, journey, waiting, size, theme, language):
    """The panel, the graph, What if, the contact who waits, Home."""
    for path in (*list_paths(journey), f"/contacts/{waiting}/", "/"):
        page = visit(path, size=size, theme=theme, language=language)
        assert overflow(page) == [], path
        page.close()


def test_a_question_is_made_by_hand(visit, cast):
    """With choices, an attribute and a time; its three ways stand in the graph, and it can be published."""
    from tertulia.actions.journeys import create_journey

    make_channel(cast.workspace, "twilio", name="SMS Verbena")
    text = "name: Rating\nentry: {event: Delivered}\nsteps: []\n"
    made = create_journey(cast.workspace, cast.alice, datetime.now(UTC), text, name="Rating")
    page = visit(f"/journeys/{made.pk}/")
    page.get_by_label("Insert a step here").click()
    page.get_by_role("button", name="Ask", exact=False).first.click()
    page.get_by_label("The reply is").select_option("choice")
    page.get_by_label("First").select_option("SMS Verbena")
    page.get_by_label("Text", exact=True).fill("Which colour?")
    page.get_by_text("Add", exact=True).click()
    page.get_by_label("The customer sees").last.fill("Blue")
    page.get_by_label("Kept as").last.fill("b")
    page.get_by_label("Write it into").fill("colour")
    page.get_by_label("Wait at most").fill("2 h")
    page.get_by_role("button", name="Save", exact=True).click()
    node = page.get_by_role("treeitem").nth(1)
    expect(node).to_contain_text("Which colour?")
    for way in ("Answered", "No answer", "Not understood"):
        expect(page.get_by_text(way, exact=True).first).to_be_visible()
    page.get_by_role("link", name="Review and publish").click()
    page.get_by_role("button", name="Publish, and let people enter").wait_for()
    made.refresh_from_db()
    assert "choices:" in made.document
    assert "value: b" in made.document


def test_who_waits_for_a_person_stands_on_home_and_on_their_page(visit, waiting):
    """With what was asked and answered."""
    page = visit("/")
    page.get_by_role("listitem").filter(has_text="waits for a person").get_by_role("link").first.click()
    notice = page.get_by_label("Waits for a person")
    expect(notice).to_contain_text("The customer asked for one in “Rating”.")
    expect(notice).to_contain_text("Which colour shall we send, Helena?")
    expect(notice).to_contain_text("4.5")
    expect(notice.get_by_role("button", name="Answered")).to_be_visible()


@pytest.mark.pictures
def test_question_pictures(visit, journey, waiting):
    """Pictures are taken; people look at them."""
    for path in (*list_paths(journey), f"/contacts/{waiting}/", "/"):
        for picture in take_screenshots(visit, path):
            assert picture.stat().st_size > 5_000, picture
