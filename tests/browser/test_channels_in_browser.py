"""The pages of channels in a real browser: they fit, they complain of nothing, and connecting works by hand."""

import pytest
from playwright.sync_api import expect
from tests.actions.cast import make_channel
from tests.browser.conftest import NARROW, WIDE
from tests.browser.screenshots import take_screenshots

pytestmark = pytest.mark.browser

LOOKS = [(WIDE, "light", "en"), (NARROW, "light", "en"), (NARROW, "dark", "ar")]


@pytest.fixture
def channels(cast):
    """One channel of each sort: live, paused, in fault, never tested."""
    from datetime import UTC, datetime, timedelta

    from tertulia.actions.channels import record_test
    from tertulia.channels.base import Check
    from tertulia.channels.checks import WAIT_FOR_CALL
    from tertulia.data.models import Channel

    now = datetime.now(UTC)
    sms = make_channel(cast.workspace, "twilio", name="SMS Verbena PT/BR", price_micros=52_000)
    whatsapp = make_channel(cast.workspace, "whatsapp", name="WhatsApp Verbena", greeting="Olá {{ contact.name }}!")
    telegram = make_channel(cast.workspace, "telegram", {"bot_username": "VerbenaBot"}, name="Telegram")
    make_channel(cast.workspace, "wechat", {"account_name": "我的小店"}, name="微信")
    found = [
        Check(True, "The access token works."),
        Check(False, "Meta calls another address: {url}. Press Set up.", {"url": "https://old.example/hooks/x"}),
        WAIT_FOR_CALL,
    ]
    record_test(whatsapp, found, now - timedelta(minutes=2))
    Channel.objects.filter(pk=sms.pk).update(last_call_at=now - timedelta(minutes=3))
    fault = "The bot token is not valid any more."
    Channel.objects.filter(pk=telegram.pk).update(state="fault", fault=fault)
    mail = make_channel(cast.workspace, "smtp", name="Newsletter")
    return {"sms": sms, "whatsapp": whatsapp, "telegram": telegram, "mail": mail}


def list_paths(channels) -> list[str]:
    """Every address of these pages."""
    own = [
        f"/channels/{channels[name].pk}/{tab}"
        for name in ("sms", "whatsapp", "mail")
        for tab in ("", "settings/", "log/")
    ]
    return [
        "/channels/",
        "/channels/new/",
        "/channels/new/whatsapp/",
        "/channels/new/http_sms/",
        "/channels/new/smtp/",
        *own,
    ]


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_channels_fit_and_complain_of_nothing(visit, overflow, channels, size, theme, language):
    """At 1280 and 390 px, in both directions."""
    for path in list_paths(channels):
        page = visit(path, size=size, theme=theme, language=language)
        assert overflow(page) == [], path
        page.close()


def test_a_bot_is_connected_by_hand(visit, cast):
    """Choose the kind, fill in the form, be told what is missing, mend it, land on the channel's page."""
    page = visit("/channels/")
    page.get_by_role("link", name="Connect a channel").click()
    page.get_by_role("link", name="Telegram").click()
    secret = page.get_by_label("Webhook secret").input_value()
    assert len(secret) == 32
    page.get_by_label("Bot username").fill("VerbenaBot")
    visit.expected.append("422")  # the refused form's own status
    page.get_by_role("button", name="Connect Telegram").click()
    page.get_by_text("Fill in “Bot token”.").wait_for()
    expect(page.get_by_label("Bot token")).to_be_focused()
    page.get_by_label("Bot token").fill("123:AAH")
    page.get_by_role("button", name="Connect Telegram").click()
    page.get_by_role("heading", name="Telegram").wait_for()
    page.get_by_text("Telegram connected").wait_for()
    assert page.get_by_label("Webhook address").input_value().startswith("http://127.0.0.1:8080/hooks/")


def test_the_greeting_is_previewed_as_it_is_typed(visit, channels):
    """The phone shows it a moment later; a mistake is said under it."""
    page = visit(f"/channels/{channels['whatsapp'].pk}/settings/")
    page.locator("#greeting .say", has_text="Olá Beatriz!").wait_for()
    greeting = page.locator("#id_greeting")
    greeting.fill("")
    greeting.press_sequentially("Bom dia, {{ contact.name }}")
    page.locator("#greeting .say", has_text="Bom dia, Beatriz").wait_for()
    greeting.press_sequentially(" {{ x")
    page.get_by_role("alert").filter(has_text="Line 1, column").wait_for()


def test_archiving_asks_first(visit, channels):
    """The dialog says what will be; Back changes nothing."""
    page = visit(f"/channels/{channels['whatsapp'].pk}/")
    page.get_by_label("More").click()
    page.get_by_role("button", name="Archive", exact=True).click()
    dialog = page.get_by_role("dialog")
    assert "connect it anew" in dialog.text_content()
    dialog.get_by_role("button", name="Back").click()
    assert not dialog.is_visible()


@pytest.mark.pictures
def test_channel_pictures(visit, channels):
    """Pictures are taken; people look at them."""
    for path in list_paths(channels):
        for picture in take_screenshots(visit, path):
            assert picture.stat().st_size > 5_000, picture
