"""Both sides of every wire against one another: the adapters write and the simulator reads, and the other way round.

They share no code, so what agrees here agrees because both follow the provider's documents.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.simulator.rig import Answer, Got, Platform, Rig, make_config

from tertulia.channels import registry
from tertulia.channels.base import (
    Account,
    Adapter,
    Call,
    ChannelEvent,
    Check,
    ContactEvent,
    Done,
    Finding,
    HttpRequest,
    HttpResponse,
    InboundMessage,
    LookedUp,
    LostMessage,
    Outgoing,
    Receipt,
    Rejected,
    Template,
    Text,
    WebhookCall,
)
from tertulia.simulator.app import create_app, create_world
from tertulia.simulator.clock import Clock

pytestmark = pytest.mark.anyio
BEATRIZ, JUREMA = "+5511985550142", "+5511985550199"
CODE = "7KQ2M4XD8A9PZT"
PREFIXES = {"whatsapp": "graph", "messenger": "graph", "http_sms": "sms"}
MORE = {
    "line": {"channel_id": "1", "phone_push": "yes"},
    "http_sms": {"send_url": "http://sim/sms/send", "status_url": "http://sim/sms/status?reference={ref}",
                 "status_absent": "error = no_such_message", "verification": "hmac", "verify_name": "X-Signature",
                 "hmac_prefix": "sha256="},
    "whatsapp": {"verify_token": "vt"},
    "messenger": {"verify_token": "vt"},
    "viber": {"sender_name": "Verbena", "welcome": "Welcome"},
    "wechat": {"account_name": "Verbena", "picture_url": "http://sim/wechat"},
}  # fmt: skip
OVER_HTTP = [adapter.kind for adapter in registry.kinds() if adapter.kind != "smtp"]
WEB_APPS = ["whatsapp", "messenger", "line", "viber", "telegram"]


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Side:
    """Our side of the wire for one account: calls go out through the adapter, webhooks come in through it."""

    adapter: Adapter
    account: Account
    rig: Rig
    events: list[ChannelEvent] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    async def call(self, request: HttpRequest) -> HttpResponse:
        content = request.body or None
        answer = await self.rig.http.request(request.method, request.url, headers=request.headers, content=content)
        headers = tuple((name.lower(), value) for name, value in answer.headers.items())
        return HttpResponse(answer.status_code, headers, answer.content)

    async def send(self, message: Outgoing) -> Done:
        return await self._finish(self.adapter.build(self.account, message, now()))

    async def make_link(self, token: str) -> Done:
        call = self.adapter.make_link(self.account, token, 600, now())
        assert call is not None
        return await self._finish(call)

    async def _finish(self, step: Call | Done) -> Done:
        while isinstance(step, Call):
            step = self.adapter.next(self.account, step.state, await self.call(step.request), now())
        return step

    async def look_up(self, lost: LostMessage) -> LookedUp:
        step = self.adapter.look_up(self.account, lost)
        while isinstance(step, Call):
            step = self.adapter.look_up_next(self.account, step.state, await self.call(step.request))
        return step

    async def probe(self, step: Any) -> list[Check]:
        while isinstance(step, Call):
            step = self.adapter.test_next(self.account, step.state, await self.call(step.request))
        return list(step)

    def receive(self, got: Got) -> Answer:
        call = WebhookCall(got.method, self.rig.platform.url + got.target, got.query, got.headers, got.body)
        try:
            answer = self.adapter.handshake(self.account, call, now())
            if answer is None:
                self.adapter.verify(self.account, call, now())
                events = self.adapter.parse_webhook(self.account, call, now())
                self.events.extend(events)
                answer = self.adapter.ack(self.account, events)
        except Rejected as error:
            self.refused.append(error.reason)
            return error.status, {}, b""
        return answer.status, dict(answer.headers), answer.body

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    platform = Platform()
    server = await asyncio.start_server(platform.serve, "127.0.0.1", 0)
    platform.port = server.sockets[0].getsockname()[1]
    world = create_world(make_config(platform.url), Clock())
    app = create_app(world)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sim") as http:
        yield Rig(world, app, http, platform)
    assert world.outbox is not None
    await world.outbox.client.close()
    server.close()


def connect(rig: Rig, kind: str) -> Side:
    """Our side for the simulator's account of a kind, with the same credentials."""
    adapter = registry.get(kind)
    spec = rig.world.accounts[f"{kind}-1"]
    values = {**{field.name: spec.secret(field.name) for field in adapter.fields}, **MORE.get(kind, {})}
    known = {field.name: field.secret for field in adapter.fields}
    base = f"http://sim/{PREFIXES.get(kind, kind)}"
    settings = {"base_url": base, **{name: value for name, value in values.items() if value and not known[name]}}
    secrets = {name: value for name, value in values.items() if value and known[name]}
    side = Side(adapter, Account("ch1", kind, settings, secrets, f"{rig.platform.url}/hooks/{kind}-1"), rig)
    rig.platform.answer = side.receive
    return side


@pytest.mark.parametrize("kind", ["twilio", *WEB_APPS])
async def test_set_up_then_test(rig: Rig, kind: str) -> None:
    """After *Set up* every finding of *Test* is good, by the provider's own word."""
    side = connect(rig, kind)
    done = await side.probe(side.adapter.setup(side.account))
    assert [check.text() for check in done if not check.ok] == []
    found = await side.probe(side.adapter.test(side.account))
    assert found
    assert [check.text() for check in found if not check.ok] == []
    assert side.refused == []


@pytest.mark.parametrize("kind", [kind for kind in OVER_HTTP if kind != "http_sms"])
async def test_a_bad_token_is_named(rig: Rig, kind: str) -> None:
    """*Test* with wrong credentials ends in one plain sentence, and a send stops the whole channel."""
    side = connect(rig, kind)
    wrong = dict.fromkeys(side.account.secrets, "wrong")
    side.account = Account("ch1", kind, side.account.settings, wrong, side.account.hook_url)
    found = await side.probe(side.adapter.test(side.account))
    assert not found[0].ok
    done = await side.send(Outgoing("d-1", BEATRIZ, "phone", Text("Hi")))
    assert done.outcome.account_fault


@pytest.mark.parametrize("kind", WEB_APPS)
async def test_a_link_leads_to_a_conversation(rig: Rig, kind: str) -> None:
    """The deep link opens the app on the ready message; its code comes back, and our answer arrives with receipts."""
    side = connect(rig, kind)
    link = side.adapter.deep_link(side.account, CODE, "Hello")
    await rig.sim(f"people/{BEATRIZ}/tap", url=link.url)
    await rig.sim(f"people/{BEATRIZ}/send", channel=f"{kind}-1")
    await rig.settle()
    assert side.refused == []
    codes = [event.token for event in side.events if isinstance(event, InboundMessage | ContactEvent)]
    codes += [message.text for message in side.of(InboundMessage)]
    assert any(CODE in code for code in codes)
    message = side.of(InboundMessage)[-1]
    assert message.identity.scope == side.adapter.identity_scope(side.account)
    done = await side.send(Outgoing("d-1", message.identity.value, kind, Text("Hi", (("Yes", "y"),))))
    assert done.outcome.reason == "ok", done
    await rig.settle()
    wanted = side.adapter.capabilities.receipts
    if kind == "messenger":
        wanted = wanted - {"sent"}
    assert {receipt.state for receipt in side.of(Receipt)} >= wanted


@pytest.mark.parametrize("kind", ["twilio", "http_sms"])
async def test_a_text_message_there_and_back(rig: Rig, kind: str) -> None:
    """A text arrives, its report names our delivery, and the reply comes from the number it went to."""
    side = connect(rig, kind)
    done = await side.send(Outgoing("d-1", BEATRIZ, "phone", Text("Olá!")))
    assert done.outcome.reason == "ok", done
    await rig.settle()
    assert {receipt.delivery_id for receipt in side.of(Receipt)} == {"d-1"}
    assert side.of(Receipt)[-1].state == "delivered"
    await rig.sim(f"people/{BEATRIZ}/reply", channel=f"{kind}-1", text="Oi 🙂")
    await rig.settle()
    message = side.of(InboundMessage)[-1]
    assert (message.text, message.phone) == ("Oi 🙂", BEATRIZ)
    assert side.refused == []


async def test_whatsapp_template_to_a_number(rig: Rig) -> None:
    """A template reaches a number outside the window; free text there is a closed window."""
    side = connect(rig, "whatsapp")
    closed = await side.send(Outgoing("d-1", BEATRIZ, "phone", Text("Hi")))
    assert await is_window_closed(side, closed)
    done = await side.send(Outgoing("d-2", BEATRIZ, "phone", Template("hello", "en", ("Beatriz",))))
    assert done.outcome.reason == "ok"
    unknown = await side.send(Outgoing("d-3", BEATRIZ, "phone", Template("nope", "en")))
    assert unknown.outcome.reason == "fix.template"


async def is_window_closed(side: Side, done: Done) -> bool:
    """By the answer, or by the failed status that follows it."""
    await side.rig.settle()
    outcomes = [receipt.outcome for receipt in side.of(Receipt) if receipt.outcome]
    return "window.closed" in [done.outcome.reason, *(outcome.reason for outcome in outcomes)]


async def test_whatsapp_without_a_number(rig: Rig) -> None:
    """A customer with a username has only a user id; our button brings the number."""
    side = connect(rig, "whatsapp")
    await rig.sim("behaviours", hide_phone_numbers=True)
    await rig.sim(f"people/{BEATRIZ}/reply", channel="whatsapp-1", text="Oi")
    await rig.settle()
    message = side.of(InboundMessage)[-1]
    assert "." in message.identity.value
    assert (message.phone, message.aliases) == ("", ())
    done = await side.send(Outgoing("d-1", message.identity.value, "whatsapp", Text("Your number?", ask_phone=True)))
    assert done.outcome.reason == "ok", done
    await rig.sim(f"people/{BEATRIZ}/share-phone", channel="whatsapp-1")
    await rig.settle()
    assert side.of(InboundMessage)[-1].shared_phone == BEATRIZ


async def test_telegram_shares_the_number_and_blocks(rig: Rig) -> None:
    """The own number comes by the button; a block is an event, and a send to it is refused."""
    side = connect(rig, "telegram")
    await rig.sim(f"people/{BEATRIZ}/reply", channel="telegram-1", text="Oi")
    await rig.settle()
    identity = side.of(InboundMessage)[-1].identity
    assert (await side.send(Outgoing("d-1", identity.value, "telegram", Text("?", ask_phone=True)))).outcome.code == ""
    await rig.sim(f"people/{BEATRIZ}/share-phone", channel="telegram-1")
    await rig.sim(f"people/{BEATRIZ}/block", channel="telegram-1")
    await rig.settle()
    assert side.of(InboundMessage)[-1].shared_phone == BEATRIZ
    assert side.of(ContactEvent)[-1].kind == "blocked"
    refused = await side.send(Outgoing("d-2", identity.value, "telegram", Text("Hi")))
    assert refused.outcome.reason == "gone.blocked"


async def test_line_by_phone_number(rig: Rig) -> None:
    """A push to a phone number arrives and its delivery event names our delivery."""
    side = connect(rig, "line")
    done = await side.send(Outgoing("d-77", BEATRIZ, "phone", Text("Hi"), direct=True))
    assert done.outcome.reason == "ok", done
    await rig.settle()
    assert [receipt.delivery_id for receipt in side.of(Receipt)] == ["d-77"]


async def test_line_reply_token_then_push(rig: Rig) -> None:
    """The first answer is a reply, the second with the same token goes as a push."""
    side = connect(rig, "line")
    await rig.sim(f"people/{BEATRIZ}/reply", channel="line-1", text="Oi")
    await rig.settle()
    message = side.of(InboundMessage)[-1]
    assert message.reply_token
    for number in (1, 2):
        text = Text(f"Answer {number}")
        out = Outgoing(f"d-{number}", message.identity.value, "line", text, reply_token=message.reply_token)
        assert (await side.send(out)).outcome.reason == "ok"
    again = Outgoing("d-2", message.identity.value, "line", Text("Answer 2"))
    assert (await side.send(again)).outcome.reason == "ok"


async def test_wechat_by_qr_code_and_back(rig: Rig) -> None:
    """A scene's QR code brings its code with the follow, in safe mode; our answer goes with a fetched token."""
    side = connect(rig, "wechat")
    made = await side.make_link(CODE)
    assert made.link is not None, made
    assert made.link.picture_url
    assert set(made.cache) == {"access_token", "access_token_until"}
    await rig.sim(f"people/{BEATRIZ}/tap", url=made.link.qr or made.link.picture_url)
    await rig.sim(f"people/{BEATRIZ}/reply", channel="wechat-1", text="你好")
    await rig.settle()
    assert side.refused == []
    assert CODE in [event.token for event in side.of(ContactEvent)]
    message = side.of(InboundMessage)[-1]
    done = await side.send(Outgoing("d-1", message.identity.value, "wechat", Text("好", (("是", "y"),))))
    assert done.outcome.reason == "ok", done


async def test_wechat_handshake(rig: Rig) -> None:
    """What the console's Save would call is answered with the echo."""
    side = connect(rig, "wechat")
    found = await side.probe(side.adapter.test(side.account))
    assert found[0].ok


@pytest.mark.parametrize("kind", ["twilio", "http_sms"])
async def test_S3_a_lost_message_is_looked_up(rig: Rig, kind: str) -> None:
    """What the provider took is found with what became of it; what it never got, it does not have."""
    side = connect(rig, kind)
    handed_at = now()
    done = await side.send(Outgoing("d-1", BEATRIZ, "phone", Text("Hi: 7KQ2M4XD8A9PZT")))
    await rig.settle()
    found = await side.look_up(LostMessage("d-1", BEATRIZ, "phone", "Hi: 7KQ2M4XD8A9PZT", handed_at))
    assert (found.finding, found.provider_ids) == (Finding.FOUND, done.outcome.provider_ids)
    assert found.state == "delivered"
    never = await side.look_up(LostMessage("d-2", JUREMA, "phone", "Hi", handed_at))
    assert never.finding is Finding.ABSENT
    later = await side.look_up(LostMessage("d-3", BEATRIZ, "phone", "Another", handed_at))
    assert later.finding is (Finding.UNCLEAR if kind == "twilio" else Finding.ABSENT)


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_wrong_signatures_are_refused(rig: Rig, kind: str) -> None:
    """With forged signatures switched on nothing gets through."""
    side = connect(rig, kind)
    await rig.sim("behaviours", wrong_signatures=True, retry_scale=0.001)
    await rig.sim(f"people/{JUREMA}/reply", channel=f"{kind}-1", text="Oi")
    await rig.sim("settle", timeout_s=1)
    assert side.refused
    assert side.events == []


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_a_gateway_page_is_ambiguous_or_retried(rig: Rig, kind: str) -> None:
    """A proxy's HTML page instead of the provider's answer is never taken for success."""
    side = connect(rig, kind)
    await rig.sim("behaviours", answer_html=True)
    done = await side.send(Outgoing("d-1", BEATRIZ, "phone", Text("Hi")))
    assert done.outcome.kind.value in ("ambiguous", "retry"), done
