"""WhatsApp's and Messenger's side on Graph: sends, statuses, hidden numbers, windows, handshakes, signatures."""

import json
from typing import Any

import pytest
from tests.simulator.rig import Got, Rig

from tertulia.simulator.providers.graph import CHALLENGE, sign_body, sign_proof

pytestmark = pytest.mark.anyio
BEATRIZ = "+5511985550142"
WA = {"Authorization": "Bearer EAAwa"}


async def send_whatsapp(rig: Rig, **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {"messaging_product": "whatsapp", "to": BEATRIZ[1:], "type": "text", "text": {"body": "Hi"}, **fields}
    answer = await rig.http.post("/graph/v26.0/105558/messages", json=body, headers=WA)
    return answer.status_code, answer.json()


async def send_messenger(rig: Rig, psid: str, text: str = "Hi", **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {"recipient": {"id": psid}, "messaging_type": "RESPONSE", "message": {"text": text}, **fields}
    answer = await rig.http.post("/graph/v26.0/PAGE1/messages?access_token=EAApage", json=body)
    return answer.status_code, answer.json()


def read_changes(rig: Rig, path: str = "/hooks/whatsapp-1") -> list[dict[str, Any]]:
    """Every change that WhatsApp told, after checking each call's signature."""
    values = []
    for got in rig.platform.posts(path):
        assert got.headers["x-hub-signature-256"] == sign_body("wa-secret", got.body)
        values += [change["value"] for entry in json.loads(got.body)["entry"] for change in entry["changes"]]
    return values


def read_statuses(rig: Rig) -> list[dict[str, Any]]:
    return [status for value in read_changes(rig) for status in value.get("statuses", [])]


def read_messaging(rig: Rig) -> list[dict[str, Any]]:
    found = []
    for got in rig.platform.posts("/hooks/messenger-1"):
        assert got.headers["x-hub-signature-256"] == sign_body("me-secret", got.body)
        found += [item for entry in json.loads(got.body)["entry"] for item in entry["messaging"]]
    return found


async def test_a_template_reaches_whoever_has_whatsapp(rig: Rig) -> None:
    """A template needs no window; sent, delivered and read come back with our opaque data and a price category."""
    template = {
        "name": "hello", "language": {"code": "en"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "Bea"}]}],
    }  # fmt: skip
    status, body = await send_whatsapp(rig, type="template", template=template, biz_opaque_callback_data="d-1")
    assert status == 200
    assert body["contacts"] == [{"input": BEATRIZ[1:], "wa_id": BEATRIZ[1:]}]
    await rig.settle()
    told = read_statuses(rig)
    assert [one["status"] for one in told] == ["sent", "delivered", "read"]
    assert {one["biz_opaque_callback_data"] for one in told} == {"d-1"}
    assert told[1]["pricing"]["category"] == "marketing"
    inbox = await rig.sim(f"people/{BEATRIZ}/inbox", "GET")
    assert inbox[0]["text"] == "Hi Bea, write to us here."


async def test_free_text_outside_the_window_fails_with_131047(rig: Rig) -> None:
    """Accepted at once, failed later; after the customer wrote it goes through."""
    assert (await send_whatsapp(rig))[0] == 200
    await rig.settle()
    assert read_statuses(rig)[0]["errors"][0]["code"] == 131047
    await rig.sim(f"people/{BEATRIZ}/reply", channel="whatsapp-1", text="Oi")
    await send_whatsapp(rig)
    await rig.settle()
    assert [one["status"] for one in read_statuses(rig)][1:] == ["sent", "delivered", "read"]


async def test_no_whatsapp_is_131026_and_stopped_marketing_131050(rig: Rig) -> None:
    """Both are found out only after the send was accepted."""
    await rig.sim("people", phone="+5511900000001", apps=["line"])
    hello = {"name": "hello", "language": {"code": "en"}, "components": [
        {"type": "body", "parameters": [{"type": "text", "text": "x"}]}]}  # fmt: skip
    await send_whatsapp(rig, to="5511900000001", type="template", template=hello)
    await rig.sim(f"people/{BEATRIZ}/marketing", channel="whatsapp-1", stop=True)
    await send_whatsapp(rig, type="template", template=hello)
    await rig.settle()
    assert [one["errors"][0]["code"] for one in read_statuses(rig)] == [131026, 131050]
    told = [value for value in read_changes(rig) if "user_preferences" in value]
    assert told[0]["user_preferences"][0]["value"] == "stop"


async def test_a_hidden_number_shows_only_the_business_scoped_id(rig: Rig) -> None:
    """With a username the payload has no phone at all; the id it has can be written to."""
    await rig.sim("behaviours", hide_phone_numbers=True)
    await rig.sim(f"people/{BEATRIZ}/reply", channel="whatsapp-1", text="Oi [7KQ2M4XD8A9PZT]")
    await rig.settle()
    value = read_changes(rig)[0]
    assert BEATRIZ[1:] not in json.dumps(value)
    user_id = value["messages"][0]["from_user_id"]
    assert value["contacts"][0]["user_id"] == user_id
    assert value["contacts"][0]["profile"]["username"]
    assert "from" not in value["messages"][0]
    status, body = await send_whatsapp(rig, to=None, recipient=user_id)
    assert (status, body["contacts"][0]["user_id"]) == (200, user_id)
    await rig.settle()
    assert [one["status"] for one in read_statuses(rig)] == ["sent", "delivered", "read"]
    assert all("recipient_id" not in one for one in read_statuses(rig))


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"messaging_product": None}, 400, 100),
        ({"text": {"body": ""}}, 400, 131009),
        ({"text": {"body": "a" * 4097}}, 400, 100),
        ({"type": "template", "template": {"name": "no", "language": {"code": "en"}}}, 404, 132001),
        ({"type": "template", "template": {"name": "hello", "language": {"code": "en"}}}, 400, 132000),
    ],
)
async def test_wrong_whatsapp_sends_have_metas_codes(rig: Rig, fields: dict[str, Any], status: int, code: int) -> None:
    """The error body is Graph's, with its code."""
    found, body = await send_whatsapp(rig, **fields)
    assert (found, body["error"]["code"]) == (status, code)


async def test_a_wrong_token_and_an_unknown_number_are_graph_errors(rig: Rig) -> None:
    """190 for the token, 100/33 for an object that does not exist."""
    wrong = await rig.http.get("/graph/v26.0/105558", headers={"Authorization": "Bearer no"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, 190)
    good = await rig.http.get("/graph/v26.0/105558?fields=display_phone_number", headers=WA)
    assert good.json()["display_phone_number"] == "+15550001111"


async def test_the_handshake_decides_whether_an_address_is_taken_over(rig: Rig) -> None:
    """Subscribing with an override address calls it with the challenge: only the right answer counts."""
    url = f"{rig.platform.url}/new-hook"
    body = {"override_callback_uri": url, "verify_token": "vt"}
    refused = await rig.http.post("/graph/v26.0/W1/subscribed_apps", json=body, headers=WA)
    assert refused.json()["error"]["code"] == 2200

    def answer(got: Got) -> tuple[int, dict[str, str], bytes]:
        right = got.query.get("hub.verify_token") == "vt"
        return (200, {}, got.query["hub.challenge"].encode()) if right else (403, {}, b"")

    rig.platform.answer = answer
    accepted = await rig.http.post("/graph/v26.0/W1/subscribed_apps", json=body, headers=WA)
    assert accepted.json() == {"success": True}
    assert rig.platform.got[-1].query["hub.challenge"] == CHALLENGE
    apps = (await rig.http.get("/graph/v26.0/W1/subscribed_apps", headers=WA)).json()
    assert apps["data"][0]["override_callback_uri"] == url


async def test_a_ref_arrives_with_get_started_then_the_message(rig: Rig) -> None:
    """A new Messenger thread: postback with the referral, then the text; in an old thread a referral at once."""
    link = "https://m.me/verbena?ref=7KQ2M4XD8A9PZT&text=Oi"
    opened = await rig.sim(f"people/{BEATRIZ}/tap", url=link)
    assert (opened["channel"], opened["token"]) == ("messenger-1", "7KQ2M4XD8A9PZT")
    await rig.sim(f"people/{BEATRIZ}/send", channel="messenger-1")
    await rig.settle()
    first, second = read_messaging(rig)
    assert first["postback"]["referral"]["ref"] == "7KQ2M4XD8A9PZT"
    assert second["message"]["text"] == "Oi"
    await rig.sim(f"people/{BEATRIZ}/tap", url=link)
    await rig.settle()
    assert read_messaging(rig)[2]["referral"]["ref"] == "7KQ2M4XD8A9PZT"


async def test_messenger_delivers_reads_and_refuses(rig: Rig) -> None:
    """Unknown people are 2018001, a closed window 2018278, a block 551; a good send is delivered and read."""
    assert (await send_messenger(rig, "1"))[1]["error"]["error_subcode"] == 2018001
    await rig.sim(f"people/{BEATRIZ}/reply", channel="messenger-1", text="Oi")
    await rig.settle()
    psid = read_messaging(rig)[0]["sender"]["id"]
    status, body = await send_messenger(rig, psid)
    assert (status, body["recipient_id"]) == (200, psid)
    await rig.settle()
    told = read_messaging(rig)[2:]
    assert told[0]["delivery"]["mids"] == [body["message_id"]]
    assert "watermark" in told[1]["read"]
    await rig.sim("clock", advance_s=25 * 3600)
    assert (await send_messenger(rig, psid))[1]["error"]["error_subcode"] == 2018278
    await rig.sim(f"people/{BEATRIZ}/block", channel="messenger-1")
    assert (await send_messenger(rig, psid))[1]["error"]["code"] == 551


async def test_a_comment_is_told_and_replied_to_once(rig: Rig) -> None:
    """It comes by the field `feed`; a second private reply is 10900, one after seven days is outside of the window."""
    for post in ("41", "42"):
        await rig.sim(f"people/{BEATRIZ}/comment", channel="messenger-1", post=post, text="How much?")
    await rig.settle()
    changes = [
        change["value"]
        for got in rig.platform.posts("/hooks/messenger-1")
        for entry in json.loads(got.body)["entry"]
        for change in entry["changes"]
    ]
    assert [(told["post_id"], told["message"]) for told in changes] == [(f"PAGE1_{n}", "How much?") for n in (41, 42)]
    first, second = ({"comment_id": told["comment_id"]} for told in changes)
    status, body = await send_messenger(rig, "", recipient=first)
    assert (status, body["recipient_id"]) == (200, changes[0]["from"]["id"])
    assert (await send_messenger(rig, "", recipient=first))[1]["error"]["code"] == 10900
    await rig.sim("clock", advance_s=8 * 24 * 3600)
    assert (await send_messenger(rig, "", recipient=second))[1]["error"]["error_subcode"] == 2018278


def test_signature_vectors() -> None:
    """Meta's own SDK signs the same bytes the same way; the proof is facebook_business's."""
    assert sign_body("s", b'{"a":1}') == "sha256=37beaf650f70b40ec9706929c2e9d835cbd63729988f48781e6383a147215f07"
    body = (
        '{"object":"page","entry":[{"id":"PAGE1","time":1760000000123,"messaging":[{"sender":{"id":"PSID1"},'
        '"recipient":{"id":"PAGE1"},"timestamp":1760000000000,"message":{"mid":"m_abc","text":"Olá ✓"}}]}]}'
    )
    expected = "sha256=38bde4b0cbb12d681e291df6ff1d5141feeb8607902b4dbf789fb0532240c364"
    assert sign_body("0123456789abcdef0123456789abcdef", body.encode()) == expected
    assert sign_proof("S", "T") == "e1785f02b5e5ffd73395592554b927bfe123c47a28485c132be2b91412dbe1fd"
