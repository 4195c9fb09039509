"""A generic SMS gateway over HTTP, in the shape that the platform documents as its default.

Send: `POST /send`, JSON or a form, with `to`, `from`, `text`, `reference` and `callback` (or `ref` and `dlr_url`), and
`Authorization: Bearer <key>`; the answer is `{"id": ..., "status": "accepted", "parts": n}`. Reports go to the callback
as form POSTs (`id`, the reference under the name it came by, `status`, `error`), texts of customers to the webhook
address (`id`, `from`, `to`, `text`, `time`). With a secret each call carries `X-Signature: sha256=` and the hex HMAC
of its body. `GET /status?reference=...` says what became of a message, or `{"error": "no_such_message"}`.
"""

from __future__ import annotations

import hmac
import re
from urllib.parse import urlsplit

from tertulia.simulator.acts import Act, Choose, Write
from tertulia.simulator.outbox import Event, RetryPolicy
from tertulia.simulator.providers.base import CommonProvider, arrive
from tertulia.simulator.sms_parts import count_parts
from tertulia.simulator.wire import FORM, BadBody, Call, Post, Reply, bearer, read_fields, reply_json, write_form
from tertulia.simulator.world import Account, Message, Person, World

_E164 = re.compile(r"\+[1-9]\d{6,14}$")
PARTS_MAX = 8


class HttpSms(CommonProvider):
    kind = "http_sms"
    mark = "SM"
    title = "SMS"
    prefix = "sms"
    app = False
    needs = ("api_key", "sender")
    policy = RetryPolicy((1.0, 2.0, 4.0, 8.0, 16.0, 32.0))

    def scope(self, account: Account) -> str:
        return ""

    def handle(self, world: World, account: Account, person: Person) -> str:
        return person.phone

    def answer(self, world: World, call: Call) -> Reply:
        account = world.find_account(self.kind, "api_key", bearer(call))
        if account is None:
            return reply_json({"error": "unauthorised"}, 401, "wrong token")
        if call.path == "/balance" and call.method == "GET":
            return reply_json({"account": account.name, "currency": "USD", "balance": "1000.00"})
        if call.path == "/status" and call.method == "GET":
            return _tell_status(world, account, call.query.get("reference", ""))
        if call.path != "/send" or call.method != "POST":
            return reply_json({"error": "not_found"}, 404)
        try:
            return _send(world, account, {name: str(value) for name, value in read_fields(call).items()})
        except BadBody:
            return reply_json({"error": "unreadable"}, 400)

    def busy(self, world: World) -> Reply:
        return reply_json({"error": "busy"}, 503, headers=(("retry-after", "1"),))

    def is_send(self, call: Call) -> bool:
        return call.path == "/send"

    def receipt(self, world: World, account: Account, message: Message, state: str) -> Event | None:
        if not message.callback:
            return None
        fields = {"id": message.id, message.data: message.ref, "to": message.address, "status": state}
        if message.error:
            fields["error"] = message.error
        return Event(f"{state}:{message.id}", "receipt", message.person, message.id, fields, url=message.callback)

    def tell(self, world: World, account: Account, person: Person, act: Act) -> list[Event]:
        match act:
            case Write(text=text) | Choose(label=text):
                number = world.next_number("sms-in")
                name = f"in-{world.chance.token(16, 'sms-in', account.id, number)}"
                fields = {
                    "id": name,
                    "from": person.phone,
                    "to": account.secret("sender"),
                    "text": text,
                    "time": world.clock.now().isoformat(),
                }
                return [Event(f"message:{name}", "message", person.id, name, fields)]
            case _:
                return []

    def pack(self, world: World, account: Account, events: list[Event], url: str, wrong: bool) -> Post:
        body = write_form(events[0].data)
        headers = {"Content-Type": FORM, "User-Agent": "sms-gateway/1.0"}
        secret = account.secret("verify_secret")
        if secret:
            key = f"{secret}-wrong" if wrong else secret
            headers["X-Signature"] = f"sha256={hmac.digest(key.encode(), body, 'sha256').hex()}"
        return Post("POST", url, headers, body)


def _send(world: World, account: Account, form: dict[str, str]) -> Reply:
    to, text = form.get("to", ""), form.get("text", "")
    name_of_ref = "ref" if "ref" in form else "reference"
    error = _find_fault(account, form)
    if error:
        world.refuse(account, to, text, error)
        return reply_json({"error": error}, 400)
    parts = count_parts(text)[0]
    name = f"g-{world.chance.token(20, 'sms', account.id, world.next_number('sms'))}"
    message = Message(
        name, account.id, "http_sms", "", to, text, True, world.clock.now_ms(),
        ref=form.get(name_of_ref, ""), data=name_of_ref, parts=parts, callback=_read_callback(form),
        sender=form.get("from", ""),
    )  # fmt: skip
    person = world.meet_number(to)
    if not world.knows_number(to):
        world.accept(account, None, message)
        world.fail(account, message, "unknown_number")
    elif person is not None and world.bond(person, account).blocked:
        world.accept(account, None, message)
        world.fail(account, message, "blocked")
    else:
        arrive(world, account, person, message)
    return reply_json({"id": name, "status": "accepted", "parts": parts}, remark="accepted")


def _tell_status(world: World, account: Account, ref: str) -> Reply:
    """What became of the message with this reference of the sender's."""
    found = [m for m in world.messages.values() if m.account == account.id and m.ours and ref and m.ref == ref]
    if not found:
        return reply_json({"error": "no_such_message"}, 404)
    message = found[-1]
    told = {"id": message.id, "reference": ref, "status": message.state}
    return reply_json({**told, "error": message.error} if message.error else told, remark="status")


def _read_callback(form: dict[str, str]) -> str:
    return form.get("dlr_url") or form.get("callback", "")


def _find_fault(account: Account, form: dict[str, str]) -> str:
    sender, callback = form.get("from", ""), _read_callback(form)
    numbers = [number.strip() for number in account.secret("sender").split(",")]
    checks = (
        ("invalid_number", not _E164.match(form.get("to", ""))),
        ("unknown_sender", sender not in numbers),
        ("empty_text", not form.get("text")),
        ("text_too_long", count_parts(form.get("text", ""))[0] > PARTS_MAX),
        ("invalid_dlr_url", bool(callback) and urlsplit(callback).scheme not in ("http", "https")),
    )
    return next((error for error, wrong in checks if wrong), "")


provider = HttpSms()
