"""WeChat Official Account: tokens, customer service messages, parametric QR codes; XML webhooks, plain or encrypted.

No link opens a chat: people scan a QR code whose scene comes back with `subscribe` or `SCAN`, or send the code as
text. Free text reaches only followers, for 48 hours after they wrote (5 messages) and for a minute after a scan (3).
Bodies must be raw UTF-8: `\\u` escapes are refused (40033).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlencode
from xml.etree import ElementTree

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from tertulia.simulator.acts import Act, Block, Choose, Open, Unblock, Write
from tertulia.simulator.outbox import Event, RetryPolicy
from tertulia.simulator.providers import wechat_crypto
from tertulia.simulator.providers.base import CommonProvider, arrive
from tertulia.simulator.wire import BadBody, Call, Post, Reply, read_object, reply_json
from tertulia.simulator.world import Account, Bond, Message, Person, World

TOKEN_S = 7200
TEXT_BYTES_MAX = 2048
WROTE_MS, WROTE_MESSAGES = 48 * 3600 * 1000, 5
SCANNED_MS, SCANNED_MESSAGES = 60 * 1000, 3
_ERRORS = {
    -1: "system error", 40001: "invalid credential, access_token is invalid or not latest", 40003: "invalid openid",
    40013: "invalid appid", 40125: "invalid appsecret", 40033: "invalid charset. please check your request, if include "
    "\\uxxxx will create fail!", 40097: "invalid args", 41001: "access_token missing", 43004: "require subscribe",
    44002: "empty post data", 45002: "content size out of limit", 45015: "response out of time limit or subscription "
    "is canceled", 45047: "out of response count limit", 47001: "data format error", 48001: "api unauthorized",
}  # fmt: skip


@dataclass(slots=True)
class State:
    """`tokens` to their end in milliseconds; `tickets` to scenes; `budget` by person: (until, messages left)."""

    tokens: dict[str, int] = field(default_factory=dict)
    stable: str = ""
    tickets: dict[str, str] = field(default_factory=dict)
    budget: dict[str, tuple[int, int]] = field(default_factory=dict)


class WeChat(CommonProvider):
    kind = "wechat"
    mark = "WC"
    title = "WeChat"
    prefix = "wechat"
    app = True
    needs = ("app_id", "app_secret", "token", "account_id")
    states = ("delivered",)
    timeout_s = 5.0
    policy = RetryPolicy((1, 1), frozenset({"connect", "timeout", "5xx", "4xx"}))

    def new_state(self) -> State:
        return State()

    def scope(self, account: Account) -> str:
        return account.secret("app_id")

    def handle(self, world: World, account: Account, person: Person) -> str:
        return "o" + world.chance.token(27, "wechat", self.scope(account), person.phone)

    def answer(self, world: World, call: Call) -> Reply:
        path = call.path.removeprefix("/cgi-bin/")
        if path == "token" and call.method == "GET":
            return _give_token(world, call.query)
        if path == "showqrcode":
            return _show_qr(world, call.query.get("ticket", ""))
        try:
            if path == "stable_token":
                return _give_stable_token(world, read_object(call))
            account = _authenticate(world, call)
            if account is None:
                return _error(40001 if call.query.get("access_token") else 41001)
            if path == "getcallbackip" or path == "get_api_domain_ip":
                return reply_json({"ip_list": ["127.0.0.1"]})
            handler = {"message/custom/send": _send, "qrcode/create": _create_qr}.get(path)
            if path == "user/info":
                return _get_user(world, account, call.query)
            return handler(world, account, call, read_object(call)) if handler else _error(48001)
        except BadBody:
            return _error(47001 if call.body else 44002)

    def busy(self, world: World) -> Reply:
        return _error(-1)

    def is_send(self, call: Call) -> bool:
        return call.path.endswith("/message/custom/send")

    def receipt(self, world: World, account: Account, message: Message, state: str) -> Event | None:
        return None

    def tell(self, world: World, account: Account, person: Person, act: Act) -> list[Event]:
        bond = world.bond(person, account)
        match act:
            case Open(token=token):
                return _open(world, account, person, token)
            case Unblock():
                return _open(world, account, person, "")
            case Write(text=text) | Choose(label=text):
                events = [] if bond.follows else _open(world, account, person, "")
                account.state.budget[person.id] = world.clock.now_ms() + WROTE_MS, WROTE_MESSAGES
                number = str(23_000_000_000_000_000 + world.next_number("wechat-in"))
                parts = {"MsgType": "text", "Content": text, "MsgId": int(number)}
                return [*events, _event(world, account, person, "message", parts, number)]
            case Block() if bond.follows:
                bond.follows = False
                account.state.budget.pop(person.id, None)
                parts = {"MsgType": "event", "Event": "unsubscribe", "EventKey": ""}
                return [_event(world, account, person, "unsubscribe", parts)]
            case _:
                return []

    def pack(self, world: World, account: Account, events: list[Event], url: str, wrong: bool) -> Post:
        token = account.secret("token") + ("-wrong" if wrong else "")
        stamp = str(world.clock.now_ms() // 1000)
        nonce = world.chance.token(10, "nonce", events[0].key, events[0].attempt, events[0].copy)
        query = {"signature": wechat_crypto.sign(token, stamp, nonce), "timestamp": stamp, "nonce": nonce}
        xml = write_xml(events[0].data)
        aes_key = account.secret("encoding_aes_key")
        if aes_key:
            random16 = world.chance.token(16, "aes", events[0].key).encode()
            text = wechat_crypto.encrypt(aes_key, account.secret("app_id"), xml, random16)
            query |= {"encrypt_type": "aes", "msg_signature": wechat_crypto.sign(token, stamp, nonce, text)}
            xml = write_xml({"ToUserName": account.secret("account_id"), "Encrypt": text})
        full = f"{url}{'&' if '?' in url else '?'}{urlencode({**query, 'openid': events[0].data['FromUserName']})}"
        return Post("POST", full, {"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0"}, xml.encode())

    def answered(self, world: World, account: Account, events: list[Event], body: bytes) -> None:
        """The answer may be one passive reply, encrypted in encrypted mode."""
        person = world.people.get(events[0].person)
        if person is None or not body.strip().startswith(b"<xml"):
            return
        try:
            tree = fromstring(body.decode())
            if tree.findtext("Encrypt"):
                xml, _ = wechat_crypto.decrypt(account.secret("encoding_aes_key"), tree.findtext("Encrypt") or "")
                tree = fromstring(xml)
        except (ElementTree.ParseError, DefusedXmlException, ValueError):
            return
        text = tree.findtext("Content") or ""
        if text:
            arrive(world, account, person, _new_message(world, account, person, text, ()))


def write_xml(parts: Mapping[str, Any]) -> str:
    """WeChat's XML: text in CDATA, numbers bare."""
    inside = "".join(f"<{name}>{value if isinstance(value, int) else _cdata(value)}</{name}>"
                     for name, value in parts.items())  # fmt: skip
    return f"<xml>{inside}</xml>"


def _cdata(text: str) -> str:
    clean = "".join(char for char in text if char in "\t\n\r" or ord(char) >= 32)
    return f"<![CDATA[{clean.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _error(code: int) -> Reply:
    return reply_json({"errcode": code, "errmsg": _ERRORS[code]}, remark=f"errcode {code}")


def _event(
    world: World, account: Account, person: Person, name: str, parts: dict[str, Any], message_id: str = ""
) -> Event:
    data = {"ToUserName": account.secret("account_id"), "FromUserName": world.handle(account, person),
            "CreateTime": world.clock.now_ms() // 1000, **parts}  # fmt: skip
    number = message_id or world.next_number("wechat-event")
    return Event(f"{name}:{number}", "message" if message_id else "contact", person.id, message_id, data)


def _open(world: World, account: Account, person: Person, scene: str) -> list[Event]:
    """Scan or follow: `subscribe` for a new follower, `SCAN` for an old one; nothing when an old one just opens."""
    bond = world.bond(person, account)
    ticket = next((name for name, held in account.state.tickets.items() if held == scene), "") if scene else ""
    if bond.follows and not scene:
        return []
    until, left = account.state.budget.get(person.id, (0, 0))
    if world.clock.now_ms() > until or not left:
        account.state.budget[person.id] = world.clock.now_ms() + SCANNED_MS, SCANNED_MESSAGES
    name = "SCAN" if bond.follows else "subscribe"
    key = scene if bond.follows or not scene else f"qrscene_{scene}"
    parts: dict[str, Any] = {"MsgType": "event", "Event": name, "EventKey": key}
    if ticket:
        parts["Ticket"] = ticket
    bond.follows = True
    return [_event(world, account, person, name, parts)]


def _give_token(world: World, query: Mapping[str, str]) -> Reply:
    account = world.find_account("wechat", "app_id", query.get("appid", ""))
    if account is None:
        return _error(40013)
    if query.get("secret") != account.secret("app_secret"):
        return _error(40125)
    account.state.tokens.clear()
    return _new_token(world, account)


def _give_stable_token(world: World, fields: dict[str, Any]) -> Reply:
    account = world.find_account("wechat", "app_id", str(fields.get("appid", "")))
    if account is None:
        return _error(40013)
    if fields.get("secret") != account.secret("app_secret"):
        return _error(40125)
    until = account.state.tokens.get(account.state.stable, 0)
    left_s = (until - world.clock.now_ms()) // 1000
    if left_s > 0 and not fields.get("force_refresh"):
        return reply_json({"access_token": account.state.stable, "expires_in": left_s})
    answer = _new_token(world, account)
    account.state.stable = list(account.state.tokens)[-1]
    return answer


def _new_token(world: World, account: Account) -> Reply:
    token = f"80_{world.chance.token(60, 'wechat-token', account.id, world.next_number('wechat-token'))}"
    account.state.tokens[token] = world.clock.now_ms() + TOKEN_S * 1000
    return reply_json({"access_token": token, "expires_in": TOKEN_S}, remark="token")


def _authenticate(world: World, call: Call) -> Account | None:
    token = call.query.get("access_token", "")
    for account in world.accounts.values():
        if account.spec.kind == "wechat" and account.state.tokens.get(token, -1) >= world.clock.now_ms():
            return account
    return None


def _get_user(world: World, account: Account, query: Mapping[str, str]) -> Reply:
    openid = query.get("openid", "")
    person = world.find_handle(account, openid)
    if person is None:
        return _error(40003)
    follows = int(world.bond(person, account).follows)
    return reply_json({"subscribe": follows, "openid": openid, "language": person.language})


def _create_qr(world: World, account: Account, call: Call, fields: dict[str, Any]) -> Reply:
    info = fields.get("action_info")
    scene = info.get("scene") if isinstance(info, dict) else None
    text = str(scene.get("scene_str") or scene.get("scene_id") or "") if isinstance(scene, dict) else ""
    action = fields.get("action_name")
    kinds = ("QR_STR_SCENE", "QR_LIMIT_STR_SCENE", "QR_SCENE", "QR_LIMIT_SCENE")
    if action not in kinds or not 1 <= len(text) <= 64:
        return _error(40097)
    ticket = "gQ" + world.chance.token(60, "ticket", account.id, text)
    account.state.tickets[ticket] = text
    answer: dict[str, Any] = {"ticket": ticket, "url": f"http://weixin.qq.com/q/{ticket[:24]}"}
    if action in ("QR_STR_SCENE", "QR_SCENE"):
        wanted = fields.get("expire_seconds", 30)
        answer["expire_seconds"] = min(wanted if isinstance(wanted, int) else 30, 2_592_000)
    return reply_json(answer, remark="QR code")


def _show_qr(world: World, ticket: str) -> Reply:
    """The picture of a ticket. A drawing is enough here: people of the simulator read the ticket from the address."""
    ticket = unquote(ticket)
    if not any(a.spec.kind == "wechat" and ticket in a.state.tickets for a in world.accounts.values()):
        return Reply(404, b"", "text/plain")
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3 3"><path d="M0 0h1v1H0zM2 0h1v1H2zM0 2h1v1H0z"/>'
        f"<title>{quote(ticket)}</title></svg>"
    )
    return Reply(200, picture.encode(), "image/svg+xml")


def _send(world: World, account: Account, call: Call, fields: dict[str, Any]) -> Reply:
    openid, kind = str(fields.get("touser", "")), str(fields.get("msgtype", ""))
    text, choices = _read_content(fields, kind)
    person = world.find_handle(account, openid)
    code = _find_fault(world, account, call, person, text)
    if code or person is None:
        world.refuse(account, openid, text, code)
        return _error(code)
    until, left = account.state.budget[person.id]
    account.state.budget[person.id] = until, left - 1
    message = _new_message(world, account, person, text, choices)
    arrive(world, account, person, message)
    return reply_json({"errcode": 0, "errmsg": "ok", "msgid": int(message.id)}, remark="accepted")


def _new_message(
    world: World, account: Account, person: Person, text: str, choices: tuple[tuple[str, str], ...]
) -> Message:
    number = str(200_228_000 + world.next_number("wechat"))
    openid = world.handle(account, person)
    return Message(number, account.id, "wechat", "", openid, text, True, world.clock.now_ms(), choices=choices)


def _read_content(fields: dict[str, Any], kind: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    part = fields.get(kind)
    if not isinstance(part, dict):
        return "", ()
    if kind == "msgmenu":
        rows = [row for row in part.get("list", []) if isinstance(row, dict)]
        text = f"{part.get('head_content', '')}\n{part.get('tail_content', '')}".strip()
        return text, tuple((str(row.get("content", "")), str(row.get("id", ""))) for row in rows)
    return str(part.get("content") or part.get("media_id") or part.get("title") or ""), ()


def _find_fault(world: World, account: Account, call: Call, person: Person | None, text: str) -> int:
    """The errcode for a customer service message, or 0."""
    if b"\\u" in call.body:
        return 40033
    if not text:
        return 44002
    if len(text.encode()) > TEXT_BYTES_MAX:
        return 45002
    if person is None:
        return 40003
    bond: Bond = world.bond(person, account)
    if not bond.follows:
        return 43004
    until, left = account.state.budget.get(person.id, (0, 0))
    if world.clock.now_ms() > until:
        return 45015
    return 0 if left > 0 else 45047


provider = WeChat()
