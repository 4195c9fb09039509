"""The Telegram Bot API: sendMessage and its kin, the webhook or the long poll, chats by person.

Updates are numbered per bot. Without a webhook they are kept for `getUpdates`; with one, polling is a conflict (409).
A bot never writes first: until the person presses Start, the chat is not found.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tertulia.simulator.acts import Act, Block, Choose, SharePhone, Unblock, Write
from tertulia.simulator.outbox import Event, RetryPolicy
from tertulia.simulator.providers.base import CommonProvider, arrive, show_links
from tertulia.simulator.wire import BadBody, Call, Post, Reply, read_fields, reply_json, to_json
from tertulia.simulator.world import Account, Message, Person, World

TEXT_CHARACTERS_MAX = 4096
POLL_S_MAX = 50
KEPT_UPDATES_MAX = 100_000
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}$")
_PATH = re.compile(r"/bot(?P<token>[^/]+)/(?P<method>\w+)$")


@dataclass(slots=True)
class State:
    """`updates` wait for a poll; `arrived` wakes it. `secret` is the webhook's as it was set by the API (None: never,
    then the account's own holds), `last_error` its last trouble."""

    updates: list[dict[str, Any]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    secret: str | None = None
    last_error: str = ""
    callbacks: dict[str, str] = field(default_factory=dict)
    number: int = 0


class Telegram(CommonProvider):
    kind = "telegram"
    mark = "TG"
    title = "Telegram"
    prefix = "telegram"
    app = True
    needs = ("token", "bot_username")
    states = ("delivered",)
    policy = RetryPolicy((1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600, 3600, 3600))

    def new_state(self) -> State:
        return State()

    def scope(self, account: Account) -> str:
        return account.secret("token").partition(":")[0]

    def handle(self, world: World, account: Account, person: Person) -> str:
        """A Telegram user has one id for every bot."""
        return str(5_000_000_000 + int(world.chance.token(9, "telegram", person.phone), 16) % 2_000_000_000)

    def answer(self, world: World, call: Call) -> Reply | Awaitable[Reply]:
        found = _PATH.match(call.path)
        account = world.find_account("telegram", "token", found["token"]) if found else None
        if found is None or account is None:
            return _error(404 if found is None else 401, "Not Found" if found is None else "Unauthorized")
        try:
            fields = read_fields(call)
        except BadBody:
            return _error(400, "Bad Request: can't parse JSON object")
        handler = _METHODS.get(found["method"].lower())
        return handler(world, account, fields) if handler else _error(404, "Not Found")

    def busy(self, world: World) -> Reply:
        body = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 1",
                "parameters": {"retry_after": 1}}  # fmt: skip
        return reply_json(body, 429, "retry after 1")

    def is_send(self, call: Call) -> bool:
        return "/send" in call.path.lower() and not call.path.lower().endswith("/sendchataction")

    def receipt(self, world: World, account: Account, message: Message, state: str) -> Event | None:
        return None

    def tell(self, world: World, account: Account, person: Person, act: Act) -> list[Event]:
        bond = world.bond(person, account)
        match act:
            case Write(text=text, reply_to=reply_to):
                bond.opened = True
                content: dict[str, Any] = {"text": text}
                if reply_to.isdigit():
                    content["reply_to_message"] = {"message_id": int(reply_to)}
                return [_message(world, account, person, content)]
            case Choose(label=label, payload=payload, message_id=message_id):
                asked = world.messages.get(message_id)
                if payload and asked is not None and asked.data == "inline":
                    return [_callback(world, account, person, payload, message_id.rpartition(":")[2])]
                return [_message(world, account, person, {"text": label})]
            case SharePhone():
                contact = {"phone_number": person.phone, "first_name": _first_name(person),
                           "user_id": int(world.handle(account, person))}  # fmt: skip
                return [_message(world, account, person, {"contact": contact})]
            case Block() | Unblock() if bond.opened:
                blocked = isinstance(act, Block)
                return [_member(world, account, person, blocked)]
            case _:
                return []

    def pack(self, world: World, account: Account, events: list[Event], url: str, wrong: bool) -> Post:
        headers = {"Content-Type": "application/json"}
        secret = account.secret("secret_token") if account.state.secret is None else account.state.secret
        if secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = secret + ("-wrong" if wrong else "")
        return Post("POST", url, headers, to_json(events[0].data))

    def answered(self, world: World, account: Account, events: list[Event], body: bytes) -> None:
        """The answer to an update may carry one method call; its result is not returned."""
        try:
            fields = msgspec.json.decode(body, type=dict[str, Any]) if body.strip() else {}
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if str(fields.get("method", "")).lower() == "sendmessage":
            _send_message(world, account, fields)

    def keep(self, world: World, account: Account, event: Event) -> bool:
        if account.webhook_url:
            return False
        if len(account.state.updates) < KEPT_UPDATES_MAX:
            account.state.updates.append(event.data)
        account.state.arrived.set()
        return True


def _ok(result: Any, remark: str = "") -> Reply:
    return reply_json({"ok": True, "result": result}, remark=remark)


def _error(code: int, description: str) -> Reply:
    return reply_json({"ok": False, "error_code": code, "description": description}, code, description)


def _first_name(person: Person) -> str:
    return person.name.partition(" ")[0] or "Someone"


def _user(world: World, account: Account, person: Person) -> dict[str, Any]:
    first, _, last = person.name.partition(" ")
    user: dict[str, Any] = {"id": int(world.handle(account, person)), "is_bot": False,
                            "first_name": first or "Someone", "language_code": person.language}  # fmt: skip
    if last:
        user["last_name"] = last
    if person.username:
        user["username"] = person.username
    return user


def _chat(world: World, account: Account, person: Person) -> dict[str, Any]:
    user = _user(world, account, person)
    return {key: user[key] for key in ("id", "first_name", "last_name", "username") if key in user} | {
        "type": "private"
    }


def _update(world: World, account: Account, person: Person, kind: str, part: dict[str, Any], message_id: str) -> Event:
    account.state.number += 1
    number = 10_000 + account.state.number
    event_kind = "contact" if kind == "my_chat_member" else "message"
    return Event(f"{kind}:{account.id}:{number}", event_kind, person.id, message_id, {"update_id": number, kind: part})


def _message(world: World, account: Account, person: Person, content: dict[str, Any]) -> Event:
    number = world.next_number(f"telegram:{account.id}:{person.id}")
    part = {"message_id": number, "from": _user(world, account, person), "chat": _chat(world, account, person),
            "date": world.clock.now_ms() // 1000, **content}  # fmt: skip
    text = content.get("text", "")
    if text.startswith("/"):
        part["entities"] = [{"offset": 0, "length": len(text.partition(" ")[0]), "type": "bot_command"}]
    return _update(world, account, person, "message", part, str(number))


def _callback(world: World, account: Account, person: Person, payload: str, message_id: str) -> Event:
    name = str(4_382_000 + world.next_number("telegram-callback"))
    account.state.callbacks[name] = person.id
    part = {"id": name, "from": _user(world, account, person), "chat_instance": name, "data": payload,
            "message": {"message_id": int(message_id), "chat": _chat(world, account, person)}}  # fmt: skip
    return _update(world, account, person, "callback_query", part, name)


def _member(world: World, account: Account, person: Person, blocked: bool) -> Event:
    states = ("member", "kicked") if blocked else ("kicked", "member")
    bot = {"id": int(account.provider.scope(account)) if account.provider.scope(account).isdigit() else 1,
           "is_bot": True, "first_name": account.name, "username": account.secret("bot_username")}  # fmt: skip
    part = {"chat": _chat(world, account, person), "from": _user(world, account, person),
            "date": world.clock.now_ms() // 1000, "old_chat_member": {"user": bot, "status": states[0]},
            "new_chat_member": {"user": bot, "status": states[1], "until_date": 0}}  # fmt: skip
    return _update(world, account, person, "my_chat_member", part, "")


def _get_me(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    scope = account.provider.scope(account)
    return _ok({"id": int(scope) if scope.isdigit() else 1, "is_bot": True, "first_name": account.name,
                "username": account.secret("bot_username"), "can_join_groups": True,
                "can_read_all_group_messages": False, "supports_inline_queries": False})  # fmt: skip


def _set_webhook(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    url, secret = str(fields.get("url", "")), str(fields.get("secret_token", ""))
    if url and not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        return _error(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if secret and not _SECRET.match(secret):
        return _error(400, "Bad Request: secret token contains unallowed characters")
    account.webhook_url, account.state.secret, account.state.last_error = url, secret, ""
    _drop_or_flush(world, account, bool(fields.get("drop_pending_updates")))
    return reply_json({"ok": True, "result": True, "description": "Webhook was set"}, remark="webhook set")


def _delete_webhook(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    account.webhook_url = ""
    _drop_or_flush(world, account, bool(fields.get("drop_pending_updates")))
    return reply_json({"ok": True, "result": True, "description": "Webhook was deleted"})


def _drop_or_flush(world: World, account: Account, drop: bool) -> None:
    """Waiting updates go to a new webhook, unless they were to be dropped."""
    assert world.outbox is not None
    waiting = list(account.state.updates)
    if drop:
        account.state.updates.clear()
    elif account.webhook_url:
        account.state.updates.clear()
        for update in waiting:
            kind = next(name for name in update if name != "update_id")
            key = f"{kind}:{account.id}:{update['update_id']}"
            world.outbox.submit(account, Event(key, "message", str(update["update_id"]), "", update))


def _get_webhook_info(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    info: dict[str, Any] = {"url": account.webhook_url, "has_custom_certificate": False,
                            "pending_update_count": len(account.state.updates), "max_connections": 40}  # fmt: skip
    if account.state.last_error:
        info["last_error_message"] = account.state.last_error
    return _ok(info)


async def _get_updates(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    """The long poll: confirms everything below `offset`, then waits up to `timeout` seconds for something new."""
    if account.webhook_url:
        return _error(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to "
                           "delete the webhook first")  # fmt: skip
    state: State = account.state
    try:
        offset = int(fields.get("offset", 0))
        limit, wait_s = min(int(fields.get("limit", 100)), 100), min(int(fields.get("timeout", 0)), POLL_S_MAX)
    except (TypeError, ValueError):
        return _error(400, "Bad Request: invalid parameter")
    state.updates[:] = [update for update in state.updates if update["update_id"] >= offset]
    if not state.updates and wait_s > 0:
        state.arrived.clear()
        try:
            await asyncio.wait_for(state.arrived.wait(), wait_s)
        except TimeoutError:
            return _ok([])
    return _ok(state.updates[:limit])


def _send_message(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    text = show_links(str(fields.get("text", "")), _read_links(fields.get("reply_markup")))
    return _deliver(world, account, fields, text, "message text is empty")


_FILES = ("photo", "document", "video", "audio", "voice", "animation", "sticker")


def _send_file(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    name = next(
        (key for key in ("photo", "document", "video", "audio", "voice", "animation", "sticker") if key in fields), ""
    )
    text = f"{fields.get('caption', '')} {fields.get(name, '')}".strip()
    return _deliver(world, account, fields, text, "there is no file in the request")


def _deliver(world: World, account: Account, fields: dict[str, Any], text: str, empty: str) -> Reply:
    chat = str(fields.get("chat_id", ""))
    person = world.find_handle(account, chat)
    fault = _find_fault(world, account, person, chat, text, empty)
    if fault or person is None:
        fault = fault or _error(400, "Bad Request: chat not found")
        world.refuse(account, chat, text, fault.remark)
        return fault
    number = world.next_number(f"telegram:{account.id}:{person.id}")
    choices, how = _read_markup(fields.get("reply_markup"))
    message = Message(f"{account.id}:{chat}:{number}", account.id, "telegram", "", chat, text, True,
                      world.clock.now_ms(), choices=choices, data=how, ask_phone=how == "phone")  # fmt: skip
    arrive(world, account, person, message)
    result = {"message_id": number, "from": {"id": 1, "is_bot": True, "first_name": account.name},
              "chat": _chat(world, account, person), "date": world.clock.now_ms() // 1000, "text": text}  # fmt: skip
    return _ok(result, "accepted")


def _find_fault(
    world: World, account: Account, person: Person | None, chat: str, text: str, empty: str
) -> Reply | None:
    if not chat:
        return _error(400, "Bad Request: chat_id is empty")
    if not text:
        return _error(400, f"Bad Request: {empty}")
    if len(text) > TEXT_CHARACTERS_MAX:
        return _error(400, "Bad Request: message is too long")
    if person is None or not world.bond(person, account).opened:
        return _error(400, "Bad Request: chat not found")
    if world.bond(person, account).blocked:
        return _error(403, "Forbidden: bot was blocked by the user")
    return None


def _read_markup(markup: Any) -> tuple[tuple[tuple[str, str], ...], str]:
    """Buttons (label, payload), and how they work: inline (a callback), reply (a text) or phone (ask the number)."""
    if isinstance(markup, str):
        try:
            markup = msgspec.json.decode(markup)
        except msgspec.DecodeError:
            return (), ""
    if not isinstance(markup, dict):
        return (), ""
    inline = [b for row in markup.get("inline_keyboard", []) for b in row if "callback_data" in b]
    if inline:
        return tuple((str(b.get("text", "")), str(b["callback_data"])) for b in inline), "inline"
    keys = [b if isinstance(b, dict) else {"text": b} for row in markup.get("keyboard", []) for b in row]
    phone = any(b.get("request_contact") for b in keys)
    plain = tuple((str(b.get("text", "")), "") for b in keys if not b.get("request_contact"))
    return plain, "phone" if phone else "reply"


def _read_links(markup: Any) -> list[tuple[object, object]]:
    rows = markup.get("inline_keyboard", []) if isinstance(markup, dict) else []
    return [(button.get("text", ""), button["url"]) for row in rows for button in row if "url" in button]


def _yes(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    return _ok(True)


_METHODS: dict[str, Callable[[World, Account, dict[str, Any]], Reply | Awaitable[Reply]]] = {
    "getme": _get_me, "setwebhook": _set_webhook, "deletewebhook": _delete_webhook,
    "getwebhookinfo": _get_webhook_info, "getupdates": _get_updates, "sendmessage": _send_message,
    "sendphoto": _send_file, "senddocument": _send_file, "sendvideo": _send_file, "sendaudio": _send_file,
    "sendvoice": _send_file, "sendanimation": _send_file, "sendsticker": _send_file, "answercallbackquery": _yes,
    "sendchataction": _yes, "setmycommands": _yes, "setmessagereaction": _yes,
}  # fmt: skip

provider = Telegram()
