"""The pages of broadcasts in a real browser: they fit, they complain of nothing, and a newsletter with a picture is
made and launched from an empty page within three minutes."""

import time
from datetime import UTC, datetime

import pytest
from tests.actions.cast import make_channel
from tests.browser.conftest import NARROW, WIDE
from tests.browser.screenshots import take_screenshots
from tests.console.crowd import make_channels
from tests.console.people import add_people

pytestmark = pytest.mark.browser

LOOKS = [(WIDE, "light", "en"), (NARROW, "light", "en"), (NARROW, "dark", "ar")]
TEXT = """name: Spring letter
kind: broadcast
entry: {kind: audience, channel: sms, at_launch: true}
steps:
  - {id: hat, kind: message, channels: [whatsapp, sms], picture: "https://cdn.example.com/spring/hat.jpg",
     text: "Olá {{ contact.name }}, chegou a primavera."}
  - {id: ask, kind: message, channels: [whatsapp, sms], text: "Guardamos um para si?",
     buttons: ["Sim, por favor", "Não"]}
"""


@pytest.fixture
def broadcasts(cast, conn):
    """Channels, customers, a draft, and one that was launched."""
    from django.db import transaction

    from tertulia.actions.journeys import create_journey, publish

    make_channels(cast.workspace)
    make_channel(cast.workspace, "smtp", name="Letters")
    add_people(conn, cast.workspace.pk)
    conn.commit()
    now = datetime.now(UTC)
    draft = create_journey(cast.workspace, cast.alice, now, TEXT, name="Spring letter")
    launched = create_journey(cast.workspace, cast.alice, now, TEXT, name="Spring letter, again")
    with transaction.atomic():
        publish(launched, cast.alice, now, version=1)
    return draft, launched


def list_paths(broadcasts) -> list[str]:
    """Every address of these pages."""
    draft, launched = (f"/broadcasts/{one.pk}/" for one in broadcasts)
    tried = f"{draft}what-if/?on=synthetic&days=7"
    return ["/broadcasts/", "/broadcasts/new/", draft, f"{draft}?launch=1", tried, launched, f"{launched}people/"]


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_broadcasts_fit_and_complain_of_nothing(visit, overflow, broadcasts, size, theme, language):
    """At 1280 and 390 px, in both directions."""
    for path in list_paths(broadcasts):
        page = visit(path, size=size, theme=theme, language=language)
        assert overflow(page) == [], path
        page.close()


def test_a_newsletter_with_a_picture_is_launched_within_three_minutes(visit, cast, conn, capsys):
    """From an empty page: audience, subject, text, picture, launch, and the button that repeats the count. A hand is
    slower than this one: each act is given eight seconds."""
    from tertulia.data.models import Journey

    make_channel(cast.workspace, "smtp", name="Letters")
    make_channels(cast.workspace)
    add_people(conn, cast.workspace.pk)
    conn.commit()
    page, began = visit("/broadcasts/"), time.monotonic()
    acts = [
        lambda: page.get_by_role("link", name="New broadcast").click(),
        lambda: page.get_by_label("Audience").select_option("reach:sms"),
        lambda: page.get_by_label("Else by").first.select_option("sms"),
        lambda: page.get_by_label("Subject", exact=True).fill("Spring is here"),
        lambda: page.get_by_label("Text of box 1").fill("Olá {{ contact.name }}, chegou a primavera."),
        lambda: page.get_by_label("Picture").fill("https://cdn.example.com/spring/hat.jpg"),
        lambda: page.get_by_role("button", name="Launch to 14 people").click(),
        lambda: page.get_by_role("button", name="Launch to 14", exact=True).click(),
    ]
    for act in acts:
        act()
    page.get_by_text("launched", exact=False).first.wait_for()
    machine_s = time.monotonic() - began
    with capsys.disabled():
        print(f"\na newsletter with a picture: {len(acts)} acts, {machine_s:.1f} s by machine")
    made = Journey.objects.get()
    assert (made.kind, made.state) == ("broadcast", "live")
    assert "hat.jpg" in made.document
    assert machine_s + 8 * len(acts) < 180
    page.get_by_role("button", name="Take back").click()
    page.get_by_text("It is a draft again.").wait_for()
    made.refresh_from_db()
    assert made.state == "draft"


@pytest.mark.pictures
def test_broadcast_pictures(visit, broadcasts):
    """Pictures are taken; people look at them."""
    names = ("list", "new", "draft", "launch", "what-if", "results", "people")
    for name, path in zip(names, list_paths(broadcasts), strict=True):
        for picture in take_screenshots(visit, path, f"broadcasts-{name}"):
            assert picture.stat().st_size > 5_000, picture
