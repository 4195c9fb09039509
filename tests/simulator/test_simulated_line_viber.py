"""LINE's and Viber's side: what they accept and refuse, tell and sign."""

import json
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from linebot.v3.webhook import SignatureValidator
from tests.simulator.rig import Rig
from viberbot import Api
from viberbot.api.bot_configuration import BotConfiguration

from tertulia.simulator.providers import line, viber

pytestmark = pytest.mark.anyio
BEATRIZ = "+5511985550142"
LINE = {"Authorization": "Bearer line-token"}
VIBER = {"X-Viber-Auth-Token": "viber-token"}


def read_line(rig: Rig) -> list[dict[str, Any]]:
    events = []
    for got in rig.platform.posts("/hooks/line-1"):
        assert SignatureValidator("line-secret").validate(got.body.decode(), got.headers["x-line-signature"])
        events += json.loads(got.body)["events"]
    return events


def read_viber(rig: Rig) -> list[dict[str, Any]]:
    api = Api(BotConfiguration("viber-token", "Verbena", ""))
    api._logger = SimpleNamespace(debug=lambda *_: None)
    found = []
    for got in rig.platform.posts("/hooks/viber-1"):
        assert api.verify_signature(got.body, got.headers["x-viber-content-signature"])
        found.append(json.loads(got.body))
    return found


async def push(rig: Rig, to: str, path: str = "/v2/bot/message/push", **headers: str) -> tuple[int, dict[str, Any]]:
    body = {"to": to, "messages": [{"type": "text", "text": "Hello"}]}
    answer = await rig.http.post(f"/line{path}", json=body, headers={**LINE, **headers})
    return answer.status_code, answer.json()


async def test_line_follow_then_message_and_a_reply_token_that_works_once(rig: Rig) -> None:
    """A first message is a follow and a message; its reply token answers once."""
    await rig.sim(f"people/{BEATRIZ}/tap", url="https://line.me/R/oaMessage/%40verbena/?Oi%20%5B7KQ2M4XD8A9PZT%5D")
    await rig.sim(f"people/{BEATRIZ}/send", channel="line-1")
    await rig.settle()
    follow, message = read_line(rig)
    assert (follow["type"], message["message"]["text"]) == ("follow", "Oi [7KQ2M4XD8A9PZT]")
    reply = {"replyToken": message["replyToken"], "messages": [{"type": "text", "text": "Olá"}]}
    first = await rig.http.post("/line/v2/bot/message/reply", json=reply, headers=LINE)
    second = await rig.http.post("/line/v2/bot/message/reply", json=reply, headers=LINE)
    assert (first.status_code, second.status_code) == (200, 400)
    assert second.json()["message"] == "Invalid reply token"
    profile = await rig.http.get(f"/line/v2/bot/profile/{follow['source']['userId']}", headers=LINE)
    assert profile.json()["displayName"] == "Beatriz Almeida"


async def test_line_retry_key_accepts_once(rig: Rig) -> None:
    """The same retry key again is 409 with the first request's id, and the phone has one message."""
    await rig.sim(f"people/{BEATRIZ}/reply", channel="line-1", text="Oi")
    await rig.settle()
    to = read_line(rig)[0]["source"]["userId"]
    key = str(UUID(int=7))
    assert (await push(rig, to, **{"X-Line-Retry-Key": key}))[0] == 200
    status, body = await push(rig, to, **{"X-Line-Retry-Key": key})
    assert (status, len(body["sentMessages"])) == (409, 1)
    await rig.settle()
    assert len([m for m in await rig.sim(f"people/{BEATRIZ}/inbox", "GET") if m["ours"]]) == 1


async def test_line_push_to_a_blocker_is_still_200(rig: Rig) -> None:
    """Blocking is told by unfollow only; the message never appears."""
    await rig.sim(f"people/{BEATRIZ}/reply", channel="line-1", text="Oi")
    await rig.sim(f"people/{BEATRIZ}/block", channel="line-1")
    await rig.settle()
    events = read_line(rig)
    assert events[-1]["type"] == "unfollow"
    assert (await push(rig, events[0]["source"]["userId"]))[0] == 200
    await rig.settle()
    assert not [m for m in await rig.sim(f"people/{BEATRIZ}/inbox", "GET") if m["ours"]]


async def test_line_push_by_phone_number_is_answered_by_a_delivery_event(rig: Rig) -> None:
    """The hash of a number with LINE is delivered and told by its tag; without LINE it is 422."""
    path, tag = "/bot/pnp/push", "delivery-0123456789"
    digest = sha256(BEATRIZ.encode()).hexdigest()
    assert (await push(rig, digest, path, **{"X-Line-Delivery-Tag": tag}))[0] == 200
    await rig.settle()
    (event,) = read_line(rig)
    assert (event["type"], event["delivery"]["data"]) == ("delivery", tag)
    await rig.sim("people", phone="+5511900000001", apps=["viber"])
    assert (await push(rig, sha256(b"+5511900000001").hexdigest(), path))[0] == 422


async def test_line_refuses_bad_tokens_ids_and_bodies(rig: Rig) -> None:
    """401, and 400 with the property that is wrong."""
    wrong = await rig.http.get("/line/v2/bot/info", headers={"Authorization": "Bearer no"})
    assert wrong.status_code == 401
    assert (await push(rig, "Uxyz"))[0] == 400
    assert (await push(rig, "U" + "0" * 32))[1]["message"] == "Failed to send messages"
    many = {"to": "U" + "0" * 32, "messages": [{"type": "text", "text": "a"}] * 6}
    answer = await rig.http.post("/line/v2/bot/message/push", json=many, headers=LINE)
    assert answer.json()["details"][0]["property"] == "messages"


async def test_line_tests_the_webhook_with_an_empty_list(rig: Rig) -> None:
    """LINE's own check of the road: what the address answers is what the check says."""
    url = f"{rig.platform.url}/line-hook"
    await rig.http.put("/line/v2/bot/channel/webhook/endpoint", json={"endpoint": url}, headers=LINE)
    good = await rig.http.post("/line/v2/bot/channel/webhook/test", json={}, headers=LINE)
    assert (good.json()["success"], good.json()["reason"]) == (True, "OK")
    assert json.loads(rig.platform.posts("/line-hook")[0].body)["events"] == []
    rig.platform.answer = lambda got: (403, {}, b"")
    bad = await rig.http.post("/line/v2/bot/channel/webhook/test", json={}, headers=LINE)
    assert (bad.json()["success"], bad.json()["reason"]) == (False, "ERROR_STATUS_CODE")


async def viber_call(rig: Rig, method: str, **fields: Any) -> dict[str, Any]:
    answer = await rig.http.post(f"/viber/pa/{method}", json=fields, headers=VIBER)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_viber_opens_with_the_context_and_takes_a_welcome(rig: Rig) -> None:
    """conversation_started carries the context; its answer's message is shown; nothing else until the person writes."""
    welcome = json.dumps({"type": "text", "text": "Welcome", "sender": {"name": "Verbena"}}).encode()
    rig.platform.answer = lambda got: (200, {}, welcome if b"conversation_started" in got.body else b"")
    link = "viber://pa?chatURI=verbena&context=7KQ2M4XD8A9PZT&text=Oi"
    await rig.sim(f"people/{BEATRIZ}/tap", url=link)
    await rig.settle()
    (started,) = [event for event in read_viber(rig) if event["event"] == "conversation_started"]
    assert (started["context"], started["subscribed"]) == ("7KQ2M4XD8A9PZT", False)
    message = {"receiver": started["user"]["id"], "type": "text", "text": "Hi", "sender": {"name": "Verbena"}}
    assert (await viber_call(rig, "send_message", **message))["status"] == 6
    await rig.sim(f"people/{BEATRIZ}/send", channel="viber-1")
    assert (await viber_call(rig, "send_message", **message))["status"] == 0
    await rig.settle()
    assert [event["event"] for event in read_viber(rig)][-2:] == ["delivered", "seen"]
    inbox = await rig.sim(f"people/{BEATRIZ}/inbox", "GET")
    assert [m["text"] for m in inbox] == ["Welcome", "Oi", "Hi"]


async def test_viber_set_webhook_calls_the_address_back(rig: Rig) -> None:
    """A refused check call is status 1 and changes nothing; get_account_info tells the address."""
    url = f"{rig.platform.url}/viber-hook"
    assert (await viber_call(rig, "set_webhook", url=url, event_types=["seen"]))["status"] == 0
    assert json.loads(rig.platform.posts("/viber-hook")[0].body)["event"] == "webhook"
    rig.platform.answer = lambda got: (404, {}, b"")
    assert (await viber_call(rig, "set_webhook", url=f"{url}2"))["status"] == 1
    info = await viber_call(rig, "get_account_info")
    assert (info["webhook"], info["uri"]) == (url, "verbena")


async def test_viber_refusals_are_http_200(rig: Rig) -> None:
    """Wrong token 2, missing data 4, unknown receiver 5, each with HTTP 200."""
    answer = await rig.http.post("/viber/pa/get_account_info", json={}, headers={"X-Viber-Auth-Token": "no"})
    assert (answer.status_code, answer.json()["status"]) == (200, 2)
    assert (await viber_call(rig, "send_message", receiver="x"))["status"] == 4
    full = {"receiver": "x", "type": "text", "text": "a", "sender": {"name": "V"}}
    assert (await viber_call(rig, "send_message", **full))["status"] == 5


def test_signature_vectors() -> None:
    """The official SDKs' own figures."""
    body = b'{"destination":"U0123456789abcdef0123456789abcdef","events":[]}'
    assert line.sign("8c570fa6dd201bb328f1c1eac23a96d8", body) == "j2zwSWvscnRkmVay2eMQI+B6oSOp3bA8F1CD3kPwJNo="
    started = (
        '{"event":"conversation_started","timestamp":1457764197627,"message_token":4912661846655238145,"type":"open",'
        '"context":"tok-77","user":{"id":"01234567890A=","name":"Zoë","avatar":"http://a","country":"DE",'
        '"language":"de","api_version":10},"subscribed":false}'
    )
    token = "445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9"
    expected = "83a560ea38cf2b84c74506db2714cf17604434ffdf11ddd9941747a04c530fff"
    assert viber.sign(token, started.encode()) == expected
