"""LINE Messaging API: push, reply, multicast, push by phone number; profile, quota, the webhook's address and test.

A friend who blocks the account is reported (`unfollow`), but a push to them still answers 200. Push by phone number
(`/bot/pnp/push`, to the SHA-256 of the number) is refused with 422 where the number has no LINE, and answered later
by a `delivery` event that carries the tag of `X-Line-Delivery-Tag`.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

from tertulia.simulator.acts import Act, Block, Choose, Open, Unblock, Write
from tertulia.simulator.outbox import Event, RetryPolicy
from tertulia.simulator.providers.base import CommonProvider, arrive, show_links
from tertulia.simulator.wire import BadBody, Call, Post, Reply, bearer, read_object, reply_json, to_json
from tertulia.simulator.world import Account, Message, Person, World

TEXT_UNITS_MAX = 5000
REPLY_TOKEN_MS = 60_000
MESSAGES_MAX = 5
_USER = re.compile(r"U[0-9a-f]{32}$")
_RETRY_KEY = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$", re.IGNORECASE)
_PNP = "pnp"


@dataclass(slots=True)
class State:
    """`retry_keys` to the request id and body of what was accepted; `reply_tokens` to (person, until)."""

    retry_keys: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    reply_tokens: dict[str, tuple[str, int]] = field(default_factory=dict)
    sent: int = 0


class Line(CommonProvider):
    kind = "line"
    mark = "LN"
    title = "LINE"
    prefix = "line"
    app = True
    needs = ("access_token", "channel_secret", "basic_id")
    states = ("delivered",)
    pack_max = 10

    def new_state(self) -> State:
        return State()

    def scope(self, account: Account) -> str:
        return account.secret("provider_id") or account.secret("basic_id")

    def handle(self, world: World, account: Account, person: Person) -> str:
        return "U" + world.chance.token(32, "line", self.scope(account), person.phone)

    def answer(self, world: World, call: Call) -> Reply | Awaitable[Reply]:
        account = world.find_account("line", "access_token", bearer(call))
        if account is None:
            text = "Authentication failed. Confirm that the access token in the authorization header is valid."
            return reply_json({"message": text}, 401, "wrong token")
        path = call.path.removeprefix("/v2")
        try:
            if path == "/bot/channel/webhook/endpoint" or path == "/bot/channel/webhook/test":
                return _webhook(world, account, call, path)
            if call.method == "POST":
                return _post(world, account, call, path)
        except BadBody:
            return _invalid("The request body could not be parsed as JSON")
        return _look_up(world, account, call, path)

    def busy(self, world: World) -> Reply:
        return reply_json({"message": "Internal server error"}, 500, "busy")

    def is_send(self, call: Call) -> bool:
        return call.path.endswith(("/message/push", "/message/reply", "/message/multicast", "/pnp/push"))

    def receipt(self, world: World, account: Account, message: Message, state: str) -> Event | None:
        """Only a push by phone number is answered, and only when it arrived."""
        if message.data != _PNP or state != "delivered" or not message.ref:
            return None
        data = {**_common(world, account), "type": "delivery", "delivery": {"data": message.ref}}
        return Event(f"delivered:{message.id}", "receipt", message.person, message.id, data)

    def tell(self, world: World, account: Account, person: Person, act: Act) -> list[Event]:
        bond = world.bond(person, account)
        match act:
            case Write(text=text):
                events = [] if bond.follows else [_follow(world, account, person, False)]
                return [*events, _message(world, account, person, text)]
            case Choose(label=label, payload=""):
                return [_message(world, account, person, label)]
            case Choose(payload=payload):
                part = {"type": "postback", "postback": {"data": payload}}
                return [_event(world, account, person, part, reply=True)]
            case Open() if not bond.follows:
                return [_follow(world, account, person, False)]
            case Unblock():
                return [_follow(world, account, person, True)]
            case Block() if bond.follows:
                bond.follows = False
                return [_event(world, account, person, {"type": "unfollow"})]
            case _:
                return []

    def pack(self, world: World, account: Account, events: list[Event], url: str, wrong: bool) -> Post:
        pieces = [dict(event.data) for event in events]
        if events[0].attempt > 1:
            for piece in pieces:
                piece["deliveryContext"] = {"isRedelivery": True}
        payload = {"destination": bot_user_id(world, account), "events": pieces}
        return pack_line(account, url, payload, wrong)

    def retry(self, account: Account, event: Event) -> RetryPolicy:
        """Redelivery is opt-in at LINE: the setting `redelivery`."""
        return RetryPolicy((2, 10, 60, 300, 1800)) if account.setting("redelivery", True) else RetryPolicy()


def sign(secret: str, body: bytes) -> str:
    """x-line-signature: base64 of the channel secret's HMAC over the raw body."""
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def pack_line(account: Account, url: str, payload: Any, wrong: bool) -> Post:
    body = to_json(payload)
    secret = account.secret("channel_secret") + ("-wrong" if wrong else "")
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "LineBotWebhook/2.0",
               "x-line-signature": sign(secret, body)}  # fmt: skip
    return Post("POST", url, headers, body)


def bot_user_id(world: World, account: Account) -> str:
    return account.secret("bot_user_id") or "U" + world.chance.token(32, "line-bot", account.id)


def _invalid(message: str, field_name: str = "", text: str = "") -> Reply:
    body: dict[str, Any] = {"message": message}
    if field_name:
        body["details"] = [{"message": text, "property": field_name}]
    return reply_json(body, 400, "invalid")


def _common(world: World, account: Account) -> dict[str, Any]:
    number = world.next_number("line-event")
    token = world.chance.token(26, "line-event", account.id, number).upper()
    return {
        "mode": "active", "timestamp": world.clock.now_ms(), "webhookEventId": token,
        "deliveryContext": {"isRedelivery": False},
    }  # fmt: skip


def _event(
    world: World, account: Account, person: Person, part: dict[str, Any], *, reply: bool = False, message_id: str = ""
) -> Event:
    common = _common(world, account)
    data = {**common, "source": {"type": "user", "userId": world.handle(account, person)}, **part}
    if reply:
        token = world.chance.token(32, "reply", common["webhookEventId"])
        account.state.reply_tokens[token] = person.id, world.clock.now_ms() + REPLY_TOKEN_MS
        data["replyToken"] = token
    kind = "message" if part["type"] in ("message", "postback") else "contact"
    return Event(f"{part['type']}:{common['webhookEventId']}", kind, person.id, message_id, data)


def _message(world: World, account: Account, person: Person, text: str) -> Event:
    number = str(468_000_000_000_000_000 + world.next_number("line-message"))
    message = {"type": "text", "id": number, "text": text, "quoteToken": world.chance.token(24, "quote", number)}
    return _event(world, account, person, {"type": "message", "message": message}, reply=True, message_id=number)


def _follow(world: World, account: Account, person: Person, unblocked: bool) -> Event:
    world.bond(person, account).follows = True
    return _event(world, account, person, {"type": "follow", "follow": {"isUnblocked": unblocked}}, reply=True)


def _webhook(world: World, account: Account, call: Call, path: str) -> Reply | Awaitable[Reply]:
    if path.endswith("/test"):
        wanted = read_object(call) if call.body else {}
        return _test_webhook(world, account, str(wanted.get("endpoint") or account.webhook_url))
    if call.method == "PUT":
        url = str(read_object(call).get("endpoint", ""))
        if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            return _invalid("Invalid webhook endpoint URL", "endpoint", "must be an HTTPS URL")
        account.webhook_url = url
        return reply_json({})
    if not account.webhook_url:
        return reply_json({"message": "Not found"}, 404)
    return reply_json({"endpoint": account.webhook_url, "active": True})


async def _test_webhook(world: World, account: Account, url: str) -> Reply:
    """LINE's own check of the road: an empty list of events, signed."""
    assert world.outbox is not None
    if not url:
        return reply_json({"message": "Not found"}, 404)
    payload = {"destination": bot_user_id(world, account), "events": []}
    post = pack_line(account, url, payload, world.behaviours.wrong_signatures)
    answered = await world.outbox.call(post, 10)
    reasons = {"connect": "COULD_NOT_CONNECT", "timeout": "REQUEST_TIMEOUT", "broken": "UNCLASSIFIED"}
    reason = "OK" if answered.ok else reasons.get(answered.cause, "ERROR_STATUS_CODE")
    return reply_json({
        "success": answered.ok, "timestamp": world.clock.now().isoformat().replace("+00:00", "Z"),
        "statusCode": answered.status, "reason": reason, "detail": str(answered.status),
    }, remark=reason)  # fmt: skip


def _look_up(world: World, account: Account, call: Call, path: str) -> Reply:
    if path == "/bot/info":
        return reply_json({
            "userId": bot_user_id(world, account), "basicId": account.secret("basic_id"), "displayName": account.name,
            "chatMode": "bot", "markAsReadMode": "manual",
        })  # fmt: skip
    if path == "/bot/message/quota":
        return reply_json({"type": "limited", "value": int(account.setting("quota", 1_000_000))})
    if path == "/bot/message/quota/consumption":
        return reply_json({"totalUsage": account.state.sent})
    if path.startswith("/bot/profile/"):
        person = world.find_handle(account, path.removeprefix("/bot/profile/"))
        if person is None or not world.bond(person, account).follows:
            return reply_json({"message": "Not found"}, 404)
        name = {"displayName": person.name or "LINE user", "userId": world.handle(account, person)}
        return reply_json({**name, "language": person.language})
    if path == "/bot/followers/ids":
        pairs = ((person, world.bond(person, account)) for person in list(world.people.values()))
        return reply_json({"userIds": [world.handle(account, person) for person, bond in pairs if bond.follows]})
    return reply_json({"message": "Not found"}, 404)


def _post(world: World, account: Account, call: Call, path: str) -> Reply:
    fields = read_object(call)
    if path.startswith("/bot/message/validate/"):
        return _check_messages(fields) or reply_json({})
    handlers = {
        "/bot/message/push": _push, "/bot/message/reply": _reply, "/bot/message/multicast": _multicast,
        "/bot/pnp/push": _push_by_phone,
    }  # fmt: skip
    if path in ("/bot/chat/loading/start", "/bot/message/markAsRead", "/bot/chat/markAsRead"):
        return reply_json({}, 202 if path.endswith("start") else 200)
    handler = handlers.get(path)
    if handler is None:
        return reply_json({"message": "Not found"}, 404)
    key = call.headers.get("x-line-retry-key", "")
    if key and (path.endswith(("reply", "pnp/push")) or not _RETRY_KEY.match(key)):
        return _invalid("Invalid retry key")
    if key in account.state.retry_keys:
        request, body = account.state.retry_keys[key]
        accepted = (("x-line-accepted-request-id", request),)
        text = {"message": "The retry key is already accepted", **_read_sent(body)}
        return reply_json(text, 409, "already accepted", accepted)
    answer = _check_messages(fields) or handler(world, account, call, fields)
    request = world.chance.token(32, "line-request", account.id, world.next_number("line-request"))
    if key and answer.status == 200:
        account.state.retry_keys[key] = request, answer.body
    return Reply(answer.status, answer.body, headers=(("x-line-request-id", request),), remark=answer.remark)


def _read_sent(body: bytes) -> dict[str, Any]:
    value = read_object(Call("POST", "", {}, {}, body))
    return {"sentMessages": value["sentMessages"]} if "sentMessages" in value else {}


def _check_messages(fields: dict[str, Any]) -> Reply | None:
    messages = fields.get("messages")
    if not isinstance(messages, list) or not 1 <= len(messages) <= MESSAGES_MAX:
        return _invalid("The request body has 1 error(s)", "messages", "Size must be between 1 and 5")
    for position, message in enumerate(messages):
        text = message.get("text", "") if isinstance(message, dict) else None
        if text is None or not message.get("type"):
            return _invalid("The request body has 1 error(s)", f"messages[{position}].type", "May not be empty")
        units = len(str(text).encode("utf-16-le")) // 2
        if message["type"] == "text" and not 1 <= units <= TEXT_UNITS_MAX:
            detail = "May not be empty" if not units else "Length must be between 0 and 5000"
            return _invalid("The request body has 1 error(s)", f"messages[{position}].text", detail)
        items = (message.get("quickReply") or {}).get("items") or []
        if len(items) > 13 or any(len(str((i.get("action") or {}).get("label", ""))) > 20 for i in items):
            return _invalid("The request body has 1 error(s)", f"messages[{position}].quickReply", "Invalid length")
    return None


def _push(world: World, account: Account, call: Call, fields: dict[str, Any]) -> Reply:
    to = str(fields.get("to", ""))
    person = world.find_handle(account, to)
    if not _USER.match(to):
        world.refuse(account, to, _text(fields), "400")
        return _invalid("The property, 'to', in the request body is invalid (line: -, column: -)")
    if person is None:
        world.refuse(account, to, _text(fields), "400")
        return _invalid("Failed to send messages")
    return _deliver(world, account, person, to, fields)


def _reply(world: World, account: Account, call: Call, fields: dict[str, Any]) -> Reply:
    person_id, until = account.state.reply_tokens.pop(str(fields.get("replyToken", "")), ("", 0))
    person = world.people.get(person_id)
    if person is None or world.clock.now_ms() > until:
        world.refuse(account, "", _text(fields), "400")
        return _invalid("Invalid reply token")
    return _deliver(world, account, person, world.handle(account, person), fields)


def _multicast(world: World, account: Account, call: Call, fields: dict[str, Any]) -> Reply:
    to = fields.get("to")
    if not isinstance(to, list) or not 1 <= len(to) <= 500:
        return _invalid("The request body has 1 error(s)", "to", "Size must be between 1 and 500")
    for name in to:
        person = world.find_handle(account, str(name))
        if person is not None:
            _deliver(world, account, person, str(name), fields)
    return reply_json({}, remark="accepted")


def _push_by_phone(world: World, account: Account, call: Call, fields: dict[str, Any]) -> Reply:
    if not account.setting("phone_push", True):
        return reply_json({"message": "Access to this API is not available for your account"}, 403)
    to, tag = str(fields.get("to", "")), call.headers.get("x-line-delivery-tag", "")
    if tag and not 16 <= len(tag) <= 100:
        return _invalid("Invalid delivery tag")
    person = world.by_hash.get(to)
    reachable = person is not None and "line" in person.apps and world.knows_number(person.phone)
    if person is None or not reachable or world.bond(person, account).blocked:
        world.refuse(account, to, _text(fields), "422")
        return reply_json({"message": "Failed to send messages"}, 422, "no LINE on this number")
    _deliver(world, account, person, to, fields, tag=tag, data=_PNP)
    return reply_json({}, remark="accepted")


def _text(fields: dict[str, Any]) -> str:
    return "\n".join(str(m.get("text") or m.get("altText") or m.get("originalContentUrl", ""))
                     for m in fields.get("messages", []))  # fmt: skip


def _deliver(
    world: World, account: Account, person: Person, to: str, fields: dict[str, Any], *, tag: str = "", data: str = ""
) -> Reply:
    sent = []
    for content in fields["messages"]:
        number = str(461_000_000_000_000_000 + world.next_number("line-sent"))
        text = str(content.get("text") or content.get("altText") or content.get("originalContentUrl", ""))
        text = show_links(text, _read_links(content))
        message = Message(number, account.id, "line", "", to, text, True, world.clock.now_ms(), ref=tag, data=data,
                          choices=_read_choices(content))  # fmt: skip
        if world.bond(person, account).blocked:
            world.accept(account, None, message)
        else:
            arrive(world, account, person, message)
        account.state.sent += 1
        sent.append({"id": number, "quoteToken": world.chance.token(24, "quote", number)})
    return reply_json({"sentMessages": sent}, remark="accepted")


def _read_choices(content: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    items = (content.get("quickReply") or {}).get("items") or []
    actions = [item.get("action") or {} for item in items if isinstance(item, dict)]
    return tuple((str(a.get("label", "")), str(a.get("data", ""))) for a in actions if "uri" not in a)


def _read_links(content: dict[str, Any]) -> list[tuple[object, object]]:
    items = (content.get("quickReply") or {}).get("items") or []
    actions = [item.get("action") or {} for item in items if isinstance(item, dict)]
    return [(action.get("label", ""), action["uri"]) for action in actions if "uri" in action]


provider = Line()
