"""The providers' side of a small world: a real HTTP server on the loopback address, driven by the test.

It speaks just enough of Twilio, WhatsApp, Telegram and Viber to take a message. What becomes of each is chance that
hangs on the message itself (who gets it, what it says, the how-manieth try), so that it is the same however the
platform came to send it. Everything that was taken is written down: this record, not the platform's tables, says who
got what.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from random import Random
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from tertulia.store.clock import real_now

CODE: Final = re.compile(r"/([lu])/([0-9A-Z]{14})")

# What the provider does with a message, and how often: (weight, took it, how it answers).
FATES: Final[dict[str, tuple[int, bool, str]]] = {
    "accepted": (72, True, "ok"),
    "throttled": (6, False, "429"),
    "down": (4, False, "503"),
    "broken_after": (6, True, "break"),  # taken, and the connection breaks
    "broken_before": (4, False, "break"),
    "unknown_number": (3, False, "gone"),
    "opted_out": (2, False, "opted_out"),
}
UNANSWERED: Final = 0.2
# What the business's own API does with a call.
CALL_FATES: Final[dict[str, tuple[int, bool, str]]] = {
    "done": (60, True, "200"),
    "busy": (12, False, "429"),
    "refused": (8, False, "422"),
    "failed_after": (6, True, "500"),
    "broken_after": (8, True, "break"),
    "broken_before": (6, False, "break"),
}
# The receipts of a message that was taken, as they come: late, lost, doubled, in any order.
RECEIPTS: Final = (
    ("sent", "delivered"), ("sent", "delivered"), ("sent", "delivered"), ("delivered",), ("sent",), (),
    ("delivered", "sent"), ("sent", "delivered", "delivered"), ("sent", "failed"), ("failed", "delivered"),
    ("delivered", "failed"), ("failed",),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that asked to send a message. `key` says which message it was, without codes and ids; `took` whether
    the provider really sends it; `delivery` our id where the wire carries it; `at` the test's count of rounds."""

    key: str
    kind: str
    to: str
    text: str
    fate: str
    took: bool
    provider_id: str
    delivery: str
    round: int
    made_at: datetime  # real time, as the provider has it

    @property
    def code(self) -> str:
        """The link's code in the text, empty without one."""
        found = CODE.search(self.text)
        return found.group(2) if found else ""


@dataclass(frozen=True, slots=True)
class TakenCall:
    """A call to the business's own API (S6), with its Idempotency-Key; `took` whether it did what was asked."""

    key: str
    fate: str
    took: bool


@dataclass
class Provider:
    """The server's state. `calm` makes it accept everything."""

    seed: int
    port: int = 0
    calm: bool = False
    round: int = 0
    turn: int = 0  # of the sender
    asked_in: dict[str, int] = field(default_factory=dict)  # number -> the turn that asked last
    taken: list[Taken] = field(default_factory=list)
    called: list[TakenCall] = field(default_factory=list)
    pending: list[tuple[Taken, str]] = field(default_factory=list)  # receipts not told yet
    tries: Counter[str] = field(default_factory=Counter)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = (await request.read()).decode()
        if request.path.startswith("/shop/"):
            return self._take_call(request, f"{request.path}|{body}")
        if request.method == "GET":
            return self._tell_what_it_has(request.query["To"])
        kind, to, text, delivery = read_message(request.path, body)
        taken = self._take(kind, to, text, delivery)
        answer = FATES[taken.fate][2]
        if answer == "break":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return write_answer(kind, answer, taken.provider_id)

    def _take_call(self, request: web.Request, what: str) -> web.StreamResponse:
        """The business's own API does something, or not, and says so, or not."""
        self.tries[what] += 1
        chance = Random(f"{self.seed}/{what}/{self.tries[what]}")
        names = list(CALL_FATES)
        fate = "done" if self.calm else chance.choices(names, [CALL_FATES[name][0] for name in names])[0]
        _weight, took, answer = CALL_FATES[fate]
        self.called.append(TakenCall(request.headers["Idempotency-Key"], fate, took))
        if answer == "break":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.json_response({"points": chance.randint(0, 9)}, status=int(answer))

    def _tell_what_it_has(self, to: str) -> web.Response:
        """Asked about a lost message, Twilio lists what it took for the number; now and then it cannot say. One turn of
        the sender asks about several messages and sends others, in whatever order: all are answered alike, and what
        is taken meanwhile is not listed yet."""
        if self.asked_in.get(to) != self.turn:
            self.asked_in[to] = self.turn
            self.tries[f"asked|{to}"] += 1
        if Random(f"{self.seed}/asked/{to}/{self.tries[f'asked|{to}']}").random() < UNANSWERED:
            return web.Response(status=503, text="try later")
        rows = [
            {
                "sid": f"SM{taken.provider_id}",
                "body": taken.text,
                "status": "sent",
                "num_segments": "1",
                "date_created": format_datetime(taken.made_at),
            }
            for taken in self.taken
            if taken.took and taken.round < self.round and (taken.kind, taken.to) == ("sms", to)
        ]
        return web.json_response({"messages": rows, "next_page_uri": None})

    def _take(self, kind: str, to: str, text: str, delivery: str) -> Taken:
        masked = CODE.sub(r"/\1/code", text)
        key = f"{kind}|{to}|{masked}"
        self.tries[key] += 1
        chance = Random(f"{self.seed}/{key}/{self.tries[key]}")
        names = list(FATES)
        fate = "accepted" if self.calm else chance.choices(names, [FATES[name][0] for name in names])[0]
        provider_id = f"{chance.getrandbits(96):024x}"
        if kind == "telegram":
            provider_id = str(chance.getrandbits(40))
        taken = Taken(key, kind, to, text, fate, FATES[fate][1], provider_id, delivery, self.round, real_now())
        self.taken.append(taken)
        if taken.took and kind != "telegram":
            self.pending += [(taken, state) for state in chance.choice(RECEIPTS)]
        return taken


def read_message(path: str, body: str) -> tuple[str, str, str, str]:
    """(kind, whom, text, our delivery id) of a request to send."""
    if path.endswith("/Messages.json"):
        form = {name: values[0] for name, values in parse_qs(body).items()}
        query = parse_qs(urlsplit(form.get("StatusCallback", "")).query)
        return "sms", form["To"], form["Body"], query.get("m", [""])[0]
    told: dict[str, Any] = json.loads(body)
    if path.endswith("/messages"):
        to = told.get("recipient") or told["to"]
        return "whatsapp", to, _read_whatsapp(told), told.get("biz_opaque_callback_data", "")
    if path.endswith("/sendMessage"):
        return "telegram", str(told["chat_id"]), told["text"], ""
    return "viber", told["receiver"], told["text"], str(told.get("tracking_data", ""))


def _read_whatsapp(told: dict[str, Any]) -> str:
    if "template" in told:
        parts = told["template"].get("components", [{}])[0].get("parameters", [])
        return f"template {told['template']['name']}: " + " ".join(part["text"] for part in parts)
    if "interactive" in told:
        return str(told["interactive"]["body"]["text"])
    return str(told["text"]["body"])


def write_answer(kind: str, answer: str, provider_id: str) -> web.Response:
    """The provider's answer in its own words."""
    match (kind, answer):
        case (_, "503"):
            return web.Response(status=503, text="try later")
        case ("sms", "ok"):
            return web.json_response({"sid": f"SM{provider_id}", "num_segments": "1", "status": "queued"}, status=201)
        case ("sms", _):
            code, status = {"429": (20429, 429), "gone": (30005, 400), "opted_out": (21610, 400)}[answer]
            return web.json_response({"code": code, "message": "no", "status": status}, status=status)
        case ("whatsapp", "ok"):
            return web.json_response({"messages": [{"id": f"wamid.{provider_id}"}]})
        case ("whatsapp", _):
            code, status = {"429": (130429, 429), "gone": (131026, 400), "opted_out": (131050, 400)}[answer]
            return web.json_response({"error": {"code": code, "message": "no"}}, status=status)
        case ("telegram", "ok"):
            return web.json_response({"ok": True, "result": {"message_id": int(provider_id), "chat": {"id": 1}}})
        case ("telegram", _):
            code = 429 if answer == "429" else 403
            told = {"ok": False, "error_code": code, "description": "Forbidden: bot was blocked by the user"}
            return web.json_response(told, status=code)
        case ("viber", "ok"):
            return web.json_response({"status": 0, "message_token": provider_id})
        case _:
            status = {"429": 12, "gone": 5, "opted_out": 6}[answer]
            return web.json_response({"status": status, "status_message": "no"})
