"""Twilio's side: what it accepts, refuses, reports and signs."""

import pytest
from tests.simulator.rig import Rig
from twilio.request_validator import RequestValidator

from tertulia.simulator.providers.twilio import sign

pytestmark = pytest.mark.anyio
SID = "AC" + "0" * 32
SEND = f"/twilio/2010-04-01/Accounts/{SID}/Messages.json"
AUTH = (SID, "tw-secret")
BEATRIZ = "+5511985550142"


async def send(rig: Rig, **fields: str) -> tuple[int, dict]:
    form = {"To": BEATRIZ, "From": "+15017122661", "Body": "Hi", **fields}
    answer = await rig.http.post(SEND, data={k: v for k, v in form.items() if v}, auth=AUTH)
    return answer.status_code, answer.json()


async def test_send_is_accepted_and_two_receipts_follow_signed(rig: Rig) -> None:
    """A good SMS answers 201 queued; sent and delivered follow, in this order, with the SDK's valid signature."""
    callback = f"{rig.platform.url}/hooks/twilio-1?m=d1"
    status, body = await send(rig, StatusCallback=callback, Body="Olá, tudo bem?")
    assert (status, body["status"], body["num_segments"]) == (201, "queued", "1")
    await rig.settle()
    posts = rig.platform.posts("/hooks/twilio-1")
    assert [post.form["MessageStatus"] for post in posts] == ["sent", "delivered"]
    for post in posts:
        assert post.form["MessageSid"] == body["sid"]
        validator = RequestValidator("tw-secret")
        assert validator.validate(callback, post.form, post.headers["x-twilio-signature"])


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "12"}, 21211),
        ({"From": ""}, 21603),
        ({"From": "+4900000000"}, 21606),
        ({"Body": ""}, 21602),
        ({"Body": "a" * 1601}, 21617),
        ({"StatusCallback": "ftp://x"}, 21609),
    ],
)
async def test_wrong_sends_are_refused_with_twilios_codes(rig: Rig, fields: dict[str, str], code: int) -> None:
    """Each fault has its own code, in the body and in the record."""
    status, body = await send(rig, **fields)
    assert (status, body["code"]) == (400, code)
    assert rig.world.record.tables["outgoing"][0]["verdict"] == "refused"


async def test_a_wrong_password_is_20003(rig: Rig) -> None:
    """Basic authentication with another token answers 401 and sends nothing."""
    answer = await rig.http.post(SEND, data={}, auth=(SID, "no"))
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    assert not rig.world.record.tables["outgoing"]


async def test_stop_blocks_the_number_until_start(rig: Rig) -> None:
    """Twilio itself reads STOP: the webhook still comes, the next send is 21610, and START opens it again."""
    await rig.sim(f"people/{BEATRIZ}/stop", channel="twilio-1")
    await rig.settle()
    (post,) = rig.platform.posts("/hooks/twilio-1")
    assert post.form["Body"] == "STOP"
    assert RequestValidator("tw-secret").validate(
        f"{rig.platform.url}/hooks/twilio-1", post.form, post.headers["x-twilio-signature"]
    )
    assert (await send(rig))[1]["code"] == 21610
    await rig.sim(f"people/{BEATRIZ}/reply", channel="twilio-1", text="START")
    assert (await send(rig))[0] == 201


async def test_an_unknown_number_is_accepted_and_fails_later(rig: Rig) -> None:
    """A number that no network knows is 30005 in the status callback, never in the answer."""
    await rig.sim("people", phone="+15005550009", unknown=True)
    status, _ = await send(rig, To="+15005550009", StatusCallback=f"{rig.platform.url}/s")
    assert status == 201
    await rig.settle()
    (post,) = rig.platform.posts("/s")
    assert (post.form["MessageStatus"], post.form["ErrorCode"]) == ("undelivered", "30005")


def test_signature_vectors() -> None:
    """The official validator's own figures, an empty parameter included."""
    fields = {
        "SmsSid": "SM1", "SmsStatus": "undelivered", "MessageStatus": "undelivered", "ErrorCode": "30005",
        "To": "+15558675310", "MessageSid": "SM1", "AccountSid": "AC1", "From": "+15017122661",
        "ApiVersion": "2010-04-01", "EmptyParam": "",
    }  # fmt: skip
    token = "tw-test-auth-token-0123456789abcdef"
    assert sign(token, "https://hooks.example.com/status", fields) == "6KYCH0Rim8iGXDegqZ1bqld/aoI="
