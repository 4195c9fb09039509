"""The pages of matches in a real browser: they fit, they complain of nothing, and a draft works by hand."""

import pytest
from tests.actions.cast import add_contact
from tests.browser.conftest import NARROW, WIDE
from tests.browser.screenshots import take_screenshots
from tests.console.crowd import make_channels, make_crowd

pytestmark = pytest.mark.browser

LOOKS = [(WIDE, "light", "en"), (NARROW, "light", "en"), (NARROW, "dark", "ar")]
TABS = ("", "people/", "not-matched/", "forwards/", "message/", "log/", "?funnel_view=table&time_view=table")


@pytest.fixture
def channels(cast):
    """An SMS channel and two apps."""
    return make_channels(cast.workspace)


@pytest.fixture
def crowd(cast, channels, conn):
    """A live match with 500 contacts at every step, and a draft."""
    from tertulia.data.models import Match, MatchChannel

    made = make_crowd(conn, cast.workspace, channels, times=20)
    conn.commit()
    draft = Match.objects.create(
        workspace=cast.workspace, name="Spring", sms_channel=channels["sms"], audience={"all": True},
        text="Hello{% if contact.name %} {{ contact.name }}{% endif %},\nwrite to us in your app:\n{{ link }}",
    )  # fmt: skip
    for order, kind in enumerate(("telegram", "whatsapp")):
        MatchChannel.objects.create(match=draft, channel=channels[kind], order=order)
    return made, draft


def list_paths(crowd) -> list[str]:
    """Every address of these pages."""
    made, draft = crowd
    own = [f"/matches/{made.match.pk}/{tab}" for tab in TABS]
    return ["/matches/", "/matches/new/", f"/matches/{draft.pk}/edit/", f"/matches/{draft.pk}/edit/?launch=1", *own]


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_matches_fit_and_complain_of_nothing(visit, overflow, crowd, size, theme, language):
    """At 1280 and 390 px, in both directions."""
    for path in list_paths(crowd):
        page = visit(path, size=size, theme=theme, language=language)
        assert overflow(page) == [], path
        page.close()


def test_a_match_is_written_and_launched_by_hand(visit, cast, channels, conn):
    """The panel follows what is typed; apps move by their buttons; the dialog states the count; Launch launches."""
    from tertulia.data.models import Match

    for serial in (1, 2, 3):
        add_contact(conn, cast.workspace, serial, name=f"Ana{serial}")
    conn.commit()
    page = visit("/matches/new/")
    page.get_by_label("Everyone").check()
    page.locator("#panel").get_by_text("3 people get the SMS.").wait_for()
    text = page.get_by_label("Text of the SMS", exact=True)
    text.fill("Hi {{ contact.surname")
    page.locator("#parts").get_by_text("Line 1, column").wait_for()
    assert page.locator("#launch-button").is_disabled()
    text.fill("Hi ")
    page.get_by_text("Insert", exact=True).click()
    page.get_by_role("button", name="link", exact=True).click()
    assert text.input_value() == "Hi {{ link }}"
    page.locator("#panel .say", has_text="Hi http://127.0.0.1:8080/l/").wait_for()
    first = page.locator(".app-order li").first.get_attribute("data-id")
    page.get_by_role("button", name="down").first.click()
    assert page.locator(".app-order li").last.get_attribute("data-id") == first
    page.locator("#launch-button:not([disabled])").click()
    dialog = page.locator("#launch:modal")
    dialog.wait_for()
    assert "Launch to 3 people now?" in dialog.text_content()
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    page.locator("#launch-button:not([disabled])").click()
    dialog.get_by_role("button", name="Launch to 3").click()
    page.get_by_text("launched").wait_for()
    assert Match.objects.get().state == "launching"


def test_results_are_fetched_again_when_they_change(visit, crowd, conn):
    """What the stream or the poll announces replaces the figures in place; nothing else moves."""
    made, _draft = crowd
    page = visit(f"/matches/{made.match.pk}/")
    before = page.locator(".tile-stat .figure").first.text_content().strip()
    contact_id = made.contacts[-1]
    conn.execute("delete from match_contact where match_id = %s and contact_id = %s", [made.match.pk, contact_id])
    conn.commit()
    page.evaluate("window.htmx.trigger(document.getElementById('results'), 'live')")
    page.wait_for_function(
        "before => document.querySelector('.tile-stat .figure').textContent.trim() !== before", arg=before
    )


@pytest.mark.pictures
def test_match_pictures(visit, crowd):
    """Pictures are taken; people look at them."""
    names = (
        "list",
        "new",
        "draft",
        "launch",
        "results",
        "people",
        "not-matched",
        "forwards",
        "message",
        "log",
        "table",
    )
    for name, path in zip(names, list_paths(crowd), strict=True):
        for picture in take_screenshots(visit, path, f"matches-{name}"):
            assert picture.stat().st_size > 5_000, picture


def test_M6_the_neutral_field_comes_with_the_first_sensitive_attribute(visit, cast, overflow, channels, conn):
    """It is not there for an ordinary text; typed, the attribute brings it, and what is typed in it is counted and
    stays through the panel's next turn."""
    cast.workspace.sensitive_attributes = ["plan"]
    cast.workspace.save()
    add_contact(conn, cast.workspace, 1, name="Ana", attributes='{"plan": "gold"}')
    conn.commit()
    page = visit("/matches/new/")
    page.get_by_label("Everyone").check()
    neutral = page.get_by_role("textbox", name="Neutral text of the SMS")
    assert not neutral.is_visible()
    page.get_by_role("textbox", name="Text of the SMS", exact=True).fill("Your plan is {{ contact.plan }}: {{ link }}")
    neutral.wait_for(state="visible")
    page.get_by_text("Write a neutral text for them.").first.wait_for()
    neutral.fill("News for you: {{ link }}")
    page.locator("#neutral-parts .figure", has_text="1 part").wait_for()
    page.locator("#panel").get_by_text("the neutral text goes").wait_for()
    assert neutral.input_value() == "News for you: {{ link }}"
    assert overflow(page) == []
