"""Links over real HTTP: one hop into each app, what is a click, what is refused."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.edge.conftest import DESKTOP, PHONE, Shop

from tertulia.core.links import ALPHABET, parse, with_app

VALUES = {
    "whatsapp": {"phone": "+5511987654321", "app_secret": "whatsapp secret"},
    "messenger": {"page_id": "99", "page_name": "casaverde"},
    "telegram": {"bot_username": "CasaVerdeBot"},
    "line": {"basic_id": "@casaverde"},
    "viber": {"bot_uri": "casaverde", "sender_name": "Casa Verde"},
    "wechat": {"account_id": "gh_1", "account_name": "CasaVerde", "qr_content": "http://weixin.qq.com/r/abc"},
}


def connect(shop: Shop, kind: str, **more: str):
    return shop.connect(kind, **VALUES[kind], **more)


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        ("whatsapp", "https://wa.me/5511987654321?text="),
        ("messenger", "https://m.me/casaverde?ref="),
        ("telegram", "https://t.me/CasaVerdeBot?start="),
        ("line", "https://line.me/R/oaMessage/%40casaverde/?"),
    ],
)
def test_M3_a_link_leads_into_its_app_in_one_hop(web: httpx.Client, shop: Shop, kind: str, start: str) -> None:
    """The address opens the app and carries the code; the click stands in the log before the browser is sent on."""
    code = shop.link(shop.launch(connect(shop, kind)), app=kind)
    answer = web.get(f"/l/{code}")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(start)
    assert code in answer.headers["location"]
    [click] = shop.log("click")
    assert (click["app"], click["class_"]) == (kind, "human")


def test_M3_the_ready_message_is_the_channels_own_with_the_code_in_it(web: httpx.Client, shop: Shop) -> None:
    """`{{ code }}` says where the code stands; two contacts get the same words and their own codes."""
    channel = connect(shop, "whatsapp", first_message="Olá! {{ code }} quero saber mais & já")
    match = shop.launch(channel)
    for serial in (1, 2):
        code = shop.link(match, serial, "whatsapp")
        target = urlsplit(web.get(f"/l/{code}").headers["location"])
        assert parse_qs(target.query)["text"] == [f"Olá! {code} quero saber mais & já"]


def test_M4_a_code_is_taken_in_any_case_with_lookalikes_and_a_full_stop_after_it(web: httpx.Client, shop: Shop) -> None:
    """People retype links, and phones take what stands after them for a part of them."""
    code = shop.link(shop.launch(connect(shop, "telegram")), serial=4096, app="telegram")
    typed = code.lower().replace("0", "o").replace("1", "l")
    for path in (typed, f"{code}.", f"{code})", f"{code}/"):
        assert web.get(f"/l/{path}").status_code == 302


@pytest.mark.parametrize("kind", ["wechat", "viber"])
def test_M3_wechat_and_viber_get_a_page_of_ours(web: httpx.Client, shop: Shop, kind: str) -> None:
    """A QR code to press and save, the account's name, and the message with the code; Viber has a button besides."""
    code = shop.link(shop.launch(connect(shop, kind)), app=kind)
    answer = web.get(f"/l/{code}")
    assert answer.status_code == 200
    assert "data:image/png;base64," in answer.text
    assert f"[{code}]" in answer.text
    assert VALUES[kind].get("account_name", "Casa Verde") in answer.text
    assert ('href="viber://pa?' in answer.text) == (kind == "viber")


def test_the_chooser_has_a_button_for_each_app_in_the_matchs_order(web: httpx.Client, shop: Shop) -> None:
    """Each button is the contact's own link for that app, so that its click is counted for the app."""
    kinds = ["line", "whatsapp", "viber"]
    code = shop.link(shop.launch(*(connect(shop, kind) for kind in kinds)))
    page = web.get(f"/l/{code}").text
    found = re.findall(r'href="[^"]*/l/(\w+)"', page)
    assert [parse(text).app for text in found] == kinds
    assert "data:image/png" not in page
    assert web.get(f"/l/{found[1]}").headers["location"].startswith("https://wa.me/")
    assert [click["app"] for click in shop.log("click")] == ["chooser", "whatsapp"]


def test_on_a_desktop_the_chooser_shows_a_qr_code_for_each_app(web: httpx.Client, shop: Shop) -> None:
    code = shop.link(shop.launch(connect(shop, "line"), connect(shop, "whatsapp")))
    page = web.get(f"/l/{code}", headers={"user-agent": DESKTOP}).text
    assert page.count('<img class="qr" src="data:image/png;base64,') == 2


@pytest.mark.parametrize(
    "agent", ["WhatsApp/2.24 A", "Mozilla/5.0 (compatible; Google-Safety)", "facebookexternalhit/1.1"]
)
def test_no_qr_codes_are_drawn_for_a_preview_or_a_scanner(web: httpx.Client, shop: Shop, agent: str) -> None:
    """A list of links sent out is fetched by as many programs as people, and six codes take 0.15 s."""
    code = shop.link(shop.launch(connect(shop, "line"), connect(shop, "whatsapp")))
    assert "data:image/png" not in web.get(f"/l/{code}", headers={"user-agent": agent}).text


def test_a_chooser_with_one_app_is_no_choice(web: httpx.Client, shop: Shop) -> None:
    code = shop.link(shop.launch(connect(shop, "telegram")))
    assert (
        web.get(f"/l/{code}").headers["location"]
        == f"https://t.me/CasaVerdeBot?start={code[:12]}" + (with_app(code[:12], "telegram")[12:])
    )


def test_M9_heads_and_previews_are_counted_apart_and_consume_nothing(web: httpx.Client, shop: Shop) -> None:
    """The same answer for all, and only a person's opening is a click."""
    code = shop.link(shop.launch(connect(shop, "whatsapp")), app="whatsapp")
    assert web.head(f"/l/{code}").status_code == 302
    web.get(f"/l/{code}", headers={"user-agent": "WhatsApp/2.24 A"})
    web.get(f"/l/{code}", headers={"user-agent": "facebookexternalhit/1.1"})
    web.get(f"/l/{code}", headers={"sec-purpose": "prefetch;prerender"})
    assert web.get(f"/l/{code}").status_code == 302
    assert [click["class_"] for click in shop.log("click")] == ["scanner", "preview", "preview", "preview", "human"]


def test_M9_an_opening_right_after_the_sending_is_a_scanners(web: httpx.Client, shop: Shop) -> None:
    code = shop.link(shop.launch(connect(shop, "whatsapp")), app="whatsapp", sent_s=0.1)
    web.get(f"/l/{code}")
    assert shop.log("click")[0]["class_"] == "scanner"


def test_M9_the_page_reports_that_a_browser_shows_it(web: httpx.Client, shop: Shop) -> None:
    """The beacon carries the opening's nonce, so the owner knows which opening it confirms."""
    code = shop.link(shop.launch(connect(shop, "line"), connect(shop, "whatsapp")))
    page = web.get(f"/l/{code}").text
    seen, nonce = re.search(r'data-seen="([^"]+)" data-nonce="(\w+)"', page).groups()
    assert web.post(seen, content=nonce).status_code == 204
    assert web.post(seen, content="x" * 5000).status_code == 204
    first, second = shop.log("click")
    assert (first.get("beacon", False), second["beacon"]) == (False, True)
    assert (first["class_"], second["class_"]) == ("no_beacon", "human")
    assert first["nonce"] == second["nonce"] == nonce


@pytest.mark.parametrize("kind", ["wechat", "viber"])
def test_M9_a_page_is_no_click_until_it_reports(web: httpx.Client, shop: Shop, kind: str) -> None:
    """WeChat's and Viber's pages are fetched by programs too; a link that redirects is a click at once."""
    code = shop.link(shop.launch(connect(shop, kind), connect(shop, "telegram")), app=kind)
    web.get(f"/l/{code}")
    web.get(f"/l/{with_app(code[:12], 'telegram')}")
    assert [click["class_"] for click in shop.log("click")] == ["no_beacon", "human"]


def test_M9_openings_of_ended_links_are_no_clicks(web: httpx.Client, shop: Shop) -> None:
    """Expired, stopped or no longer offered: kept apart, and a beacon made up for one is not even kept."""
    channel = connect(shop, "viber")
    codes = [
        shop.link(shop.launch(channel), 1, days=-1),
        shop.link(shop.launch(channel, state="stopped"), 2),
        shop.link(shop.launch(), 3),
    ]
    assert [web.get(f"/l/{code}").status_code for code in codes] == [410, 410, 410]
    assert [web.post(f"/l/{code}/seen", content="0123456789ab").status_code for code in codes] == [204, 204, 204]
    assert [click["class_"] for click in shop.log("click")] == ["ended", "ended", "ended"]


def test_M9_a_match_of_this_moment_is_looked_for_before_its_opening_is_judged(web: httpx.Client, shop: Shop) -> None:
    """The server reads the configuration every two seconds; a match launched since is known at its first opening."""
    channels = [connect(shop, kind) for kind in ("line", "whatsapp")]
    web.get(f"/l/{shop.link(shop.launch(channels[0]), 1)}")
    assert web.get(f"/l/{shop.link(shop.launch(*channels), 2)}").status_code == 200
    assert [click["class_"] for click in shop.log("click")] == ["human", "no_beacon"]


def test_a_link_that_leads_nowhere_says_why(web: httpx.Client, shop: Shop) -> None:
    """Unknown, expired and stopped links have a page in words; the business is named where it is known."""
    channel = connect(shop, "whatsapp")
    expired = web.get(f"/l/{shop.link(shop.launch(channel), 1, days=-1)}")
    stopped = web.get(f"/l/{shop.link(shop.launch(channel, state='stopped'), 2)}")
    gone = web.get(f"/l/{shop.link(shop.launch(), 3)}")
    unknown = web.get(f"/l/{with_app('00ABCDEFGHJK', 'chooser')}")
    assert [page.status_code for page in (expired, stopped, gone, unknown)] == [410, 410, 410, 404]
    assert all("Casa Verde" in page.text for page in (expired, stopped, gone))
    assert "This link has expired" in expired.text
    assert "Casa Verde" not in unknown.text


def test_a_wrong_check_symbol_is_refused_without_a_look_at_the_database(web: httpx.Client, shop: Shop) -> None:
    code = shop.link(shop.launch(connect(shop, "whatsapp")))
    wrong = code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1) % 32]
    assert web.get(f"/l/{wrong}").status_code == 404
    for path in ("", "x", "../../etc/passwd", "%00", code * 50, "é" * 14):
        assert web.get(f"/l/{path}").status_code == 404
    assert shop.log("click") == []


def test_codes_cannot_be_tried_out(web: httpx.Client, shop: Shop) -> None:
    """After 30 wrong codes an address gets no answer about any, and others are not disturbed."""
    code = shop.link(shop.launch(connect(shop, "whatsapp")), app="whatsapp")
    guesser, other = {"x-forwarded-for": "198.51.100.7"}, {"x-forwarded-for": "198.51.100.8"}
    answers = [web.get(f"/l/{'0' * 13}{ALPHABET[n % 32]}", headers=guesser).status_code for n in range(40)]
    assert answers[:25] == [404] * 25
    assert answers[-1] == 429
    limited = web.get(f"/l/{code}", headers=guesser)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "60")
    assert web.get(f"/l/{code}", headers=other).status_code == 302


def test_a_link_domain_serves_its_own_workspaces_links_only(web: httpx.Client, shop: Shop) -> None:
    """A token of another workspace is unknown there; other pages and other names are not answered."""
    mine, theirs = shop.open("Mine", "https://l.mine.example"), shop.open("Theirs", "https://l.theirs.example")
    code = mine.link(mine.launch(connect(mine, "whatsapp")), app="whatsapp")
    time.sleep(2.2)  # the registry looks every 2 s
    assert web.get(f"/l/{code}", headers={"host": "l.mine.example"}).status_code == 302
    assert web.get(f"/l/{code}", headers={"host": "l.theirs.example"}).status_code == 404
    assert web.get(f"/l/{code}").status_code == 302
    assert web.get("/", headers={"host": "l.mine.example"}).status_code == 404
    assert web.get(f"/l/{code}", headers={"host": "evil.example"}).status_code == 421
    assert theirs.workspace != mine.workspace


def test_pages_escape_names_and_know_nothing_of_the_person(web: httpx.Client, shop: Shop) -> None:
    """A hostile business name is text; no script or picture comes from elsewhere; nothing is kept by caches."""
    hostile = shop.open('<script>alert(1)</script>"\u202e')
    code = hostile.link(hostile.launch(connect(hostile, "line"), connect(hostile, "viber")))
    answer = web.get(f"/l/{code}")
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert not re.search(r'(?:src|href)="(?:https?:)?//(?!127\.0\.0\.1|localhost)', answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"


def test_pages_speak_the_readers_language_and_direction(web: httpx.Client, shop: Shop) -> None:
    page = web.get("/l/nothing", headers={"accept-language": "ar-EG,en;q=0.5"}).text
    assert '<html lang="ar" dir="rtl">' in page
    assert '<html lang="en' in web.get("/l/nothing", headers={"accept-language": "xx, *"}).text


def test_a_channels_entry_link_and_qr_codes(web: httpx.Client, shop: Shop) -> None:
    """A link without a code for the icon on a business's page, and its QR code as SVG and PNG."""
    channel = connect(shop, "telegram")
    web.get(f"/l/{shop.link(shop.launch(channel))}")
    assert web.get(f"/e/{channel.public_id}").headers["location"] == "https://t.me/CasaVerdeBot"
    svg, png = web.get(f"/qr/{channel.public_id}.svg"), web.get(f"/qr/{channel.public_id}.png?download")
    assert svg.text.lstrip().startswith("<?xml")
    assert png.content.startswith(b"\x89PNG")
    assert "attachment" in png.headers["content-disposition"]
    assert web.get("/qr/nothing.svg").status_code == 404
    assert web.get("/e/nothing").status_code == 404


def test_only_get_and_head_open_a_link(web: httpx.Client, shop: Shop) -> None:
    code = shop.link(shop.launch(connect(shop, "telegram")))
    assert web.request("DELETE", f"/l/{code}").status_code == 405
    assert PHONE in web.headers["user-agent"]


def test_a_link_of_a_test_message_says_what_it_is(web: httpx.Client, shop: Shop) -> None:
    """It opens nothing, is no click, and no wrong guess either."""
    from tertulia.core.render import sample_links

    address = urlsplit(str(sample_links("http://shop.example", ("whatsapp",))["link"])).path
    for _ in range(3):
        answer = web.get(address)
        assert (answer.status_code, "came with a test message" in answer.text) == (404, True)
    assert shop.log("click") == []


def test_M4_a_link_in_a_message_leads_to_its_address_in_one_hop(web: httpx.Client, shop: Shop) -> None:
    """The click says of which message, step and link; a preview is told apart, an expired link leads nowhere (M9)."""
    code = shop.message_link("https://shop.example/cart?id=7&from=sms#pay", "cart")
    answer = web.get(f"/l/{code.lower()}")
    assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/cart?id=7&from=sms#pay")
    assert web.get(f"/l/{code}", headers={"user-agent": "WhatsApp/2.24"}).status_code == 302
    person, preview = shop.log("click")
    assert (person["class_"], preview["class_"], person["app"], person["match_id"]) == ("human", "preview", "web", None)
    assert (person["message"]["step"], person["message"]["link"], person["message"]["journey_id"]) == ("say", "cart", 3)
    shop.run("update message_link set expires_at = now() - interval '1 s'")
    assert web.get(f"/l/{code}").status_code == 410
    assert [entry["class_"] for entry in shop.log("click")][2:] == ["ended"]


def test_M4_codes_of_messages_and_of_matches_are_apart(web: httpx.Client, shop: Shop) -> None:
    """With the other kind's app symbol a code leads nowhere."""
    code = shop.message_link("https://shop.example/", "all")
    assert web.get(f"/l/{with_app(code[:12], 'chooser')}").status_code == 404
    of_match = shop.link(shop.launch(connect(shop, "telegram")))
    assert web.get(f"/l/{with_app(of_match[:12], 'web')}").status_code == 404
