"""Previews, scanners and people (M9)."""

import pytest

from tertulia.core.clicks import ClickClass, classify_click
from tertulia.core.crawlers import PREVIEWS, SCANNERS

PHONES = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; SM-A546B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile "
    "Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13; wv) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36 [FBAN/FB4A;FBAV/400.0]",
    "Mozilla/5.0 (Linux; Android 12; wv) AppleWebKit/537.36 Chrome/116 Mobile MicroMessenger/8.0.42 NetType/WIFI",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Safari Line/14.9.0",
    "Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 Chrome/119.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
)


@pytest.mark.parametrize("agent", PHONES)
def test_M9_people_are_people(agent: str) -> None:
    """Phones, browsers inside apps, a phone whose model is called CUBOT."""
    assert classify_click("GET", agent, 30.0) is ClickClass.HUMAN
    assert classify_click("GET", agent, None, page=True, beacon=True) is ClickClass.HUMAN


@pytest.mark.parametrize(
    "agent",
    [
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "WhatsApp/2.24.6.77 A",
        "TelegramBot (like TwitterBot)",
        "Mozilla/5.0 (Macintosh) AppleWebKit/601.2.4 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    ],
)
def test_M9_previews_are_not_clicks(agent: str) -> None:
    """Whenever and however they come, a beacon included."""
    assert classify_click("GET", agent, 600.0) is ClickClass.PREVIEW
    assert classify_click("GET", agent, 600.0, page=True, beacon=True) is ClickClass.PREVIEW


@pytest.mark.parametrize(
    "agent", ["", "curl/8.5.0", "python-requests/2.32", "Mozilla/5.0 (compatible; Googlebot/2.1)", "Barracuda Sentinel"]
)
def test_M9_scanners_are_not_clicks(agent: str) -> None:
    """Programs and those that hide what they are."""
    assert classify_click("GET", agent, 600.0) is ClickClass.SCANNER


def test_M9_head_speed_and_prefetch() -> None:
    """HEAD, an opening within two seconds of the sending, a prefetch; a page that a browser shows is no scanner's."""
    agent = PHONES[0]
    assert classify_click("HEAD", agent, 600.0) is ClickClass.SCANNER
    assert classify_click("GET", agent, 0.4) is ClickClass.SCANNER
    assert classify_click("GET", agent, 0.4, page=True, beacon=True) is ClickClass.HUMAN
    assert classify_click("GET", agent, 600.0, purpose="prefetch;prerender") is ClickClass.PREVIEW


def test_M9_a_page_is_a_click_once_a_browser_shows_it() -> None:
    """Until its beacon comes the opening is counted apart; what is known for a program stays one."""
    agent = PHONES[0]
    assert classify_click("GET", agent, 600.0, page=True) is ClickClass.NO_BEACON
    assert classify_click("GET", agent, 0.4, page=True) is ClickClass.SCANNER
    assert classify_click("GET", "curl/8.5.0", 600.0, page=True, beacon=True) is ClickClass.SCANNER


def test_M9_an_ended_link_is_no_click() -> None:
    """Whoever opens it, and however soon; programs stay programs."""
    assert classify_click("GET", PHONES[0], 600.0, ended=True) is ClickClass.ENDED
    assert classify_click("GET", PHONES[0], 0.4, ended=True) is ClickClass.ENDED
    assert classify_click("GET", "WhatsApp/2.24.6.77 A", 600.0, ended=True) is ClickClass.PREVIEW


def test_M9_the_list_is_in_lower_case() -> None:
    """It is compared so."""
    assert all(name == name.lower() and len(name) >= 4 for name in (*PREVIEWS, *SCANNERS))
