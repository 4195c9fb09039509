"""The providers' own test vectors: what official libraries sign, send and parse, ours does alike."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from msgspec.structs import replace
from tests.channels.replay import NOW

from tertulia.channels import meta, registry
from tertulia.channels.base import (
    Account,
    Call,
    ContactEvent,
    Outgoing,
    Picture,
    Rejected,
    Template,
    Text,
    WebhookCall,
)
from tertulia.channels.http_sms import signatures as gateway_signatures
from tertulia.channels.line.adapter import write_messages
from tertulia.channels.messenger.adapter import adapter as messenger
from tertulia.channels.telegram import signatures as telegram_signatures
from tertulia.channels.twilio.signatures import sign_address
from tertulia.channels.wechat import signatures as wechat_signatures
from tertulia.channels.wire import read_xml, sha256_hex

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))


def vectors(provider: str, *kinds: str) -> list[Any]:
    chosen = [v for v in VECTORS if v["provider"] == provider and v["kind"] in kinds]
    assert chosen
    return [pytest.param(v["input"], v["expected"], id=f"{v['kind']} {i}") for i, v in enumerate(chosen)]


def account(kind: str, settings: dict[str, str] | None = None, secrets: dict[str, str] | None = None) -> Account:
    return Account("ch1", kind, settings or {}, secrets or {}, "https://hooks.example.com/status")


def make_call(url: str, body: bytes, headers: dict[str, str], method: str = "POST") -> WebhookCall:
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    return WebhookCall(method, url, query, {name.lower(): value for name, value in headers.items()}, body)


def accepts(kind: str, known: Account, call: WebhookCall) -> bool:
    try:
        registry.get(kind).verify(known, call, NOW)
    except Rejected:
        return False
    return True


def send(kind: str, known: Account, message: Outgoing) -> Any:
    step = registry.get(kind).build(known, message, NOW)
    assert isinstance(step, Call)
    return step.request


# Twilio


@pytest.mark.parametrize(("given", "want"), vectors("twilio", "webhook_signature_form"))
def test_twilio_form(given: dict[str, Any], want: dict[str, Any]) -> None:
    """RequestValidator's form signatures, ports, empty and repeated parameters included."""
    fields = given.get("params_multi") or {name: [value] for name, value in given["params"].items()}
    body = urlencode([(name, value) for name, values in fields.items() for value in values]).encode()
    signature = given.get("signature") or want["signature"]
    call = make_call(given["url"], body, {given["header"]: signature})
    known = account("twilio", secrets={"auth_token": given["auth_token"]})
    assert accepts("twilio", known, call) is want["valid"]
    if "signature" in want:
        assert sign_address(given["auth_token"], given["url"], fields, "sha1") == want["signature"]


@pytest.mark.parametrize(("given", "want"), vectors("twilio", "webhook_signature_json"))
def test_twilio_json(given: dict[str, Any], want: dict[str, Any]) -> None:
    """A JSON call is signed by its address, which carries the body's hash."""
    signature = given.get("signature") or want["signature"]
    call = make_call(given["url"], given["body"].encode(), {given["header"]: signature})
    known = account("twilio", secrets={"auth_token": given["auth_token"]})
    assert accepts("twilio", known, call) is want["valid"]
    if want["valid"]:
        assert sha256_hex(given["body"].encode()) == want["body_sha256_hex"]


@pytest.mark.parametrize(("given", "want"), vectors("twilio", "webhook_signature_form_sha256"))
def test_twilio_shared_key(given: dict[str, Any], want: dict[str, Any]) -> None:
    """A shared signing key, named in a header, with SHA-256."""
    headers = {**given["settings_header"], given["header"]: want["signature"]}
    call = make_call(given["url"], urlencode(given["params"]).encode(), headers)
    keys = f"webhooks_sharedkey_01abc={given['shared_key_secret']}"
    assert accepts("twilio", account("twilio", secrets={"signature_keys": keys}), call)
    assert not accepts("twilio", account("twilio", secrets={"auth_token": given["shared_key_secret"]}), call)


@pytest.mark.parametrize(("given", "want"), vectors("twilio", "send_request"))
def test_twilio_send(given: dict[str, Any], want: dict[str, Any]) -> None:
    """The official client's request for a picture with a text."""
    known = account(
        "twilio",
        {"account_sid": given["account_sid"], "sender": given["from"]},
        {"auth_token": given["auth_token"]},
    )
    request = send("twilio", known, Outgoing("", given["to"], "phone", Picture(given["media_url"][0], given["body"])))
    form = {
        name: values if name == "MediaUrl" else values[0] for name, values in parse_qs(request.body.decode()).items()
    }
    form["StatusCallback"], _, again = form["StatusCallback"].partition("#")
    assert again == "rc=5&rp=all"  # ours: how often it calls again
    basic = b64encode(":".join(want["basic_auth"]).encode()).decode()
    assert (request.method, request.url, form) == (want["method"], want["url"], want["form"])
    assert dict(request.headers)["authorization"] == f"Basic {basic}"


# Generic HTTP gateway


@pytest.mark.parametrize("digest", ["md5", "sha1", "sha256", "sha512"])
def test_vonage(digest: str) -> None:
    """Vonage's four signature methods, through the whole verification."""
    vector = next(v for v in VECTORS if v["kind"] == f"vonage_sms_signature_{digest}")
    fields, sig = vector["input"]["params"], vector["expected"]["sig"]
    assert gateway_signatures.sign_vonage(vector["input"]["signature_secret"], fields, digest) == sig
    known = account(
        "http_sms",
        {"verification": "vonage", "hmac_algorithm": digest},
        {"verify_secret": vector["input"]["signature_secret"]},
    )
    url = "https://hooks.example.com/status?" + urlencode({**fields, "sig": sig})
    at_that_time = NOW.replace(year=2023, month=11, day=14, hour=22, minute=13)
    registry.get("http_sms").verify(known, make_call(url, b"", {}, "GET"), at_that_time)
    assert not accepts("http_sms", known, make_call(url, b"", {}, "GET"))


@pytest.mark.parametrize(("given", "want"), vectors("generic_http_sms", "messagebird_jwt"))
def test_messagebird(given: dict[str, Any], want: dict[str, Any]) -> None:
    """MessageBird's JWT binds address and body."""
    known = account("http_sms", {"verification": "messagebird"}, {"verify_secret": given["signing_key"]})
    call = make_call(given["url"], given["body"].encode(), {given["header"]: given["jwt"]})
    assert accepts("http_sms", known, call) is want["valid"]
    assert not accepts("http_sms", known, replace(call, body=b'{"id":"2"}'))
    assert not accepts("http_sms", known, replace(call, url=given["url"] + "2"))
    assert want["claims"]["url_hash"] == sha256_hex(given["url"].encode())


# WhatsApp and Messenger


@pytest.mark.parametrize("provider", ["whatsapp", "messenger"])
def test_meta_signature(provider: str) -> None:
    """X-Hub-Signature-256 over the raw bytes, escapes as received."""
    for vector in (v for v in VECTORS if (v["provider"], v["kind"]) == (provider, "webhook_signature")):
        given, want = vector["input"], vector["expected"]
        header = given.get("header_value") or want["header_value"]
        call = make_call("https://hooks.example.com/h", given["body"].encode(), {given["header"]: header})
        assert accepts(provider, account(provider, secrets={"app_secret": given["app_secret"]}), call) is want["valid"]


@pytest.mark.parametrize(("given", "want"), vectors("messenger", "webhook_signature_legacy_sha1"))
def test_messenger_legacy_signature_is_not_enough(given: dict[str, Any], want: dict[str, Any]) -> None:
    """The old SHA-1 header alone is refused."""
    call = make_call("https://hooks.example.com/h", given["body"].encode(), {given["header"]: want["header_value"]})
    assert not accepts("messenger", account("messenger", secrets={"app_secret": given["app_secret"]}), call)


@pytest.mark.parametrize("provider", ["whatsapp", "messenger"])
def test_meta_handshake(provider: str) -> None:
    """The challenge comes back when the verify token is ours."""
    for vector in (v for v in VECTORS if (v["provider"], v["kind"]) == (provider, "webhook_handshake")):
        given, want = vector["input"], vector["expected"]
        call = make_call(f"https://hooks.example.com/h?{given['query']}", b"", {}, "GET")
        known = account(provider, secrets={"verify_token": given["verify_token"]})
        if want["status"] == 403:
            with pytest.raises(Rejected) as refused:
                registry.get(provider).handshake(known, call, NOW)
            assert refused.value.status == 403
        else:
            answer = registry.get(provider).handshake(known, call, NOW)
            assert answer is not None
            assert (answer.status, answer.body.decode()) == (want["status"], want["body"])


PHONE, BSUID = "+4915112345678", "DE.13491208655302741918"
WHATSAPP_SENDS: dict[str, Outgoing] = {
    "send_request_text": Outgoing("", PHONE, "phone", Text("Hello *you*")),
    "send_request_text_to_bsuid_with_tracker": Outgoing("job-42", BSUID, "whatsapp", Text("Hello")),
    "send_request_reply_buttons": Outgoing("", PHONE, "phone", Text("Pick", (("Yes", "yes"), ("No", "no")))),
    "send_request_image_by_link": Outgoing("", PHONE, "phone", Picture("https://cdn.example.com/a.jpg", "cap")),
    "send_request_template": Outgoing("", PHONE, "phone", Template("order_update", "de", ("Zoë", "A-77"))),
}


@pytest.mark.parametrize("kind", WHATSAPP_SENDS)
def test_whatsapp_send(kind: str) -> None:
    """Requests as captured from a WhatsApp library (its footer apart, which we have no use for)."""
    vector = next(v for v in VECTORS if v["kind"] == kind and v["provider"] == "whatsapp")
    known = whatsapp_account(vector["input"])
    request, want = send("whatsapp", known, WHATSAPP_SENDS[kind]), vector["expected"]
    want["json"].get("interactive", {}).pop("footer", None)
    for component in want["json"].get("template", {}).get("components", []):
        component["type"] = component["type"].lower()
    assert (request.method, request.url, json.loads(request.body)) == (want["method"], want["url"], want["json"])
    assert dict(request.headers)["authorization"] == want["auth"]


def whatsapp_account(given: dict[str, str]) -> Account:
    settings = {"phone_number_id": given["phone_number_id"], "graph_version": f"v{given['api_version']}"}
    return account("whatsapp", settings, {"access_token": given["token"]})


def test_whatsapp_list() -> None:
    """More choices than buttons become the list that the library writes: one section, rows of id and title."""
    vector = next(v for v in VECTORS if v["kind"] == "send_request_list")
    choices = tuple((f"R{i}", f"r{i}") for i in range(1, 5))
    request = send("whatsapp", whatsapp_account(vector["input"]), Outgoing("", PHONE, "phone", Text("Menu", choices)))
    ours, want = json.loads(request.body), vector["expected"]["json"]
    assert ours.keys() == want.keys()
    assert ours["interactive"].keys() == want["interactive"].keys()
    row = want["interactive"]["action"]["sections"][0]["rows"][0]
    assert ours["interactive"]["action"]["sections"][0]["rows"][0] == {"id": row["id"], "title": row["title"]}


def test_whatsapp_mark_read() -> None:
    """The call behind the blue ticks."""
    from tertulia.channels.whatsapp.adapter import WhatsApp

    vector = next(v for v in VECTORS if v["kind"] == "send_request_mark_read")
    request, want = WhatsApp().mark_read(whatsapp_account(vector["input"]), "wamid.T1"), vector["expected"]
    assert (request.url, json.loads(request.body)) == (want["url"], want["json"])


@pytest.mark.parametrize(("given", "want"), vectors("messenger", "appsecret_proof"))
def test_messenger_proof(given: dict[str, Any], want: dict[str, Any]) -> None:
    """The proof that the official business SDK computes."""
    assert meta.make_proof(given["app_secret"], given["access_token"]) == want["appsecret_proof"]


MESSENGER_SENDS: dict[str, Outgoing] = {
    "send_request_text": Outgoing("", "PSID1", "messenger", Text("Hi")),
    "send_request_private_reply_comment": Outgoing("", "POST_COMMENT", "comment", Text("Hi")),
    "send_request_human_agent_tag": Outgoing("", "PSID1", "messenger", Text("Hi"), by_person=True),
    "send_request_quick_replies": Outgoing("", "PSID1", "messenger", Text("Pick", (("Yes", "Y"),))),
}


@pytest.mark.parametrize("kind", MESSENGER_SENDS)
def test_messenger_send(kind: str) -> None:
    """Requests as captured from a Messenger library; ours go to the Page by name and answer (RESPONSE), not UPDATE."""
    vector = next(v for v in VECTORS if v["kind"] == kind and v["provider"] == "messenger")
    given, want = vector["input"], vector["expected"]
    settings = {"page_id": "PAGE1", "graph_version": f"v{given['api_version']}", "human_agent": "yes"}
    secrets = {"access_token": given["page_access_token"], "app_secret": given["app_secret"]}
    request = send("messenger", account("messenger", settings, secrets), MESSENGER_SENDS[kind])
    body = {**want["json"], "messaging_type": want["json"]["messaging_type"].replace("UPDATE", "RESPONSE")}
    assert json.loads(request.body) == body
    assert request.url == want["url"].replace("/me/", "/PAGE1/")
    assert messenger.capabilities.text_max == 2_000


# LINE


@pytest.mark.parametrize(("given", "want"), vectors("line", "webhook_signature"))
def test_line_signature(given: dict[str, Any], want: dict[str, Any]) -> None:
    """The official SignatureValidator's signatures; the console's Verify holds no event."""
    signature = given.get("signature") or want["signature"]
    call = make_call("https://hooks.example.com/h", given["body"].encode(), {given["header"]: signature})
    known = account("line", {"channel_id": "1"}, {"channel_secret": given["channel_secret"]})
    assert accepts("line", known, call) is want["valid"]
    if "events" in want:
        assert len(registry.get("line").parse_webhook(known, call, NOW)) == want["events"]
        assert registry.get("line").ack(known, []).status == want["status"]


@pytest.mark.parametrize(("given", "want"), vectors("line", "send_push_body"))
def test_line_push(given: dict[str, Any], want: dict[str, Any]) -> None:
    """The official models' push body: a text with quick replies, and a picture."""
    text = Text("Hello", (("Yes", "y=1"), ("No", "")))
    known = account("line", {}, {"access_token": "T"})
    request = send("line", known, Outgoing("d-1", given["to"], "line", text))
    picture = Picture("https://cdn.example.com/a.jpg", preview_url="https://cdn.example.com/a_s.jpg")
    body = json.loads(request.body)
    body["messages"] += write_messages(picture)
    assert (request.method, request.url, body) == (want["method"], want["url"], want["json"])


@pytest.mark.parametrize(("given", "want"), vectors("line", "send_reply_body"))
def test_line_reply(given: dict[str, Any], want: dict[str, Any]) -> None:
    """The official models' reply envelope (its buttons template apart: ours are quick replies)."""
    known = account("line", {}, {"access_token": "T"})
    request = send("line", known, Outgoing("d-1", "U1", "line", Text("Body"), reply_token=given["replyToken"]))
    body = json.loads(request.body)
    assert (request.method, request.url) == (want["method"], want["url"])
    assert {**body, "messages": []} == {**want["json"], "messages": []}
    assert "x-line-retry-key" not in dict(request.headers)


# Viber


@pytest.mark.parametrize(("given", "want"), vectors("viber", "webhook_signature"))
def test_viber_signature(given: dict[str, Any], want: dict[str, Any]) -> None:
    """The official library's signature; the event carries the link's code."""
    signature = given.get("signature") or want["signature"]
    call = make_call("https://hooks.example.com/h", given["body"].encode(), {given["header"]: signature})
    known = account("viber", {"bot_uri": "b"}, {"auth_token": given["auth_token"]})
    assert accepts("viber", known, call) is want["valid"]
    if want["valid"]:
        (event,) = registry.get("viber").parse_webhook(known, call, NOW)
        assert isinstance(event, ContactEvent)
        assert (event.kind, event.token) == ("started", "tok-77")


@pytest.mark.parametrize(("given", "want"), vectors("viber", "send_request"))
def test_viber_send(given: dict[str, Any], want: dict[str, Any]) -> None:
    """The official library's request; our token travels in the documented header, and nothing is tracked."""
    settings = {"sender_name": "Shop", "avatar": "https://cdn.example.com/a.png"}
    known = account("viber", settings, {"auth_token": want["json"]["auth_token"]})
    request = send("viber", known, Outgoing("d-1", given["receiver"], "viber", Text("Hi", (("Yes", "yes"),))))
    body = {name: value for name, value in want["json"].items() if name not in ("auth_token", "tracking_data")}
    assert (request.method, request.url, json.loads(request.body)) == (want["method"], want["url"], body)
    assert dict(request.headers)["x-viber-auth-token"] == want["json"]["auth_token"]


# Telegram


@pytest.mark.parametrize(("given", "want"), vectors("telegram", "deep_link"))
def test_telegram_link(given: dict[str, Any], want: dict[str, Any]) -> None:
    """A Start link as libraries make it."""
    known = account("telegram", {"bot_username": given["username"]})
    assert registry.get("telegram").deep_link(known, given["payload"], "").url == want["url"]


@pytest.mark.parametrize(("given", "want"), vectors("telegram", "deep_link_encoded"))
def test_telegram_link_encoded(given: dict[str, Any], want: dict[str, Any]) -> None:
    """Arbitrary data as base64url without padding."""
    payload = telegram_signatures.encode_start(given["payload"])
    known = account("telegram", {"bot_username": given["username"]})
    assert payload == want["payload"]
    assert registry.get("telegram").deep_link(known, payload, "").url == want["url"]


@pytest.mark.parametrize(("given", "want"), vectors("telegram", "deep_link_invalid"))
def test_telegram_link_invalid(given: dict[str, Any], want: dict[str, Any]) -> None:
    """What may not ride on a link is an error, never a cut-off code."""
    known = account("telegram", {"bot_username": given["username"]})
    for payload in given["payloads"]:
        with pytest.raises(ValueError, match="start payload"):
            registry.get("telegram").deep_link(known, payload, "")
    assert want["error"]


@pytest.mark.parametrize(("given", "want"), vectors("telegram", "webhook_secret"))
def test_telegram_secret(given: dict[str, Any], want: dict[str, Any]) -> None:
    """The secret token's header is compared whole."""
    call = make_call("https://hooks.example.com/h", b"{}", {given["header"]: given["header_value"]})
    assert (
        accepts("telegram", account("telegram", secrets={"secret_token": given["secret_token"]}), call) is want["valid"]
    )


@pytest.mark.parametrize(("given", "want"), vectors("telegram", "mini_app_init_data"))
def test_telegram_init_data(given: dict[str, Any], want: dict[str, Any]) -> None:
    """A Mini App's init data."""
    assert telegram_signatures.check_init_data(given["bot_token"], given["init_data"]) is want["valid"]
    assert not telegram_signatures.check_init_data(given["bot_token"], given["init_data"].replace("42", "43"))


@pytest.mark.parametrize(("given", "want"), vectors("telegram", "login_widget"))
def test_telegram_login(given: dict[str, Any], want: dict[str, Any]) -> None:
    """The login widget's answer."""
    fields = {**given["params"], "hash": want["hash"]}
    assert telegram_signatures.check_login(given["bot_token"], fields) is want["valid"]
    assert not telegram_signatures.check_login(given["bot_token"], {**fields, "id": "43"})


@pytest.mark.parametrize(("given", "want"), vectors("telegram", "send_body"))
def test_telegram_send(given: dict[str, Any], want: dict[str, Any]) -> None:
    """A text with an answer and a link under it."""
    text = Text("Hi", (("Yes", "y"), ("Site", "https://example.com")))
    known = account("telegram", secrets={"token": given["token"]})
    request = send("telegram", known, Outgoing("d-1", str(given["chat_id"]), "telegram", text))
    assert (request.method, request.url, json.loads(request.body)) == (want["method"], want["url"], want["json"])


# WeChat


@pytest.mark.parametrize(("given", "want"), vectors("wechat", "webhook_signature"))
def test_wechat_signature(given: dict[str, Any], want: dict[str, Any]) -> None:
    """Plain mode: the sorted token, time and nonce."""
    signature = given.get("signature") or want["signature"]
    query = urlencode({"signature": signature, "timestamp": given["timestamp"], "nonce": given["nonce"]})
    call = make_call(f"https://hooks.example.com/h?{query}", b"<xml/>", {})
    assert accepts("wechat", account("wechat", secrets={"token": given["token"]}), call) is want["valid"]


@pytest.mark.parametrize(("given", "want"), vectors("wechat", "webhook_handshake"))
def test_wechat_handshake(given: dict[str, Any], want: dict[str, Any]) -> None:
    """The echo comes back when the signature is right."""
    call = make_call(f"https://hooks.example.com/h?{given['query']}", b"", {}, "GET")
    answer = registry.get("wechat").handshake(account("wechat", secrets={"token": given["token"]}), call, NOW)
    assert answer is not None
    assert (answer.status, answer.body.decode()) == (want["status"], want["body"])


@pytest.mark.parametrize(("given", "want"), vectors("wechat", "encrypted_message"))
def test_wechat_encrypted(given: dict[str, Any], want: dict[str, Any]) -> None:
    """Safe mode: signature over the ciphertext, and the XML inside."""
    sealed = given["encrypt"]
    assert (
        wechat_signatures.sign_parts(given["token"], given["timestamp"], given["nonce"], sealed)
        == want["msg_signature"]
    )
    assert wechat_signatures.decrypt(given["encoding_aes_key"], given["app_id"], sealed).decode() == want["plaintext"]


@pytest.mark.parametrize(("given", "want"), vectors("wechat", "parse_event"))
def test_wechat_event(given: dict[str, Any], want: dict[str, Any]) -> None:
    """A scanned code comes back without its prefix, from new followers and old."""
    from tertulia.channels.wechat.inbound import parse_message

    event = parse_message(read_xml(given["xml"].encode()), "gh_1", NOW)
    assert isinstance(event, ContactEvent)
    assert (event.token, event.identity.value) == (want["scene"], want["openid"])
    assert event.kind == {"subscribe_scan": "followed", "scan": "started"}[want["event"]]


def test_every_vector_has_its_test() -> None:
    """No vector of the file is left out: each kind is named in this module."""
    source = Path(__file__).read_text("utf-8")
    missing = {v["kind"] for v in VECTORS if v["kind"] not in source and not v["kind"].startswith("vonage_")}
    assert not missing
