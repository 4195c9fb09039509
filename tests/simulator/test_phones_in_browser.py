"""The virtual phones page in Chromium: a person taps, edits, sends, forwards; replies appear by themselves."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests import chromium as debian
from tests.simulator.stage import CODE, Stage, open_stage, play

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(debian.PROGRAM is None, reason=debian.MISSING),
]
BEATRIZ, JUREMA = "+5511985550142", "+5511985550199"
THREE = "p1.twilio-1,p1.whatsapp-1,p2.telegram-1"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("simulator")) as found:
        yield found


@pytest.fixture
def page(stage: Stage, chromium: Any) -> Iterator[Any]:
    """A page of a played world; an error in its scripts fails the test."""
    stage.sim("reset")
    play(stage)
    context = chromium.new_context(viewport={"width": 1280, "height": 820})
    found = context.new_page()
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    found.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield found
    context.close()
    assert errors == []


def test_a_link_opens_the_chosen_app_on_a_ready_message(stage: Stage, page: Any) -> None:
    """Tap in the SMS, choose Telegram on the page's apps, edit nothing, send: the wire log shows the update."""
    page.goto(f"{stage.url}/phones?show=p1.twilio-1")
    page.click(".say button.link")
    page.wait_for_selector(".sheet")
    page.click(".sheet button.ch-telegram")
    box = page.locator("#seat-p1\\.telegram-1 textarea")
    playwright.expect(box).to_have_value(f"/start {CODE}")
    page.click("#seat-p1\\.telegram-1 .send")
    playwright.expect(page.locator("#seat-p1\\.telegram-1 .say.mine")).to_contain_text(f"/start {CODE}")
    playwright.expect(page.locator("#wire")).to_contain_text("/hooks/telegram-1")
    rows = stage.http.get(f"{stage.url}/sim/record?table=inbound&channel=telegram-1&person=p1").json()["rows"]
    assert rows[-1]["text"] == f"/start {CODE}"


def test_a_half_written_text_survives_what_arrives_meanwhile(stage: Stage, page: Any) -> None:
    """A reply appears by itself; the text, its cursor and the focus stay where they were; Enter sends it."""
    page.goto(f"{stage.url}/phones?show={THREE}")
    box = page.locator("#seat-p1\\.whatsapp-1 textarea")
    box.fill("Posso trocar")
    stage.send_whatsapp("5511985550142", "Uma resposta nova")
    playwright.expect(page.locator("#seat-p1\\.whatsapp-1")).to_contain_text("Uma resposta nova")
    playwright.expect(page.locator("#seat-p1\\.whatsapp-1 textarea")).to_have_value("Posso trocar")
    page.keyboard.type(" pelo moído?")
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#seat-p1\\.whatsapp-1 .say.mine").last).to_contain_text("Posso trocar pelo moído?")


def test_forwarding_puts_the_link_on_another_phone(stage: Stage, page: Any) -> None:
    """The other phone opens beside it and can tap the link."""
    page.goto(f"{stage.url}/phones?show=p1.twilio-1")
    page.click("summary:has-text('Forward')")
    page.select_option("select[name=to]", "p3")
    page.click("button:has-text('Forward the link')")
    seat = page.locator("#seat-p3\\.")
    playwright.expect(seat.locator("button.link")).to_be_visible()
    seat.locator("button.link").click()
    playwright.expect(seat.locator(".caption")).to_contain_text("got Beatriz Almeida's link")
    playwright.expect(seat.locator(".sheet button.mark").first).to_be_visible()


def test_hostile_text_is_only_text(stage: Stage, page: Any) -> None:
    """Names, messages and searches cannot become markup or script."""
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    stage.sim("people", name=evil, phone="+5511900000666")
    stage.send_sms("+5511900000666", f'{evil} http://h/l/"><script>alert(3)</script>')
    stage.sim("settle", timeout_s=1)
    page.goto(f"{stage.url}/phones?q=5511900000666")
    page.click(".matches a")
    playwright.expect(page.locator(".seat").first.locator(".say")).to_contain_text("<script>alert(2)</script>")
    assert page.locator("main img, main script").count() == 0


def wait_until_saved(page: Any) -> None:
    """Until the page has sent what was set; `wait_for_function` is not for pages with a content policy."""
    for _ in range(250):
        if page.evaluate("unsaved") == 0:
            return
        page.wait_for_timeout(20)
    raise AssertionError("what was set is not sent after 5 s")


def test_switches_and_sliders_change_how_the_providers_behave(stage: Stage, page: Any) -> None:
    """A control acts at once, by keyboard too, and says its value."""
    page.goto(f"{stage.url}/phones?show={THREE}")
    page.check("input[name=wrong_signatures]")
    page.focus("input[name=duplicate_pct]")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    playwright.expect(page.locator(".slider:has(input[name=duplicate_pct]) output")).to_have_text("5 %")
    wait_until_saved(page)
    behaviours = stage.http.get(f"{stage.url}/sim/behaviours").json()
    assert (behaviours["wrong_signatures"], behaviours["duplicate_pct"]) == (True, 5)


def test_a_stale_page_never_takes_a_switch_back(stage: Stage, page: Any) -> None:
    """A page that was asked for before a switch was set, and arrives after it, is dropped."""
    page.goto(f"{stage.url}/phones?show={THREE}")
    for name in ("wrong_signatures", "link_previews", "answer_html"):
        page.evaluate("void refresh()")
        page.check(f"input[name={name}]")
    wait_until_saved(page)
    behaviours = stage.http.get(f"{stage.url}/sim/behaviours").json()
    assert [behaviours[name] for name in ("wrong_signatures", "link_previews", "answer_html")] == [True] * 3


def test_power_block_add_and_close(stage: Stage, page: Any) -> None:
    """The buttons under a phone, and a new phone from the head."""
    page.goto(f"{stage.url}/phones?show=p2.telegram-1")
    page.click("button[value=power]")
    playwright.expect(page.locator(".dark")).to_be_visible()
    page.click("button[value=power]")
    page.click("button[value=block]")
    playwright.expect(page.locator(".blocked")).to_be_visible()
    page.click("summary:has-text('Add phone')")
    page.fill("input[name=phone]", "+55 11 98888-7777")
    page.fill("input[name=name]", "Tomás")
    page.click(".add button")
    playwright.expect(page.locator(".seat").first).to_contain_text("Tomás")
    page.locator(".seat").first.locator("a.close").click()
    playwright.expect(page.locator("#phones")).not_to_contain_text("Tomás")


def test_the_page_works_without_a_script(stage: Stage, chromium: Any) -> None:
    """Every action is a plain form."""
    stage.sim("reset")
    play(stage)
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{stage.url}/phones?show=p1.whatsapp-1")
    page.fill("textarea", "Sem script")
    page.click(".send")
    playwright.expect(page.locator(".say.mine").last).to_contain_text("Sem script")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "query"), [(1280, ""), (900, ""), (390, ""), (1280, "&lang=ar"), (390, "&lang=ar")])
def test_nothing_overflows_and_everything_has_a_name(
    stage: Stage, chromium: Any, scheme: str, width: int, query: str
) -> None:
    """No sideways scroll in any width, theme or direction; each control has an accessible name."""
    stage.sim("reset")
    play(stage)
    context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{stage.url}/phones?show={THREE}{query}")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea")]
             .filter(e => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.[0]?.textContent.trim()))
             .map(e => e.outerHTML)"""
    )
    assert nameless == []
    assert page.evaluate("document.documentElement.dir") == ("rtl" if query else "ltr")
    context.close()


def test_the_keyboard_reaches_everything_with_a_visible_focus(stage: Stage, page: Any) -> None:
    """Tab walks to the composer and the controls; what has the focus shows it."""
    page.goto(f"{stage.url}/phones?show=p1.whatsapp-1")
    seen, unmarked = set(), []
    for _ in range(60):
        page.keyboard.press("Tab")
        name, ring, opacity, tag = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
                       return [e.name || e.className, s.outlineStyle, s.opacity, e.tagName]; }"""
        )
        seen.add(name)
        if ring == "none" and opacity != "0" and tag != "BODY":
            unmarked.append((tag, name))
    assert unmarked == []
    assert {"text", "tap_pct", "link_previews", "down", "do"} <= seen


def test_an_e_mail_is_read_and_unsubscribed_from(stage: Stage, page: Any) -> None:
    """Its subject and its HTML in a frame that runs nothing; the mail program's own button posts to the platform."""
    html = "<h1 style='color:#3a53c5'>Olá</h1>"
    stage.send_mail("5511985550142@phones.example", "Your cart waits", "Olá! https://shop.example/cart", html)
    page.goto(f"{stage.url}/phones?show=p1.smtp-1")
    letter = page.locator("#seat-p1\\.smtp-1 .letter")
    playwright.expect(letter.locator("h3")).to_have_text("Your cart waits")
    playwright.expect(page.frame_locator(".letter iframe").locator("h1")).to_have_text("Olá")
    shown = stage.http.get(stage.url + str(letter.locator("iframe").get_attribute("src")))
    assert shown.headers["content-security-policy"].startswith("sandbox; default-src 'none';")
    page.click(".letter summary")
    playwright.expect(letter.locator("details button.link")).to_have_text("https://shop.example/cart")
    box, frame = page.locator(".phone .screen").bounding_box(), page.locator(".letter iframe").bounding_box()
    assert frame["x"] + frame["width"] <= box["x"] + box["width"]
    page.click(".letter .choice")
    playwright.expect(letter.get_by_role("status")).to_have_text("Unsubscribed")
    rows = stage.http.get(f"{stage.url}/sim/record?table=taps&person=p1").json()["rows"]
    assert (rows[-1]["method"], rows[-1]["url"]) == ("POST", f"{stage.platform}/u/token")
