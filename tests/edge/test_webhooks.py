"""Webhooks over real HTTP: refused, kept, parked, counted, and never acknowledged before they are stored (I3)."""

import hashlib
import hmac
import json
import threading
import time

import httpx
import psycopg
import pytest
from tests.edge.conftest import Shop

from tertulia.core.entries import shard_of_identity
from tertulia.core.identity import IdentityRef
from tertulia.ids import make_contact_id, shard_of_contact

SECRET = "an app secret of WhatsApp"


@pytest.fixture
def hook(web: httpx.Client, shop: Shop):
    """A WhatsApp channel and how its provider calls it."""
    channel = shop.connect("whatsapp", phone="+5511987654321", phone_number_id="77", waba_id="w1", app_secret=SECRET)

    def call(body: bytes | dict, secret: str = SECRET, **headers: str) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        return web.post(
            f"/hooks/{channel.public_id}",
            content=raw,
            headers={"x-hub-signature-256": f"sha256={signed}", "content-type": "application/json", **headers},
        )

    call.channel = channel
    return call


def message(number: int = 1, text: str = "Oi", sender: str = "5511911112222") -> dict:
    one = {"from": sender, "id": f"wamid.{number}", "timestamp": "1790000000", "type": "text", "text": {"body": text}}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "5511987654321", "phone_number_id": "77"},
        "contacts": [{"profile": {"name": "Ana"}, "wa_id": sender}],
        "messages": [one],
    }
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "w1", "changes": [{"field": "messages", "value": value}]}],
    }


def tally(shop: Shop) -> tuple[int, int]:
    row = shop.run("select coalesce(sum(received), 0)::int, coalesce(sum(parked), 0)::int from channel_tally")[0]
    return row[0], row[1]


def test_I3_a_message_is_stored_raw_and_in_the_log_before_it_is_acknowledged(hook, shop: Shop) -> None:
    assert hook(message()).status_code == 200
    [row] = shop.run("select method, body, events, unknown, parked, url from webhook")
    assert (row[0], json.loads(row[1]), row[2:5]) == ("POST", message(), (1, 0, ""))
    assert row[5] == f"http://127.0.0.1:8080/hooks/{hook.channel.public_id}"
    [entry] = shop.log("inbound")
    assert (entry["text"], entry["message_id"], entry["channel"]) == ("Oi", "wamid.1", "whatsapp")
    assert tally(shop) == (1, 0)


def test_a_wrong_signature_stores_nothing(hook, shop: Shop, web: httpx.Client) -> None:
    """403 (401 without one), and not a row anywhere."""
    assert hook(message(), secret="another").status_code == 403
    assert web.post(f"/hooks/{hook.channel.public_id}", json=message()).status_code in (401, 403)
    assert shop.run("select count(*) from webhook") == [(0,)]
    assert shop.run("select count(*) from log") == [(0,)]
    assert shop.run("select first_call_at from channel") == [(None,)]


def test_refused_calls_are_counted_and_named_in_the_channels_log(hook, shop: Shop) -> None:
    """One row for many refusals, with the reason and their number; nothing of the calls themselves."""
    for _ in range(7):
        hook(message(text="secret words"), secret="another")
    deadline = time.monotonic() + 5
    while not (rows := shop.run("select purpose, status, answer, error, body, headers, url from channel_log")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert rows[0][:6] == ("webhook", 403, rows[0][2], "refused", "", "")
    assert rows[0][2].startswith("bad_signature")
    assert "secret words" not in str(rows)


def test_an_unknown_identitys_entry_goes_to_its_shard_a_known_ones_to_its_contacts(hook, shop: Shop) -> None:
    hook(message(1))
    [entry] = shop.log("inbound")
    identity = IdentityRef(**entry["identity"])
    home = shard_of_identity(shop.workspace, identity)
    assert shop.run("select shard, contact_id from log") == [(home, None)]
    contact_id = make_contact_id(5, 9)
    shop.run(
        "insert into identity values (%s, %s, %s, %s, %s, %s, %s, 1, now())",
        home, shop.workspace, identity.kind, identity.scope, identity.value, contact_id, home,
    )  # fmt: skip
    hook(message(2))
    rows = shop.run("select shard, contact_id from log where contact_id is not null")
    assert rows == [(shard_of_contact(contact_id), contact_id)]


def test_E1_a_call_that_comes_twice_has_the_same_key(hook, shop: Shop) -> None:
    """Both are kept and acknowledged; the owner drops the second by its key."""
    assert [hook(message()).status_code for _ in range(2)] == [200, 200]
    assert shop.run("select count(*), count(distinct key) from log") == [(2, 1)]


def test_what_cannot_be_read_after_a_good_signature_is_parked_and_acknowledged(hook, shop: Shop) -> None:
    """Not JSON, nested too deep, no object: kept with a reason, counted, answered 200."""
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    for body in (b"not json", deep, b"[1,2]", b"\xff\xfe\x00"):
        assert hook(body).status_code == 200
    rows = shop.run("select parked, events from webhook")
    assert len(rows) == 4
    assert all(reason and events == 0 for reason, events in rows)
    assert tally(shop) == (4, 4)


def test_unknown_kinds_are_acknowledged_and_kept(hook, shop: Shop) -> None:
    body = message()
    body["entry"][0]["changes"][0]["field"] = "something_new"
    assert hook(body).status_code == 200
    assert shop.run("select events, unknown > 0, parked from webhook") == [(0, True, "")]
    assert tally(shop) == (0, 0)


def test_a_body_of_ten_megabytes_is_refused(hook, shop: Shop) -> None:
    assert hook(b"{" + b" " * 10_000_001).status_code == 413
    assert hook(b"[" + b" " * 9_000_000 + b"]").status_code in (200, 413)  # the adapter's own limit may be lower
    assert shop.run("select count(*) from webhook where octet_length(body) > 10000000") == [(0,)]


def test_a_handshake_is_answered_by_the_adapter(web: httpx.Client, shop: Shop) -> None:
    channel = shop.connect("whatsapp", phone="+5511987654321", verify_token="a token of ours")
    query = {"hub.mode": "subscribe", "hub.verify_token": "a token of ours", "hub.challenge": "12345"}
    good = web.get(f"/hooks/{channel.public_id}", params=query)
    assert (good.status_code, good.text) == (200, "12345")
    assert web.get(f"/hooks/{channel.public_id}", params={**query, "hub.verify_token": "no"}).status_code == 403
    assert shop.run("select first_call_at is not null from channel where id = %s", channel.pk) == [(True,)]


def test_an_unknown_or_archived_channel_is_not_found(web: httpx.Client, shop: Shop) -> None:
    assert web.post("/hooks/nothing").status_code == 404
    assert web.post("/hooks/" + "a" * 5000).status_code == 404


def test_secrets_in_a_call_are_masked_where_it_is_kept(web: httpx.Client, shop: Shop) -> None:
    """Telegram proves itself by a secret in a header; the raw row does not hold it."""
    channel = shop.connect("telegram", bot_username="CasaVerdeBot", secret_token="very-secret-token")
    update = {"update_id": 5, "message": {"message_id": 1, "date": 1790000000, "chat": {"id": 4, "type": "private"},
              "from": {"id": 4, "first_name": "Bo"}, "text": "hi"}}  # fmt: skip
    headers = {"x-telegram-bot-api-secret-token": "very-secret-token"}
    assert web.post(f"/hooks/{channel.public_id}", json=update, headers=headers).status_code == 200
    assert shop.run(
        "select headers::text like '%%very-secret%%', headers ? 'x-telegram-bot-api-secret-token' from webhook"
    ) == [(False, True)]


def test_an_append_that_is_held_open_is_passed_by_nobody(hook, shop: Shop, empty_database: str) -> None:
    """A transaction that appended and has not committed delays no other writer, and its numbers leave no gap."""
    with psycopg.connect(empty_database) as slow:
        slow.execute("insert into log_writer values (999999, 'slow', now(), now())")
        slow.execute("insert into log values (1, 999999, 1, 1, 'click', 'k', null, now(), now(), '{}')")
        answers: list[int] = []
        caller = threading.Thread(target=lambda: answers.append(hook(message()).status_code))
        caller.start()
        caller.join(5)
        assert answers == [200]
        slow.rollback()
    rows = shop.run("select shard, writer, array_agg(seq order by seq) from log group by shard, writer")
    assert all(seqs == list(range(seqs[0], seqs[0] + len(seqs))) for _, _, seqs in rows)


def test_many_at_once_are_all_kept_once_each_and_numbered_densely(hook, shop: Shop) -> None:
    """Sixteen callers, 20 messages each: group commit loses and doubles nothing."""

    def call(first: int) -> None:
        for number in range(first, first + 20):
            assert hook(message(number, sender=f"55119{number:08}")).status_code == 200

    callers = [threading.Thread(target=call, args=(number * 20,)) for number in range(16)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert shop.run("select count(*), count(distinct key) from log") == [(320, 320)]
    assert tally(shop) == (320, 0)
    rows = shop.run("select writer, shard, array_agg(seq order by seq) from log group by writer, shard")
    assert all(seqs == list(range(seqs[0], seqs[0] + len(seqs))) for _, _, seqs in rows)


XML = """<xml><ToUserName>gh_1</ToUserName><FromUserName>oABC</FromUserName><CreateTime>1790000000</CreateTime>
<MsgType>text</MsgType><Content>{}</Content><MsgId>{}</MsgId></xml>"""


@pytest.fixture
def wechat(web: httpx.Client, shop: Shop):
    """A WeChat account in plain mode and how WeChat calls it: `call(body, nonce)`."""
    token = "a token of ours"
    channel = shop.connect("wechat", account_id="gh_1", app_id="wx1", app_secret="very secret", token=token)

    def call(body: str | None, nonce: str, stamp: int | None = None) -> httpx.Response:
        at = str(int(time.time()) if stamp is None else stamp)
        signature = hashlib.sha1("".join(sorted((token, at, nonce))).encode()).hexdigest()
        query = {"signature": signature, "timestamp": at, "nonce": nonce, "echostr": "8"}
        if body is None:
            return web.get(f"/hooks/{channel.public_id}", params=query)
        return web.post(f"/hooks/{channel.public_id}", params=query, content=body.encode())

    return call


def test_I3_a_captured_signature_serves_no_other_body(wechat, shop: Shop) -> None:
    """WeChat's plain signature does not cover the body. Its own retry is taken and has no effect twice; another body
    under it is refused and leaves nothing behind, wherever the signature came from."""
    at = int(time.time())
    assert wechat(XML.format("Hello", 1), "n1", at).status_code == 200
    assert wechat(XML.format("Hello", 1), "n1", at).status_code == 200
    forged = wechat(XML.format("Send me the money", 2), "n1", at)
    assert forged.status_code == 403
    assert wechat(XML.format("Hello again", 3), "n2", at).status_code == 200
    assert wechat(None, "n3", at).text == "8"
    assert wechat(XML.format("Send me the money", 4), "n3", at).status_code == 403
    assert [entry["text"] for entry in shop.log("inbound")] == ["Hello", "Hello", "Hello again"]
    assert shop.run("select count(distinct key) from log") == [(2,)]
    assert shop.run("select count(*) from webhook where body like '%%money%%'") == [(0,)]


def test_a_signature_that_is_older_than_five_minutes_is_refused(wechat, shop: Shop) -> None:
    """However it was signed."""
    assert wechat(XML.format("Hello", 1), "n1", int(time.time()) - 400).status_code == 403
    assert shop.run("select count(*) from hook_nonce") == [(0,)]
