"""Tracking SDKs over real HTTP: what they send is in the log before they are answered, and they are answered in the
forms that they understand."""

import base64
import gzip
import json
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from tests.edge.conftest import Sdk, Shop

from tertulia.core.entries import shard_of_identity
from tertulia.core.identity import IdentityRef
from tertulia.ids import make_contact_id, shard_of_contact

REQUESTS = [json.loads(line) for line in (Path(__file__).parent / "sdk_requests.jsonl").read_text("utf-8").splitlines()]
RECORDED_KEYS = ("wk_test_0123456789", "pk_us_abcdef0123")


def track(number: int = 1, **fields: object) -> dict:
    return {"type": "track", "event": "Bought", "userId": "u1", "messageId": f"m{number}", **fields}


def batch(*messages: object, **fields: object) -> dict:
    return {"batch": list(messages), **fields}


def show_error(response: httpx.Response) -> tuple[int, str]:
    """Status and code of an error, of the form that every SDK takes."""
    told = response.json()
    assert told["success"] is False
    assert isinstance(told["message"], str)
    return response.status_code, told["code"]


def write_body(request: dict, key: str) -> bytes:
    """The body of a recorded request, with a key of ours; one that was too long to keep is made again."""
    if omitted := request.get("body_omitted"):
        size = omitted["decoded_bytes"] // omitted["batch_len"] - 200
        made = [track(place, properties={"filler": "x" * size}) for place in range(omitted["batch_len"])]
        raw = json.dumps(batch(*made)).encode()
    elif "body_raw" in request:
        raw = request["body_raw"].encode()
    else:
        raw = json.dumps(request["body"]).encode()
    for recorded in RECORDED_KEYS:
        raw = raw.replace(recorded.encode(), key.encode())
    packed = request["headers"].get("Content-Encoding") == "gzip"
    return gzip.compress(raw) if packed else raw


def write_headers(request: dict, key: str) -> dict[str, str]:
    headers = {name: value for name, value in request["headers"].items() if name.lower() != "accept-encoding"}
    if told := headers.get("Authorization"):
        basic = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
        headers["Authorization"] = basic if told.startswith("Basic") else f"Bearer {key}"
    return headers


@pytest.mark.parametrize("place", range(len(REQUESTS)), ids=lambda place: f"{place}-{REQUESTS[place]['sdk']}")
def test_what_an_sdk_was_seen_to_send_is_in_the_log(place: int, web: httpx.Client, shop: Shop, make_sdk) -> None:
    """Line by line, whatever the recording server answered then: 200 (204 for a preflight) and every message kept."""
    request, sdk = REQUESTS[place], make_sdk(client_side=True)
    path = request["path"]
    for recorded in RECORDED_KEYS:
        path = path.replace(recorded, sdk.key)
    body = write_body(request, sdk.key) if request["method"] == "POST" else None
    response = web.request(request["method"], path, content=body, headers=write_headers(request, sdk.key))
    assert response.status_code == (204 if request["method"] == "OPTIONS" else 200), response.text
    if origin := request["headers"].get("Origin"):
        assert response.headers["access-control-allow-origin"] == origin
    if asked := request["headers"].get("Access-Control-Request-Headers"):
        assert response.headers["access-control-allow-headers"] == asked
    if body is None or "/v1/m" in path:
        return
    told = request.get("body") or {}
    sent = told.get("batch", [told] if told else [])
    count = request.get("body_omitted", {}).get("batch_len") or len(sent) or 1
    assert response.json() == {"success": True, "accepted": count, "discarded": []}
    entries = shop.log("event")
    assert len(entries) == count
    assert {message["messageId"] for message in sent if "messageId" in message} <= {e["message_id"] for e in entries}
    assert all(entry["context"]["ip"] for entry in entries)
    assert "writeKey" not in json.dumps(entries)


def test_an_event_is_in_the_log_of_its_identitys_shard_then_of_its_contacts(sdk: Sdk, shop: Shop) -> None:
    """By the user where one is named, known or not, so that what they do keeps its order (E6); else by the device."""
    user, device = IdentityRef("user_id", "", "u1"), IdentityRef("anonymous_id", "", "a1")
    known = {device: make_contact_id(5, 9), user: make_contact_id(6, 77)}

    def link(identity: IdentityRef) -> None:
        shop.run(
            "insert into identity values (%s, %s, %s, '', %s, %s, %s, 1, now())",
            shard_of_identity(shop.workspace, identity), shop.workspace, identity.kind, identity.value,
            known[identity], shard_of_contact(known[identity]),
        )  # fmt: skip

    def place(**facts: str | None) -> tuple[int, int | None]:
        shop.run("truncate log")
        assert sdk.call(batch(track(1, anonymousId="a1", **facts))).json()["accepted"] == 1
        [row] = shop.run("select shard, contact_id from log")
        return row

    unknown = (shard_of_identity(shop.workspace, user), None)
    assert place() == unknown
    link(device)
    assert place() == unknown
    assert place(userId=None) == (shard_of_contact(known[device]), known[device])
    link(user)
    assert place() == (shard_of_contact(known[user]), known[user])


def test_E1_a_retry_is_answered_as_success_and_has_the_same_key(sdk: Sdk, shop: Shop) -> None:
    told = batch(track(1, timestamp="2026-11-22T10:00:00Z"))
    assert [sdk.call({**told, "sentAt": f"2026-11-22T10:00:0{n}Z"}).status_code for n in (1, 5)] == [200, 200]
    [(count, keys, times)] = shop.run("select count(*), count(distinct key), count(distinct occurred_at) from log")
    assert (count, keys, times) == (2, 1, 1)


def test_E1_who_hangs_up_after_sending_has_sent(sdk: Sdk, shop: Shop, server: str) -> None:
    """The answer finds nobody; the retry has the same key."""
    body = json.dumps(batch(track(7, timestamp="2026-11-22T10:00:00Z"), writeKey=sdk.key)).encode()
    assert sdk.call(b"{}").status_code == 200  # the server knows the key
    address = httpx.URL(server)
    with socket.create_connection((address.host, address.port)) as connection:
        head = f"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        time.sleep(0.3)
    assert [entry["message_id"] for entry in shop.log("event")] == ["m7"]
    assert sdk.call(body).status_code == 200
    assert shop.run("select count(*), count(distinct key) from log") == [(2, 1)]


def test_one_bad_message_is_discarded_and_noted_and_the_others_are_stored(sdk: Sdk, shop: Shop) -> None:
    response = sdk.call(batch(track(1), {"type": "track", "messageId": "m2"}, "no object", track(4, event=7), track(5)))
    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "accepted": 2,
        "discarded": [
            {"index": 1, "messageId": "m2", "code": "no_user_anon_id"},
            {"index": 2, "messageId": "", "code": "message_not_object"},
            {"index": 3, "messageId": "m4", "code": "event_not_string"},
        ],
    }
    assert sorted(entry["message_id"] for entry in shop.log("event")) == ["m1", "m5"]
    assert [row[:4] for row in sdk.discards()] == [
        ("no_user_anon_id", 1, "m2", "track"),
        ("message_not_object", 2, "", ""),
        ("event_not_string", 3, "m4", "track"),
    ]
    assert json.loads(sdk.discards()[2][5])["event"] == 7


def test_what_no_database_takes_is_mended(sdk: Sdk, shop: Shop) -> None:
    """NaN, infinities, NULs, lone surrogates and broken UTF-8, with a good message beside them."""
    bad = (
        b'{"type":"track","event":"N\\u0000aN","userId":"u\\ud800","messageId":"m\x001","properties":'
        b'{"nan":NaN,"inf":-Infinity,"big":1e999,"lone":"\\ud83d","pair":"\\ud83d\\ude00","\\u0000k":"\xff","k":1,"k":2}}'
    )
    response = sdk.call(b'{"batch":[' + bad + b"," + json.dumps(track(2)).encode() + b"]}")
    assert response.json() == {"success": True, "accepted": 2, "discarded": []}
    entry = next(entry for entry in shop.log("event") if entry["message_id"] == "m1")
    assert (entry["name"], entry["user_id"]) == ("NaN", "u\ufffd")
    expected = {"nan": None, "inf": None, "big": None, "lone": "\ufffd", "pair": "😀", "k": 2}
    assert entry["properties"] == expected


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/import", "/v1/b", "/v1/batch/", "/v1/batch?unknown=1&x"])
def test_addresses_of_envelopes(path: str, sdk: Sdk, shop: Shop) -> None:
    assert sdk.call(batch(track(1), track(2)), path).json()["accepted"] == 2
    assert len(shop.log("event")) == 2


@pytest.mark.parametrize("call", ["track", "identify", "page", "screen", "group", "alias"])
def test_addresses_of_single_messages_say_what_the_message_is(call: str, sdk: Sdk, shop: Shop) -> None:
    """By name, by letter, with a slash; the message's own type wins."""
    told = {"userId": "u1", "event": "Bought", "groupId": "g1", "previousId": "p1"}
    for path in (f"/v1/{call}", f"/v1/{call[0]}", f"/v1/{call[0]}/"):
        assert sdk.call(told, path).json() == {"success": True, "accepted": 1, "discarded": []}
    assert sdk.call({**told, "type": "track"}, f"/v1/{call}").json()["accepted"] == 1
    assert sorted(entry["call"] for entry in shop.log("event")) == sorted([call, call, call, "track"])


def test_time_is_corrected_by_the_clock_that_sent(sdk: Sdk, shop: Shop) -> None:
    """E2: a clock that is a year behind; by the envelope, by the header; the client's own time is kept."""
    told = {"timestamp": "2025-11-22T10:00:00Z"}
    sent = "2025-11-22T11:00:00Z"
    sdk.call(batch(track(1, **told), sentAt=sent))
    sdk.call(track(1, **told), "/v1/track", sentat=sent)
    now = datetime.now(UTC)
    for entry in shop.log("event"):
        assert entry["client_at"] == told["timestamp"]
        at = datetime.fromisoformat(entry["at"])
        assert abs(now - timedelta(hours=1) - at) < timedelta(seconds=30)


def test_every_form_of_the_key(sdk: Sdk, web: httpx.Client) -> None:
    basic = base64.b64encode(f"{sdk.key}".encode()).decode()
    for header in (
        f"Basic {base64.b64encode(f'{sdk.key}:'.encode()).decode()}",
        f"basic {base64.b64encode(f' {sdk.key} :password'.encode()).decode().rstrip('=')}",
        f"Basic {basic}",
        f"Bearer {sdk.key}",
    ):
        assert sdk.call(batch(track()), authorization=header).status_code == 200, header
    assert sdk.call(batch(track(), writeKey=f" {sdk.key}\n"), authorization="").status_code == 200
    assert sdk.call(batch(track(), track(writeKey=sdk.key)), authorization="").status_code == 200
    assert sdk.call(track(writeKey=sdk.key), "/v1/track", authorization="").status_code == 200
    assert sdk.call(batch(track()), f"/v1/batch?writeKey={sdk.key}", authorization="").status_code == 200
    oauth = sdk.call(batch(track(), writeKey=sdk.key), authorization="Bearer an.oauth.token")
    assert oauth.status_code == 200


def test_the_first_key_counts_and_a_wrong_one_is_refused(sdk: Sdk, shop: Shop) -> None:
    wrong = "Basic " + base64.b64encode(b"wk_nobody:").decode()
    assert show_error(sdk.call(batch(track(), writeKey=sdk.key), authorization=wrong)) == (401, "invalid_write_key")
    assert show_error(sdk.call(batch(track()), authorization="")) == (401, "missing_write_key")
    assert show_error(sdk.call(batch(track(), writeKey="x" * 500), authorization="")) == (401, "invalid_write_key")
    assert shop.log("event") == []


def test_a_source_that_is_switched_off_takes_nothing_and_says_success(make_sdk, shop: Shop) -> None:
    sdk = make_sdk(state="disabled")
    response = sdk.call(batch(track(1), track(2)))
    assert response.status_code == 200
    assert [row["code"] for row in response.json()["discarded"]] == ["source_disabled"] * 2
    assert shop.log("event") == []
    assert [row[:2] for row in sdk.discards()] == [("source_disabled", 0), ("source_disabled", 1)]


@pytest.mark.parametrize("body", [b"", b"not json", b"[1,2]", b'"text"', b"\x1f\x8bnot gzip", b"{" * 100_000])
def test_what_is_no_json_object_is_refused_and_noted(body: bytes, sdk: Sdk) -> None:
    assert show_error(sdk.call(body)) == (400, "invalid_json")
    [row] = sdk.discards()
    assert row[0] == "invalid_json"


def test_gzip_is_known_by_its_first_bytes(sdk: Sdk, shop: Shop) -> None:
    """With and without the header, in several members; plain JSON under the header too."""
    raw = json.dumps(batch(track())).encode()
    for body, header in (
        (gzip.compress(raw), "gzip"),
        (gzip.compress(raw), ""),
        (gzip.compress(raw[:9]) + gzip.compress(raw[9:]), "gzip"),
        (raw, "gzip"),
    ):
        assert sdk.call(body, content_encoding=header).json()["accepted"] == 1
    assert len(shop.log("event")) == 4
    assert show_error(sdk.call(gzip.compress(raw)[:-9])) == (400, "invalid_json")


def test_a_body_in_chunks(sdk: Sdk, web: httpx.Client, shop: Shop) -> None:
    """As Android's and Kotlin's SDKs send it, packed while they write."""
    raw = gzip.compress(json.dumps(batch(track(), writeKey=sdk.key)).encode())
    response = web.post("/v1/b", content=iter([raw[:5], raw[5:50], raw[50:]]))
    assert response.request.headers["transfer-encoding"] == "chunked"
    assert (response.status_code, len(shop.log("event"))) == (200, 1)


def test_a_body_beyond_8_MiB_is_refused_packed_or_not(sdk: Sdk) -> None:
    bomb = gzip.compress(b'{"batch":[' + b" " * 500_000_000, 9)
    assert len(bomb) < 1_000_000
    assert show_error(sdk.call(bomb)) == (400, "payload_too_large")
    assert show_error(sdk.call(b" " * (8 * 1024 * 1024 + 1))) == (400, "payload_too_large")
    shared = batch(*[{}] * 2_500, context={"x": "x" * 4_000})
    assert show_error(sdk.call(shared)) == (400, "payload_too_large")
    assert [row[0] for row in sdk.discards()] == ["payload_too_large"] * 3


def test_a_large_batch_is_taken_and_a_large_message_discarded(sdk: Sdk, shop: Shop) -> None:
    """4 MB of small messages, one of 40 kB among them."""
    made = [track(n, properties={"filler": "x" * 20_000}) for n in range(200)]
    made[7]["properties"] = {"filler": "x" * 40_000}
    told = sdk.call(batch(*made)).json()
    assert told["accepted"] == 199
    assert told["discarded"] == [{"index": 7, "messageId": "m7", "code": "message_too_large"}]
    assert shop.run("select count(*) from log") == [(199,)]
    assert len(sdk.discards()[0][5]) == 2_000


def test_messages_beyond_2500_are_discarded_by_one_row(sdk: Sdk, shop: Shop) -> None:
    told = sdk.call(batch(*[track(n) for n in range(2_600)])).json()
    assert told["accepted"] == 2_500
    assert told["discarded"] == [{"index": 2500, "messageId": "m2500", "code": "batch_too_many", "count": 100}]
    assert shop.run("select count(*) from log") == [(2_500,)]


def test_an_empty_batch_is_success(sdk: Sdk, shop: Shop) -> None:
    response = sdk.call(batch())
    assert (response.status_code, response.json()["accepted"]) == (200, 0)
    assert shop.log("event") == []


def test_beacons_of_every_form(sdk: Sdk, web: httpx.Client, shop: Shop) -> None:
    text = json.dumps(track(writeKey=sdk.key))
    form = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
    assert web.post("/v1/t", content=f"data={quote(text)}", headers=form).json()["accepted"] == 1
    assert web.post("/v1/t", content=text, headers=form).json()["accepted"] == 1
    assert web.post("/v1/t", files={"data": (None, text)}).json()["accepted"] == 1
    assert web.post("/v1/t", content=text, headers={"content-type": "text/plain"}).json()["accepted"] == 1
    assert web.post("/v1/t", content=text.encode()).json()["accepted"] == 1
    assert len(shop.log("event")) == 5
    assert show_error(web.post("/v1/t", content="other=1", headers=form)) == (400, "invalid_json")
    broken = {"content-type": "multipart/form-data"}
    assert show_error(web.post("/v1/t", content=b"--x\r\n\r\n", headers=broken)) == (400, "invalid_json")


def test_a_beacon_hears_200_even_with_a_wrong_key(sdk: Sdk, web: httpx.Client, shop: Shop) -> None:
    good = web.post(f"/beacon/v1/batch?writeKey={sdk.key}", content=json.dumps(batch(track())))
    assert (good.status_code, good.json()["accepted"]) == (200, 1)
    bad = web.post("/beacon/v1/batch?writeKey=wk_nobody", content=json.dumps(batch(track())))
    assert show_error(bad) == (200, "invalid_write_key")
    assert len(shop.log("event")) == 1


def test_a_pixel_is_always_an_image(sdk: Sdk, web: httpx.Client, shop: Shop) -> None:
    """Base64 with and without padding, dotted parameters; and nonsense."""
    data = base64.urlsafe_b64encode(json.dumps({"writeKey": sdk.key, **track(1)}).encode()).decode()
    dotted = f"writeKey={sdk.key}&userId=u1&event=Bought&properties.price=3&messageId=m3&context.page.url=x"
    for path in (
        f"/v1/pixel/track?data={data}",
        f"/v1/pixel/track?data={data.rstrip('=')}&writeKey={sdk.key}",
        f"/v1/pixel/t/?{dotted}",
        "/v1/pixel/track",
        "/v1/pixel/track?data=nonsense",
        "/v1/pixel/track?data=A",
        "/v1/pixel/track?writeKey=wk_nobody&userId=u1&event=x",
    ):
        response = web.get(path)
        assert (response.status_code, response.headers["content-type"]) == (200, "image/gif"), path
        assert response.content.startswith(b"GIF89a")
        assert "no-store" in response.headers["cache-control"]
    entries = shop.log("event")
    assert sorted(entry["message_id"] for entry in entries) == ["m1", "m1", "m3"]
    entry = next(entry for entry in entries if entry["message_id"] == "m3")
    assert entry["properties"] == {"price": "3"}
    assert entry["context"]["page"] == {"url": "x"}


@pytest.mark.parametrize("basic", [True, False])
def test_the_source_of_rudderstacks_browser_sdk(sdk: Sdk, web: httpx.Client, basic: bool) -> None:
    """It asks with Basic authentication and with the key in the query, and any page may."""
    told = {"auth": (sdk.key, "")} if basic else {"params": {"writeKey": sdk.key}}
    response = web.get("/sourceConfig/", headers={"origin": "https://shop.example"}, **told)
    assert response.status_code == 200
    source = response.json()["source"]
    assert (source["id"], source["enabled"], source["destinations"]) == (sdk.key, True, [])
    assert response.headers["access-control-allow-origin"] == "https://shop.example"
    assert web.request("OPTIONS", "/sourceConfig/").status_code == 204
    assert show_error(web.get("/sourceConfig/", params={"writeKey": "wk_nobody"})) == (404, "not_found")
    assert show_error(web.get("/sourceConfig/")) == (404, "not_found")


def test_settings_for_a_browser(sdk: Sdk, web: httpx.Client) -> None:
    response = web.get(f"/v1/projects/{sdk.key}/settings", headers={"origin": "https://shop.example"})
    assert response.status_code == 200
    ours = {"apiKey": sdk.key, "apiHost": "127.0.0.1:8080/v1", "protocol": "http"}
    assert response.json()["integrations"] == {"Segment.io": ours}
    assert response.json()["metrics"] == {"sampleRate": 0}
    assert "max-age=120" in response.headers["cache-control"]
    assert response.headers["access-control-allow-origin"] == "https://shop.example"
    bad = web.get("/v1/projects/wk_nobody/settings", headers={"origin": "https://shop.example"})
    assert show_error(bad) == (404, "not_found")
    assert bad.headers["access-control-allow-origin"] == "https://shop.example"


@pytest.mark.parametrize(
    "asked",
    [
        "authorization",
        "authorization,x-retry-count",
        "authorization,content-type",
        "authorization,x-custom",
        "anonymousid,authorization,content-type,sentat",
        "content-type",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/v1/t", "/v1/batch", "/beacon/v1/batch", "/v1/projects/x/settings", "/v1/pixel/t"])
def test_preflights(path: str, asked: str, web: httpx.Client, shop: Shop) -> None:
    headers = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    if asked:
        headers["access-control-request-headers"] = asked
    response = web.options(path, headers=headers)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "https://shop.example"
    assert response.headers["access-control-allow-credentials"] == "true"
    assert response.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"
    assert "authorization" in response.headers["access-control-allow-headers"].lower() or asked == "content-type"
    assert response.headers["access-control-allow-headers"] == (
        asked or response.headers["access-control-allow-headers"]
    )
    assert response.headers["access-control-max-age"] == "7200"


def test_errors_may_be_read_from_any_site(sdk: Sdk, web: httpx.Client) -> None:
    for response in (sdk.call(b"no"), web.get("/v1/batch"), web.post("/v1/nothing"), sdk.call(batch(track()))):
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["access-control-expose-headers"] == "Retry-After, X-RateLimit-Reset"
    strange = web.options("/v1/t", headers={"origin": "https://x y", "access-control-request-headers": "a(b)"})
    assert strange.headers["access-control-allow-origin"] == "*"
    assert "Authorization" in strange.headers["access-control-allow-headers"]


def test_unknown_addresses_and_methods(web: httpx.Client, shop: Shop) -> None:
    assert show_error(web.post("/v1/nothing", content=b"{}")) == (404, "not_found")
    assert show_error(web.post("/v1", content=b"{}")) == (404, "not_found")
    assert show_error(web.get("/v1/batch")) == (405, "method_not_allowed")
    assert show_error(web.put("/v1/track", content=b"{}")) == (405, "method_not_allowed")
    assert show_error(web.post("/v1/projects/x/settings")) == (405, "method_not_allowed")
    assert show_error(web.post("/v1/pixel/t")) == (405, "method_not_allowed")


def test_what_the_browsers_sdk_says_about_itself_is_thanked_for(web: httpx.Client, shop: Shop) -> None:
    response = web.post("/v1/m", content=b'{"series":[]}', headers={"content-type": "text/plain"})
    assert (response.status_code, response.json()["success"]) == (200, True)
    assert shop.run("select count(*) from log") == [(0,)]


def test_the_address_is_added_for_customers_own_devices_alone(make_sdk, shop: Shop) -> None:
    """Or where the caller asks; an address that the message brings stays."""
    device, behind = make_sdk(client_side=True), make_sdk()
    device.call(batch(track(1), track(2, context={"ip": "0.0.0.0"})))
    behind.call(batch(track(3), track(4, context={"direct": True})))
    ips = {entry["message_id"]: entry.get("context", {}).get("ip") for entry in shop.log("event")}
    assert ips == {"m1": device.web.headers["x-forwarded-for"], "m2": "0.0.0.0", "m3": None, "m4": ips["m1"]}


def test_events_are_counted(sdk: Sdk, server: str) -> None:
    def read() -> dict[str, float]:
        lines = httpx.get(f"{server}/metrics").text.splitlines()
        found = [line.rsplit(" ", 1) for line in lines if line.startswith("tertulia_events_total")]
        return {name.split('"')[1]: float(count) for name, count in found}

    before = read()
    sdk.call(batch(track(1), track(2), {}))
    sdk.call(b"no")
    after = read()
    assert {name: after[name] - before[name] for name in after} == {"accepted": 2, "discarded": 1, "refused": 1}
