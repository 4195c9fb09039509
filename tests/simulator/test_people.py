"""People: tapping, choosing on a page, forwarding, previews, and all of them at once."""

import json
from collections import Counter
from typing import Any

import pytest
from tests.simulator.rig import Got, Rig

from tertulia.simulator.client import CallFailed, Client
from tertulia.simulator.deeplinks import find_links, read_app_link, read_page
from tertulia.simulator.wire import write_form

pytestmark = pytest.mark.anyio
SID = "AC" + "0" * 32
BEATRIZ, JUREMA = "+5511985550142", "+5511985550199"
CODE = "7KQ2M4XD8A9PZT"
HTML = {"Content-Type": "text/html"}
CHOOSER = f'<p>{CODE}</p><a href="https://wa.me/15550001111?text=Oi+%5B{CODE}%5D">WhatsApp</a>' \
          f'<a href="https://t.me/VerbenaBot?start={CODE}">Telegram</a>'  # fmt: skip


async def send_sms(rig: Rig, to: str, text: str, *, settle: bool = True) -> None:
    form = {"To": to, "From": "+15017122661", "Body": text}
    url = f"/twilio/2010-04-01/Accounts/{SID}/Messages.json"
    assert (await rig.http.post(url, data=form, auth=(SID, "tw-secret"))).status_code == 201
    if settle:
        await rig.settle()


async def test_a_tap_asks_the_platform_and_follows_its_one_hop(rig: Rig) -> None:
    """The phone's user agent asks for the link, the redirect opens WhatsApp with the ready text, which is sent."""
    link = f"{rig.platform.url}/l/{CODE}"
    rig.platform.answer = lambda got: (302, {"Location": f"https://wa.me/15550001111?text=Oi%20%5B{CODE}%5D"}, b"")
    await send_sms(rig, BEATRIZ, f"Toque: {link}.")
    (message,) = await rig.sim(f"people/{BEATRIZ}/inbox", "GET")
    assert message["links"] == [link]
    opened = await rig.sim(f"people/{BEATRIZ}/tap", message=message["id"])
    assert (opened["channel"], opened["text"]) == ("whatsapp-1", f"Oi [{CODE}]")
    assert "Android" in rig.platform.got[0].headers["user-agent"]
    person = await rig.sim(f"people/{BEATRIZ}", "GET")
    assert person["chats"]["whatsapp-1"]["draft"] == f"Oi [{CODE}]"
    rig.platform.answer = lambda got: (200, {}, b"")
    await rig.sim(f"people/{BEATRIZ}/send", channel="whatsapp-1", text=f"Bom dia! {CODE}")
    await rig.settle()
    told = json.loads(rig.platform.posts("/hooks/whatsapp-1")[0].body)
    assert told["entry"][0]["changes"][0]["value"]["messages"][0]["text"]["body"] == f"Bom dia! {CODE}"
    taps = (await rig.sim("record?table=taps", "GET"))["rows"]
    assert [(row["kind"], row["status"]) for row in taps] == [("person", 302)]


async def test_a_page_offers_its_apps_and_shows_its_code(rig: Rig) -> None:
    """A chooser's links come back with their apps; the code on it is read as a person reads it."""
    rig.platform.answer = lambda got: (200, HTML, CHOOSER.encode())
    opened = await rig.sim(f"people/{BEATRIZ}/tap", url=f"{rig.platform.url}/l/{CODE}")
    assert [link["app"] for link in opened["page"]["links"]] == ["whatsapp", "telegram"]
    assert opened["page"]["code"] == CODE


async def test_a_page_that_is_shown_runs_its_script(rig: Rig) -> None:
    """The page's report goes where it says and is no tap; a previewer reads the page and runs nothing."""
    page = f'<body data-seen="/l/{CODE}/seen" data-nonce="0123456789ab">{CHOOSER}</body>'
    rig.platform.answer = lambda got: (200, HTML, page.encode()) if got.method == "GET" else (204, {}, b"")
    await rig.sim(f"people/{BEATRIZ}/tap", url=f"{rig.platform.url}/l/{CODE}")
    told = [(got.method, got.path, got.body) for got in rig.platform.got]
    assert told == [("GET", f"/l/{CODE}", b""), ("POST", f"/l/{CODE}/seen", b"0123456789ab")]
    assert rig.platform.got[1].headers["user-agent"] == rig.platform.got[0].headers["user-agent"]
    taps = (await rig.sim("record?table=taps", "GET"))["rows"]
    assert [row["method"] for row in taps] == ["GET"]
    await rig.sim("behaviours", link_previews=True)
    await send_sms(rig, BEATRIZ, f"Toque: {rig.platform.url}/l/{CODE}")
    for _ in range(100):
        if len(rig.platform.got) == 4:
            break
        await rig.sim("settle", timeout_s=0.05)
    assert [got.method for got in rig.platform.got[2:]] == ["HEAD", "GET"]


async def test_previews_fetch_links_under_their_own_name(rig: Rig) -> None:
    """A HEAD and a GET by a crawler, before any person; they are rows of their own kind."""
    await rig.sim("behaviours", link_previews=True)
    await send_sms(rig, BEATRIZ, f"Toque: {rig.platform.url}/l/{CODE}")
    for _ in range(100):
        if len(rig.platform.got) == 2:
            break
        await rig.sim("settle", timeout_s=0.05)
    assert [got.method for got in rig.platform.got] == ["HEAD", "GET"]
    assert "Mozilla" not in rig.platform.got[0].headers["user-agent"]
    rows = (await rig.sim("record?table=taps&kind=preview", "GET"))["rows"]
    assert len(rows) == 2


async def test_a_forwarded_link_is_tapped_by_somebody_else(rig: Rig) -> None:
    """The other phone has it without any provider; the record says from whom."""
    await send_sms(rig, BEATRIZ, f"Toque: {rig.platform.url}/l/{CODE}")
    (message,) = await rig.sim(f"people/{BEATRIZ}/inbox", "GET")
    await rig.sim(f"people/{BEATRIZ}/forward", to=JUREMA, message=message["id"])
    (got,) = await rig.sim(f"people/{JUREMA}/inbox", "GET")
    assert (got["kind"], got["links"]) == ("friend", [f"{rig.platform.url}/l/{CODE}"])
    assert (await rig.sim(f"people/{JUREMA}", "GET"))["got_from"] == "p1"
    (row,) = (await rig.sim("record?table=inbound&act=forward", "GET"))["rows"]
    assert row["phone"] == BEATRIZ


async def test_what_cannot_be_done_is_409_with_a_sentence(rig: Rig) -> None:
    """An app that is not installed, a phone that is off, a blocked account, an empty message."""
    await rig.sim(f"people/{BEATRIZ}", "PATCH", apps=["line"])
    for path, fields, word in (
        ("reply", {"channel": "telegram-1", "text": "Oi"}, "not installed"),
        ("reply", {"channel": "line-1", "text": " "}, "empty"),
    ):
        answer = await rig.http.post(f"/sim/people/{BEATRIZ}/{path}", json=fields)
        assert answer.status_code == 409
        assert word in answer.json()["error"]
    await rig.sim(f"people/{BEATRIZ}/power", on=False)
    answer = await rig.http.post(f"/sim/people/{BEATRIZ}/reply", json={"channel": "line-1", "text": "Oi"})
    assert "switched off" in answer.json()["error"]
    assert (await rig.http.get("/sim/people/p99")).status_code == 404


async def test_all_people_act_by_their_rates_and_the_seed_repeats_it(rig: Rig) -> None:
    """Everybody with a link acts once; counts follow the rates; the same seed does the same again."""

    async def play() -> tuple[dict[str, int], Counter[Any]]:
        rig.platform.answer = answer
        await rig.sim("reset")
        await rig.sim("rates", tap_pct=50, send_pct=60, forward_pct=5)
        for number in range(120):
            await rig.sim("people", phone=f"+55119860{number:05d}", name=f"P{number}")
            await send_sms(rig, f"+55119860{number:05d}", f"Toque: {rig.platform.url}/l/{number}", settle=False)
        await rig.settle()
        done = await rig.sim("crowd")
        assert await rig.sim("crowd") == {"people": 0, "links": 0}
        await rig.settle()
        rows = (await rig.sim("record?table=inbound&act=write", "GET"))["rows"]
        return done, Counter((row["phone"], row["kind"], row["text"]) for row in rows)

    def answer(got: Got) -> tuple[int, dict[str, str], bytes]:
        return (200, HTML, CHOOSER.encode()) if got.path.startswith("/l/") else (200, {}, b"")

    first = await play()
    assert await play() == first
    assert first[0]["links"] == 120
    assert 40 < first[0]["tapped"] < 90
    assert first[0]["opened.telegram"] + first[0]["opened.whatsapp"] == first[0]["tapped"]


async def test_a_flood_is_written_by_everybody_in_turn(rig: Rig) -> None:
    """Each message is one webhook event, numbered; who cannot write is passed over."""
    await rig.sim(f"people/{JUREMA}/power", on=False)
    done = await rig.sim("flood", channel="telegram-1", count=40, text="Oi {n}", per_s=2000)
    assert done["written"] == 20
    await rig.settle()
    texts = [json.loads(got.body)["message"]["text"] for got in rig.platform.posts("/hooks/telegram-1")]
    assert texts == [f"Oi {n}" for n in range(1, 41, 2)]


@pytest.mark.parametrize(
    ("url", "app", "account", "token", "text"),
    [
        ("https://wa.me/4915112345678?text=Hello%20KDX7P2", "whatsapp", "+4915112345678", "", "Hello KDX7P2"),
        ("https://m.me/PAGE?ref=tok-1&text=Ol%C3%A1", "messenger", "PAGE", "tok-1", "Olá"),
        ("https://t.me/MyShopBot?start=tok_A-9", "telegram", "MyShopBot", "tok_A-9", ""),
        ("viber://pa?chatURI=BOT&context=T&text=Hello", "viber", "BOT", "T", "Hello"),
        ("https://line.me/R/oaMessage/%40BASIC/?Hello%20KDX7P2", "line", "@BASIC", "", "Hello KDX7P2"),
        ("https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=a%2Bb", "wechat", "", "ticket:a+b", ""),
        ("sms:+15551234567?&body=Hello%20KDX7P2", "sms", "+15551234567", "", "Hello KDX7P2"),
    ],
)
def test_apps_claim_their_own_addresses(url: str, app: str, account: str, token: str, text: str) -> None:
    """Each platform's documented deep link opens its app on the right account with the right words."""
    link = read_app_link(url)
    assert link is not None
    assert (link.app, link.account, link.token, link.text) == (app, account, token, text)


def test_links_are_found_as_phones_find_them() -> None:
    """With and without a scheme, without the full stop after them, never inside an e-mail address."""
    assert find_links("Oi: vrb.example/7KQ2, ou https://a.b/c?d=1. Mail x@vrb.example/y") == [
        "vrb.example/7KQ2",
        "https://a.b/c?d=1",
    ]


def test_a_page_is_read_without_its_scripts() -> None:
    """Links to scripts are no links; a script's text is not seen."""
    page = read_page("http://h/l/x", b'<script>7KQ2M4XD8A9PZT</script><a href="javascript:x()">a</a><a href="go">b</a>')
    assert page.code == ""
    assert [link.url for link in page.links] == ["http://h/l/go"]


async def test_the_client_reads_every_kind_of_body(rig: Rig) -> None:
    """Chunks, a length, the connection's end; a refused connection and a slow answer are told apart."""
    client = Client()
    chunked = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    rig.platform.answer = lambda got: (200, {"Transfer-Encoding": "chunked"}, chunked)
    answer = await client.request("GET", f"{rig.platform.url}/a?b=c d#e", {}, timeout_s=5)
    assert (answer.status, answer.body) == (200, b"abcde")
    assert rig.platform.got[0].target == "/a?b=c%20d"
    with pytest.raises(CallFailed) as failed:
        await client.request("GET", "http://127.0.0.1:1/", {}, timeout_s=5)
    assert failed.value.cause == "connect"
    with pytest.raises(CallFailed):
        await client.request("GET", f"{rig.platform.url}/", {"X": "a\r\nEvil: 1"}, timeout_s=5)
    await client.close()


def test_forms_are_written_as_the_standard_library_writes_them() -> None:
    """The shortcut for plain values changes nothing."""
    from urllib.parse import urlencode

    fields = {"A": "plain1", "B": "a b&c=d+é", "C": "", "D": "٣", "E": "+15017122661"}
    assert write_form(fields) == urlencode(fields).encode()
