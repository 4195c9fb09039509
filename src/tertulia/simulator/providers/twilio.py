"""Twilio Programmable Messaging: messages, the account and its numbers; status callbacks and inbound SMS.

Signed with HMAC-SHA1 over the address and the sorted fields. Retries follow the connection overrides in the webhook
address's fragment (`#rc=3&rp=all`), by default once when no connection was had. Opt-out words are handled by Twilio
itself: the number is blocked at once, and with the setting `advanced_opt_out` the webhook says so (`OptOutType`).
"""

from __future__ import annotations

import base64
import hmac
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tertulia.simulator.acts import Act, Choose, Write
from tertulia.simulator.client import split_origin
from tertulia.simulator.outbox import Event, RetryPolicy
from tertulia.simulator.providers.base import CommonProvider, arrive
from tertulia.simulator.sms_parts import count_parts
from tertulia.simulator.wire import FORM, BadBody, Call, Post, Reply, read_form, reply_json, write_form
from tertulia.simulator.world import Account, Message, Person, World

TEXT_CHARACTERS_MAX = 1600
STOP_WORDS = {"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"}
START_WORDS = {"START", "YES", "UNSTOP"}
HELP_WORDS = {"HELP", "INFO"}
_RETRY_CAUSES = {"ct": {"connect"}, "rt": {"timeout"}, "4xx": {"4xx"}, "5xx": {"5xx"}}
_PATH = re.compile(r"/2010-04-01/Accounts/(?P<sid>[^/.]+)(?:/(?P<rest>.+?))?(?:\.json)?$")
_SERVICE = re.compile(r"/v1/Services/(?P<sid>MG[^/.]+)$")
_E164 = re.compile(r"\+[1-9]\d{6,14}$")

_MESSAGES = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    21211: (400, "The 'To' number {to} is not a valid phone number."),
    21266: (400, "'To' and 'From' number cannot be the same"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number {sender} is not a valid, SMS-capable inbound phone number for your account."),
    21609: (400, "The 'StatusCallback' URL {callback} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21703: (400, "The Messaging Service does not have a phone number available to send a message"),
}


class Twilio(CommonProvider):
    kind = "twilio"
    mark = "SM"
    title = "SMS"
    prefix = "twilio"
    app = False
    needs = ("account_sid", "auth_token", "sender")
    timeout_s = 15.0

    def scope(self, account: Account) -> str:
        return ""

    def handle(self, world: World, account: Account, person: Person) -> str:
        return person.phone

    def answer(self, world: World, call: Call) -> Reply:
        service = _SERVICE.match(call.path)
        if service is not None:
            return _manage_service(world, call, service["sid"])
        found = _PATH.match(call.path)
        if found is None:
            return _error(20404)
        account = _authenticate(world, call, found["sid"])
        if account is None:
            return _error(20003)
        rest = found["rest"] or ""
        if rest == "Messages" and call.method == "POST":
            try:
                return _send(world, account, read_form(call))
            except BadBody:
                return _error(21604)
        if call.method == "GET" or rest.startswith("IncomingPhoneNumbers/"):
            return _look_up(world, account, call, rest)
        return _error(20404)

    def busy(self, world: World) -> Reply:
        return _error(20429)

    def is_send(self, call: Call) -> bool:
        return call.method == "POST" and call.path.endswith("/Messages.json")

    def receipt(self, world: World, account: Account, message: Message, state: str) -> Event | None:
        if not message.callback:
            return None
        word = "undelivered" if state == "failed" else state
        fields = {
            "SmsSid": message.id, "SmsStatus": word, "MessageStatus": word, "To": message.address,
            "MessageSid": message.id, "AccountSid": account.secret("account_sid"), "From": message.sender,
            "ApiVersion": "2010-04-01",
        }  # fmt: skip
        if state == "failed":
            fields["ErrorCode"] = message.error
        key = f"{word}:{message.id}"
        return Event(key, "receipt", message.person, message.id, fields, url=message.callback)

    def tell(self, world: World, account: Account, person: Person, act: Act) -> list[Event]:
        match act:
            case Write(text=text) | Choose(label=text):
                return [_inbound(world, account, person, text)]
            case _:
                return []

    def pack(self, world: World, account: Account, events: list[Event], url: str, wrong: bool) -> Post:
        fields: dict[str, str] = events[0].data
        called = url.partition("#")[0]
        token = account.secret("auth_token")
        headers = {
            "Content-Type": FORM,
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": sign(f"{token}-wrong" if wrong else token, called, fields),
            "I-Twilio-Idempotency-Token": world.chance.token(32, "twilio-once", events[0].key),
        }
        return Post("POST", called, headers, write_form(fields))

    def retry(self, account: Account, event: Event) -> RetryPolicy:
        overrides = dict(parse_qsl(urlsplit(event.url or account.webhook_url).fragment))
        times = min(int(overrides.get("rc", "1")) if overrides.get("rc", "1").isdigit() else 1, 5)
        causes: set[str] = set()
        for word in overrides.get("rp", "ct").split(","):
            causes |= {"connect", "timeout", "4xx", "5xx"} if word == "all" else _RETRY_CAUSES.get(word, set())
        return RetryPolicy((0.5, 1.0, 2.0, 4.0, 8.0)[:times], frozenset(causes))


def sign(token: str, url: str, fields: dict[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 over the address, then every field's name and value by sorted name."""
    text = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()


def _error(code: int, **facts: str) -> Reply:
    status, message = _MESSAGES[code]
    body = {
        "code": code, "message": message.format(**facts) if facts else message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status,
    }  # fmt: skip
    return reply_json(body, status, f"{code}")


def _authenticate(world: World, call: Call, sid: str) -> Account | None:
    account = world.find_account("twilio", "account_sid", sid)
    if account is None:
        return None
    scheme, _, code = call.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(code, validate=True).decode().partition(":")
    except ValueError:
        return None
    allowed = {(sid, account.secret("auth_token"))}
    if account.secret("api_key_sid"):
        allowed.add((account.secret("api_key_sid"), account.secret("api_key_secret")))
    return account if scheme.lower() == "basic" and (user, password) in allowed else None


def _numbers(account: Account) -> list[str]:
    return [number.strip() for number in account.secret("sender").split(",")]


def _send(world: World, account: Account, form: dict[str, str]) -> Reply:
    to, text, service = form.get("To", ""), form.get("Body", ""), form.get("MessagingServiceSid", "")
    sender = form.get("From", "") or (_numbers(account)[0] if service else "")
    code = _find_fault(world, account, form, sender)
    if code:
        world.refuse(account, to, text, code)
        return _error(code, to=to, sender=sender, callback=form.get("StatusCallback", ""))
    sid = "SM" + world.chance.token(32, "twilio", account.id, world.next_number("twilio"))
    parts = count_parts(text)[0]
    message = Message(
        sid, account.id, "twilio", "", to, text, True, world.clock.now_ms(), parts=parts,
        ref=form.get("StatusCallback", ""), callback=form.get("StatusCallback", ""), sender=sender,
    )  # fmt: skip
    person = world.meet_number(to)
    if not world.knows_number(to):
        world.accept(account, None, message)
        world.fail(account, message, "30005")
    elif person is not None and world.bond(person, account).blocked:
        world.accept(account, None, message)
        world.fail(account, message, "30004")
    else:
        arrive(world, account, person, message)
    return reply_json(_resource(world, account, message, service), 201, "accepted")


def _find_fault(world: World, account: Account, form: dict[str, str], sender: str) -> int:
    """The error code that Twilio would refuse these fields with, or 0."""
    to, text = form.get("To", ""), form.get("Body", "")
    service = form.get("MessagingServiceSid", "")
    callback = form.get("StatusCallback", "")
    person = world.by_phone.get(to)
    checks = (
        (21604, not to),
        (21603, not sender),
        (21211, not _E164.match(to)),
        (21703, bool(service) and service != account.secret("messaging_service_sid")),
        (21606, not service and sender not in _numbers(account)),
        (21266, to == sender),
        (21602, not text and not form.get("MediaUrl") and not form.get("ContentSid")),
        (21617, len(text) > TEXT_CHARACTERS_MAX),
        (21609, bool(callback) and not _is_callback(callback)),
        (21610, person is not None and world.bond(person, account).opted_out),
    )
    return next((code for code, wrong in checks if wrong), 0)


def _is_callback(url: str) -> bool:
    origin, _ = split_origin(url)
    scheme, _, host = origin.partition("://")
    return scheme in ("http", "https") and bool(host) and "_" not in host


def _resource(world: World, account: Account, message: Message, service: str = "") -> dict[str, Any]:
    sid = account.secret("account_sid")
    when = format_datetime(datetime.fromtimestamp(message.at_ms / 1000, UTC))
    uri = f"/2010-04-01/Accounts/{sid}/Messages/{message.id}"
    first = "accepted" if service else "queued"
    status = {"accepted": first, "failed": "undelivered"}.get(message.state, message.state)
    return {
        "body": message.text, "num_segments": "0" if service else str(message.parts), "direction": "outbound-api",
        "from": None if service else message.sender, "to": message.address, "date_created": when, "date_updated": when,
        "date_sent": None, "price": None, "price_unit": "USD", "error_code": int(message.error or 0) or None,
        "error_message": None, "uri": f"{uri}.json", "account_sid": sid, "num_media": "0", "status": status,
        "messaging_service_sid": service or None, "sid": message.id, "api_version": "2010-04-01",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }  # fmt: skip


def _look_up(world: World, account: Account, call: Call, rest: str) -> Reply:
    sid = account.secret("account_sid")
    if not rest:
        body = {"sid": sid, "friendly_name": account.name, "status": "active", "type": "Full"}
        return reply_json(body, remark="account")
    if rest == "Messages":
        return _list_messages(world, account, call)
    if rest.startswith("Messages/"):
        message = world.messages.get(rest.removeprefix("Messages/"))
        known = message is not None and message.account == account.id
        return reply_json(_resource(world, account, message)) if message and known else _error(20404)
    if rest.startswith("IncomingPhoneNumbers"):
        return _look_up_numbers(world, account, call, rest)
    return _error(20404)


def _list_messages(world: World, account: Account, call: Call) -> Reply:
    """Newest first, filtered by number."""
    wanted, size = call.query.get("To", ""), call.query.get("PageSize", "50")
    found = [m for m in world.messages.values() if m.account == account.id and m.ours and wanted in ("", m.address)]
    found.reverse()
    page = found[: min(int(size) if size.isdecimal() else 50, 1_000)]
    more = f"{call.path}?Page=1" if len(found) > len(page) else None
    rows = [_resource(world, account, message) for message in page]
    return reply_json({"messages": rows, "page": 0, "page_size": len(page), "next_page_uri": more})


def _look_up_numbers(world: World, account: Account, call: Call, rest: str) -> Reply:
    """List the account's numbers, or set the inbound address of one (POST SmsUrl)."""
    numbers = [n for n in _numbers(account) if call.query.get("PhoneNumber", n) == n]
    resources = {f"PN{world.chance.token(32, 'number', n)}": n for n in numbers}
    name = rest.removeprefix("IncomingPhoneNumbers").strip("/")
    if name and name not in resources:
        return _error(20404)
    if call.method == "POST":
        account.webhook_url = read_form(call).get("SmsUrl", account.webhook_url)
    found = [
        {
            "sid": sid, "phone_number": number, "friendly_name": number, "sms_url": account.webhook_url,
            "sms_method": "POST", "capabilities": {"voice": False, "sms": True, "mms": False},
            "account_sid": account.secret("account_sid"), "status": "in-use",
        }
        for sid, number in resources.items()
        if name in ("", sid)
    ]  # fmt: skip
    return reply_json(found[0] if name else {"incoming_phone_numbers": found, "page": 0, "page_size": 50})


def _manage_service(world: World, call: Call, sid: str) -> Reply:
    """A messaging service: read it, or set the address of its inbound messages."""
    held = world.find_account("twilio", "messaging_service_sid", sid)
    account = _authenticate(world, call, held.secret("account_sid")) if held else None
    if account is None:
        return _error(20404 if held is None else 20003)
    if call.method == "POST":
        account.webhook_url = read_form(call).get("InboundRequestUrl", account.webhook_url)
    return reply_json({
        "sid": sid, "account_sid": account.secret("account_sid"), "friendly_name": account.name,
        "inbound_request_url": account.webhook_url, "inbound_method": "POST", "use_inbound_webhook_on_number": False,
    })  # fmt: skip


def _inbound(world: World, account: Account, person: Person, text: str) -> Event:
    """A text from a phone. Twilio reads the opt-out words itself before it calls the webhook."""
    sid = "SM" + world.chance.token(32, "twilio-in", account.id, world.next_number("twilio-in"))
    fields = {
        "ToCountry": "", "ToState": "", "SmsMessageSid": sid, "NumMedia": "0", "ToCity": "", "FromZip": "",
        "SmsSid": sid, "FromState": "", "SmsStatus": "received", "FromCity": "", "Body": text,
        "FromCountry": person.country, "To": _numbers(account)[0], "ToZip": "",
        "NumSegments": str(count_parts(text)[0]), "MessageSid": sid, "AccountSid": account.secret("account_sid"),
        "From": person.phone, "ApiVersion": "2010-04-01",
    }  # fmt: skip
    word = text.strip().upper()
    bond = world.bond(person, account)
    kinds = (("STOP", STOP_WORDS, True), ("START", START_WORDS, False), ("HELP", HELP_WORDS, bond.opted_out))
    for name, words, opted_out in kinds:
        if word in words:
            bond.opted_out = opted_out
            if account.setting("advanced_opt_out", False):
                fields["OptOutType"] = name
    return Event(f"message:{sid}", "message", person.id, sid, fields)


provider = Twilio()
