"""Viber bots: every answer is HTTP 200 with a status in the body; the hook is called back when it is set.

Opening the chat by a link sends `conversation_started` with the link's context; the HTTP answer to it may carry one
welcome message. Until the person writes, nothing else reaches them (status 6).
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import msgspec

from tertulia.simulator.acts import Act, Block, Choose, Open, SharePhone, Unblock, Write
from tertulia.simulator.outbox import Event, RetryPolicy
from tertulia.simulator.providers.base import CommonProvider, arrive, show_links
from tertulia.simulator.wire import BadBody, Call, Post, Reply, read_object, reply_json, to_json
from tertulia.simulator.world import Account, Message, Person, World

TEXT_CHARACTERS_MAX = 7000
BODY_BYTES_MAX = 30_000
SENDER_CHARACTERS_MAX = 28
EVENTS = ["delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started"]
_STATUS = {
    1: "invalidUrl", 2: "invalidAuthToken", 3: "badData", 4: "missingData", 5: "receiverNotRegistered",
    6: "receiverNotSubscribed", 8: "publicAccountNotFound", 10: "webhookNotSet", 12: "tooManyRequests",
}  # fmt: skip


@dataclass(slots=True)
class State:
    """`silent` until a hook is set, unless the account was configured with one; `tracking` by person."""

    events: list[str]
    tracking: dict[str, str]


class Viber(CommonProvider):
    kind = "viber"
    mark = "VB"
    title = "Viber"
    prefix = "viber"
    app = True
    needs = ("auth_token", "bot_uri")
    states = ("delivered", "read")
    policy = RetryPolicy((1, 5, 15, 60, 180, 600, 1200, 1500))

    def new_state(self) -> State:
        return State(list(EVENTS), {})

    def scope(self, account: Account) -> str:
        return account.secret("bot_uri")

    def handle(self, world: World, account: Account, person: Person) -> str:
        return world.chance.token(22, "viber", self.scope(account), person.phone) + "=="

    def answer(self, world: World, call: Call) -> Reply | Awaitable[Reply]:
        try:
            fields = read_object(call)
        except BadBody:
            return _status(3)
        token = call.headers.get("x-viber-auth-token") or str(fields.get("auth_token", ""))
        account = world.find_account("viber", "auth_token", token)
        if account is None:
            return _status(2)
        method = call.path.removeprefix("/pa/")
        if method == "set_webhook":
            return _set_webhook(world, account, fields)
        handler = {
            "send_message": _send, "broadcast_message": _broadcast, "get_account_info": _get_account_info,
            "get_user_details": _get_user_details, "get_online": _get_online,
        }.get(method)  # fmt: skip
        return handler(world, account, fields) if handler else Reply(404, b"", remark="no such method")

    def busy(self, world: World) -> Reply:
        return _status(12)

    def is_send(self, call: Call) -> bool:
        return call.path.endswith(("/send_message", "/broadcast_message"))

    def receipt(self, world: World, account: Account, message: Message, state: str) -> Event | None:
        person = world.people.get(message.person)
        word = "seen" if state == "read" else state
        if person is None or word not in account.state.events:
            return None
        data = {
            "event": word, "timestamp": world.clock.now_ms(), "message_token": int(message.id),
            "user_id": world.handle(account, person),
        }  # fmt: skip
        return Event(f"{word}:{message.id}", "receipt", message.person, message.id, data)

    def tell(self, world: World, account: Account, person: Person, act: Act) -> list[Event]:
        bond = world.bond(person, account)
        match act:
            case Open(token=token):
                return [_started(world, account, person, token)]
            case Write(text=text, token=token):
                events = [] if bond.opened else [_started(world, account, person, token)]
                bond.follows = True
                return [*events, _message(world, account, person, {"type": "text", "text": text})]
            case Choose(payload=payload, label=label):
                return [_message(world, account, person, {"type": "text", "text": payload or label})]
            case SharePhone():
                contact = {"name": person.name, "phone_number": person.phone.lstrip("+")}
                return [_message(world, account, person, {"type": "contact", "contact": contact})]
            case Block() if bond.follows:
                bond.follows = False
                data = {"event": "unsubscribed", "user_id": world.handle(account, person)}
                return [_event(world, account, person, data)]
            case Unblock():
                bond.follows = True
                return [_event(world, account, person, {"event": "subscribed", "user": _user(world, account, person)})]
            case _:
                return []

    def pack(self, world: World, account: Account, events: list[Event], url: str, wrong: bool) -> Post:
        return pack_viber(account, url, events[0].data, wrong)

    def answered(self, world: World, account: Account, events: list[Event], body: bytes) -> None:
        """The answer to conversation_started may be a free welcome message."""
        person = world.people.get(events[0].person)
        if person is None or events[0].data.get("event") != "conversation_started" or not body.strip():
            return
        try:
            content = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if content.get("type") and not _find_fault(content, need_receiver=False):
            _deliver(world, account, person, self.handle(world, account, person), content)


def sign(token: str, body: bytes) -> str:
    """X-Viber-Content-Signature: the bot token's HMAC over the raw body."""
    return hmac.digest(token.encode(), body, "sha256").hex()


def pack_viber(account: Account, url: str, payload: Any, wrong: bool) -> Post:
    body = to_json(payload)
    token = account.secret("auth_token") + ("-wrong" if wrong else "")
    headers = {"Content-Type": "application/json", "X-Viber-Content-Signature": sign(token, body)}
    return Post("POST", url, headers, body)


def _status(status: int, message: str = "") -> Reply:
    text = message or _STATUS.get(status, "ok")
    return reply_json({"status": status, "status_message": text}, remark=f"status {status} {text}")


def _new_token(world: World, account: Account) -> int:
    return 5_741_000_000_000_000_000 + world.next_number("viber")


def _event(world: World, account: Account, person: Person, data: dict[str, Any], kind: str = "contact") -> Event:
    token = _new_token(world, account)
    full = {**data, "timestamp": world.clock.now_ms(), "message_token": token, "chat_hostname": "SN-CHAT-05_"}
    return Event(f"{data['event']}:{token}", kind, person.id, str(token) if kind == "message" else "", full)


def _user(world: World, account: Account, person: Person) -> dict[str, Any]:
    return {
        "id": world.handle(account, person), "name": person.name or "Viber user", "avatar": "",
        "country": person.country, "language": person.language, "api_version": 10,
    }  # fmt: skip


def _started(world: World, account: Account, person: Person, token: str) -> Event:
    bond = world.bond(person, account)
    bond.opened = True
    data: dict[str, Any] = {"event": "conversation_started", "type": "open", "user": _user(world, account, person),
                            "subscribed": bond.follows}  # fmt: skip
    if token:
        data["context"] = token
    return _event(world, account, person, data)


def _message(world: World, account: Account, person: Person, message: dict[str, Any]) -> Event:
    tracking = account.state.tracking.get(person.id)
    if tracking:
        message = {**message, "tracking_data": tracking}
    data = {"event": "message", "sender": _user(world, account, person), "message": message, "silent": False}
    return _event(world, account, person, data, "message")


async def _set_webhook(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    """Viber calls the address before it takes it over. An empty one removes the hook."""
    assert world.outbox is not None
    url = str(fields.get("url", ""))
    if not url:
        account.webhook_url = ""
        return _status(0)
    wanted = fields.get("event_types")
    token = _new_token(world, account)
    check = {"event": "webhook", "timestamp": world.clock.now_ms(), "message_token": token,
             "chat_hostname": "SN-CHAT-05_"}  # fmt: skip
    post = pack_viber(account, url, check, world.behaviours.wrong_signatures)
    answered = await world.outbox.call(post, 10)
    if answered.status != 200:
        return _status(1, f"Result: {answered.status or answered.cause}")
    account.webhook_url = url
    account.state.events = [str(e) for e in wanted] if isinstance(wanted, list) and wanted else list(EVENTS)
    return reply_json({
        "status": 0, "status_message": "ok", "chat_hostname": "SN-CHAT-05_", "event_types": account.state.events,
    }, remark="webhook verified")  # fmt: skip


def _get_account_info(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    followers = sum(b.follows for (_, name), b in world.bonds.items() if name == account.id)
    return reply_json({
        "status": 0, "status_message": "ok", "id": f"pa:{world.chance.token(16, 'pa', account.id)}",
        "name": account.name, "uri": account.secret("bot_uri"), "icon": "", "category": "Companies",
        "subcategory": "Shopping", "country": "PT", "webhook": account.webhook_url,
        "event_types": account.state.events, "subscribers_count": followers, "members": [],
    })  # fmt: skip


def _get_user_details(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    person = world.find_handle(account, str(fields.get("id", "")))
    if person is None:
        return _status(5)
    return reply_json({"status": 0, "status_message": "ok", "message_token": _new_token(world, account),
                       "user": _user(world, account, person)})  # fmt: skip


def _get_online(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    ids = [str(name) for name in fields.get("ids", [])][:100]
    users = [{"id": name, "online_status": 0, "online_status_message": "online"} for name in ids]
    return reply_json({"status": 0, "status_message": "ok", "users": users})


def _find_fault(fields: dict[str, Any], *, need_receiver: bool = True) -> int:
    sender = fields.get("sender")
    name = str(sender.get("name", "")) if isinstance(sender, dict) else ""
    text = str(fields.get("text", ""))
    if (need_receiver and not fields.get("receiver")) or not fields.get("type") or not name:
        return 4
    if fields["type"] == "text" and not text:
        return 4
    if len(name) > SENDER_CHARACTERS_MAX or len(text) > TEXT_CHARACTERS_MAX:
        return 3
    return 3 if len(to_json(fields)) > BODY_BYTES_MAX else 0


def _send(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    receiver = str(fields.get("receiver", ""))
    person = world.find_handle(account, receiver)
    code = _find_fault(fields)
    if not code and not account.webhook_url:
        code = 10
    if not code and person is None:
        code = 5
    if not code and person is not None and not world.bond(person, account).follows:
        code = 6
    if code or person is None:
        world.refuse(account, receiver, str(fields.get("text", "")), code)
        return _status(code)
    return _deliver(world, account, person, receiver, fields)


def _broadcast(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    names = fields.get("broadcast_list")
    if not isinstance(names, list) or not 1 <= len(names) <= 300:
        return _status(3)
    failed = []
    for name in map(str, names):
        person = world.find_handle(account, name)
        if person is None or not world.bond(person, account).follows:
            failed.append({"receiver": name, "status": 6, "status_message": _STATUS[6]})
        else:
            _deliver(world, account, person, name, fields)
    return reply_json({"message_token": _new_token(world, account), "status": 0, "status_message": "ok",
                       "failed_list": failed})  # fmt: skip


def _deliver(world: World, account: Account, person: Person, receiver: str, fields: dict[str, Any]) -> Reply:
    token = _new_token(world, account)
    keyboard = fields.get("keyboard")
    buttons = keyboard.get("Buttons", []) if isinstance(keyboard, dict) else []
    choices = tuple((str(b.get("Text", "")), str(b.get("ActionBody", ""))) for b in buttons
                    if b.get("ActionType", "reply") == "reply")  # fmt: skip
    links = [(b.get("Text", ""), b.get("ActionBody", "")) for b in buttons if b.get("ActionType") == "open-url"]
    text = show_links(str(fields.get("text") or fields.get("media", "")), links)
    message = Message(
        str(token), account.id, "viber", "", receiver, text, True,
        world.clock.now_ms(), ref=str(fields.get("tracking_data", "")), choices=choices,
        ask_phone=any(b.get("ActionType") == "share-phone" for b in buttons),
    )  # fmt: skip
    account.state.tracking[person.id] = message.ref
    arrive(world, account, person, message)
    body = {"status": 0, "status_message": "ok", "message_token": token, "chat_hostname": "SN-CHAT-05_",
            "billing_status": 1}  # fmt: skip
    return reply_json(body, remark="accepted")


provider = Viber()
