"""Telegram's and WeChat's side, and the generic gateway's."""

import asyncio
import hmac
import json
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from tests.simulator.rig import AES_KEY, Got, Rig

from tertulia.simulator.providers import wechat_crypto
from tertulia.simulator.providers.wechat import write_xml

pytestmark = pytest.mark.anyio
BEATRIZ = "+5511985550142"
BOT = "/telegram/bot123456789:AAHtest"


async def telegram(rig: Rig, method: str, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await rig.http.post(f"{BOT}/{method}", json=fields)).json()
    return found


async def test_start_carries_the_payload_and_opens_the_chat(rig: Rig) -> None:
    """Before Start the chat is not found; the update has the webhook's secret; afterwards a text arrives."""
    assert (await telegram(rig, "sendMessage", chat_id=1, text="Hi"))["description"] == "Bad Request: chat not found"
    await rig.sim(f"people/{BEATRIZ}/tap", url="https://t.me/VerbenaBot?start=7KQ2M4XD8A9PZT")
    await rig.sim(f"people/{BEATRIZ}/send", channel="telegram-1")
    await rig.settle()
    (got,) = rig.platform.posts("/hooks/telegram-1")
    assert got.headers["x-telegram-bot-api-secret-token"] == "tg-secret"
    message = json.loads(got.body)["message"]
    assert message["text"] == "/start 7KQ2M4XD8A9PZT"
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    chat = message["chat"]["id"]
    sent = await telegram(rig, "sendMessage", chat_id=chat, text="Well?", reply_markup=keyboard)
    assert sent["ok"]
    await rig.settle()
    (shown,) = [m for m in await rig.sim(f"people/{BEATRIZ}/inbox", "GET") if m["ours"]]
    await rig.sim(f"people/{BEATRIZ}/choose", message=shown["id"], choice=0)
    await rig.settle()
    query = json.loads(rig.platform.posts("/hooks/telegram-1")[-1].body)["callback_query"]
    assert (query["data"], query["message"]["message_id"]) == ("y", sent["result"]["message_id"])


async def test_blocking_is_told_and_sends_are_403(rig: Rig) -> None:
    """my_chat_member says kicked; unblocking says member."""
    await rig.sim(f"people/{BEATRIZ}/reply", channel="telegram-1", text="/start")
    await rig.sim(f"people/{BEATRIZ}/block", channel="telegram-1")
    await rig.settle()
    updates = [json.loads(got.body) for got in rig.platform.posts("/hooks/telegram-1")]
    assert updates[1]["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    chat = updates[0]["message"]["chat"]["id"]
    refused = await telegram(rig, "sendMessage", chat_id=chat, text="Hi")
    assert refused["description"] == "Forbidden: bot was blocked by the user"


async def test_polling_waits_confirms_and_conflicts_with_a_webhook(rig: Rig) -> None:
    """A long poll is answered as soon as something arrives; an offset confirms; with a webhook it is 409."""
    assert (await telegram(rig, "getUpdates"))["error_code"] == 409
    await telegram(rig, "deleteWebhook")
    polled = asyncio.ensure_future(telegram(rig, "getUpdates", timeout=20))
    await asyncio.sleep(0)
    await rig.sim(f"people/{BEATRIZ}/reply", channel="telegram-1", text="Oi")
    (update,) = (await asyncio.wait_for(polled, 5))["result"]
    assert update["message"]["text"] == "Oi"
    assert (await telegram(rig, "getUpdates", offset=update["update_id"] + 1))["result"] == []
    assert not rig.platform.got


async def wechat_token(rig: Rig) -> str:
    query = "grant_type=client_credential&appid=wx01&secret=wx-secret"
    token: str = (await rig.http.get(f"/wechat/cgi-bin/token?{query}")).json()["access_token"]
    return token


def read_wechat(got: Got) -> dict[str, str]:
    """Check the signature and decrypt, as the platform must."""
    query, outer = got.query, fromstring(got.body.decode())
    text = outer.findtext("Encrypt") or ""
    parts = ("wx-token", query["timestamp"], query["nonce"])
    assert query["signature"] == wechat_crypto.sign(*parts)
    assert query["msg_signature"] == wechat_crypto.sign(*parts, text)
    xml, app_id = wechat_crypto.decrypt(AES_KEY, text)
    assert app_id == "wx01"
    return {child.tag: child.text or "" for child in fromstring(xml)}


async def test_a_scanned_scene_comes_back_and_opens_the_window(rig: Rig) -> None:
    """qrcode/create gives a ticket; scanning it subscribes with the scene; three messages may follow, no fourth."""
    token = await wechat_token(rig)
    scene = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "7KQ2M4XD8A9PZT"}}}
    created = (await rig.http.post(f"/wechat/cgi-bin/qrcode/create?access_token={token}", json=scene)).json()
    await rig.sim(f"people/{BEATRIZ}/tap", url=f"http://sim/wechat/cgi-bin/showqrcode?ticket={created['ticket']}")
    await rig.settle()
    event = read_wechat(rig.platform.posts("/hooks/wechat-1")[0])
    assert (event["Event"], event["EventKey"]) == ("subscribe", "qrscene_7KQ2M4XD8A9PZT")
    body = {"touser": event["FromUserName"], "msgtype": "text", "text": {"content": "你好"}}
    raw = json.dumps(body, ensure_ascii=False).encode()
    url = f"/wechat/cgi-bin/message/custom/send?access_token={token}"
    codes = [(await rig.http.post(url, content=raw)).json()["errcode"] for _ in range(4)]
    assert codes == [0, 0, 0, 45047]
    await rig.sim("clock", advance_s=61)
    assert (await rig.http.post(url, content=raw)).json()["errcode"] == 45015
    assert (await rig.http.post(url, content=json.dumps(body).encode())).json()["errcode"] == 40033


async def test_wechat_refuses_bad_credentials_and_strangers(rig: Rig) -> None:
    """A wrong secret is 40125, a wrong token 40001, an unknown openid 40003; always HTTP 200."""
    wrong = await rig.http.get("/wechat/cgi-bin/token?grant_type=client_credential&appid=wx01&secret=no")
    assert (wrong.status_code, wrong.json()["errcode"]) == (200, 40125)
    body = b'{"touser":"o1","msgtype":"text","text":{"content":"a"}}'
    bad = await rig.http.post("/wechat/cgi-bin/message/custom/send?access_token=no", content=body)
    assert bad.json()["errcode"] == 40001
    token = await wechat_token(rig)
    stranger = await rig.http.post(f"/wechat/cgi-bin/message/custom/send?access_token={token}", content=body)
    assert stranger.json()["errcode"] == 40003


async def test_a_passive_reply_appears_on_the_phone(rig: Rig) -> None:
    """The platform may answer a message within its own response, encrypted as it came."""
    inner = write_xml({"ToUserName": "o1", "MsgType": "text", "Content": "Olá"})
    text = wechat_crypto.encrypt(AES_KEY, "wx01", inner, b"abcdefghijklmnop")
    rig.platform.answer = lambda got: (200, {}, write_xml({"Encrypt": text}).encode())
    await rig.sim(f"people/{BEATRIZ}/reply", channel="wechat-1", text="Oi")
    await rig.settle()
    assert "Olá" in [m["text"] for m in await rig.sim(f"people/{BEATRIZ}/inbox", "GET")]


def test_wechat_vectors() -> None:
    """wechatpy's figures: the plain signature, the encrypted message's and its plain text."""
    assert wechat_crypto.sign("wxtoken123", "1760000000", "nonce42") == "ac2fef38e70a406091a13f09e888150beb821e52"
    xml = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName></xml>"
    text = wechat_crypto.encrypt(AES_KEY, "wx0123456789abcdef", xml, b"abcdefghijklmnop")
    assert wechat_crypto.decrypt(AES_KEY, text) == (xml, "wx0123456789abcdef")


def test_hostile_text_stays_inside_its_element() -> None:
    """What a customer writes cannot close the CDATA section."""
    tree = fromstring(write_xml({"Content": "a]]><b>\x00</b>", "MsgId": 5}))
    assert (tree.findtext("Content"), tree.findtext("MsgId")) == ("a]]><b></b>", "5")


async def test_the_generic_gateway_sends_reports_and_signs(rig: Rig) -> None:
    """JSON in the documented shape; reports under the reference's own name; the body is signed."""
    headers = {"Authorization": "Bearer sms-token"}
    callback = f"{rig.platform.url}/dlr?m=d1"
    body = {"to": BEATRIZ, "from": "+351910000000", "text": "Oi", "reference": "d1", "callback": callback}
    sent = (await rig.http.post("/sms/send", json=body, headers=headers)).json()
    await rig.settle()
    posts = rig.platform.posts("/dlr")
    assert [post.form["status"] for post in posts] == ["sent", "delivered"]
    for post in posts:
        assert (post.form["id"], post.form["reference"]) == (sent["id"], "d1")
        assert post.headers["x-signature"] == f"sha256={hmac.digest(b'sms-secret', post.body, 'sha256').hex()}"
    form = {"to": BEATRIZ, "from": "+351910000000", "text": "Oi", "ref": "d2", "dlr_url": callback}
    assert (await rig.http.post("/sms/send", data=form, headers=headers)).status_code == 200
    assert (await rig.http.post("/sms/send", json={**body, "to": "1"}, headers=headers)).status_code == 400
    assert (await rig.http.post("/sms/send", json=body)).status_code == 401
