"""What people do with their phones: tap a link, open the app on the ready message, edit it, send, forward, block.

Tapping really asks the platform over HTTP with a phone's user agent and follows its redirect by hand, one hop at a
time, until an app claims the address or a page is shown. Every request is a row of the record's `taps`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from tertulia.simulator.acts import Act, Block, Choose, Comment, Open, Unblock, Write
from tertulia.simulator.client import Answer, CallFailed
from tertulia.simulator.deeplinks import AppLink, Page, find_links, read_app_link, read_page
from tertulia.simulator.world import Account, Message, Person, World

HOPS_MAX = 5
TAP_TIMEOUT_S = 60.0  # browsers wait longer than people; on a crowded machine the first page may take its time
PHONE_AGENT = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    "Mobile Safari/537.36"
)
MAIL_AGENT = "Mozilla/5.0 (compatible; OneClickUnsubscribe)"
PREVIEW_AGENTS = ("WhatsApp/2.24.6.77 A", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)")
_CREDENTIAL = {
    "whatsapp": "phone", "messenger": "page_id", "telegram": "bot_username", "viber": "bot_uri",
    "line": "basic_id",
}  # fmt: skip


class CannotAct(Exception):
    """The person cannot do this. The message says why, for whoever asked."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The end of a tap: an app on its ready message, or a page with links to choose from, or an error status."""

    url: str
    status: int
    account: Account | None = None
    link: AppLink | None = None
    page: Page | None = None
    problem: str = ""


def act(world: World, person: Person, account: Account, what: Act, *, text: str = "", token: str = "") -> list[str]:
    """Let a person do something in an app; returns the provider's ids of the messages that this sent."""
    assert world.outbox is not None
    if not person.on:
        raise CannotAct("the phone is switched off")
    if account.provider.app and account.spec.kind not in person.apps:
        raise CannotAct(f"{account.provider.title} is not installed on this phone")
    bond = world.bond(person, account)
    if bond.blocked and not isinstance(what, Unblock | Block):
        raise CannotAct("this person has blocked the account")
    events = account.provider.tell(world, account, person, what)
    bond.blocked = (bond.blocked or isinstance(what, Block)) and not isinstance(what, Unblock)
    if any(event.kind == "message" for event in events):
        bond.last_inbound_ms = world.clock.now_ms()
    for event in events:
        world.record.add("inbound", event.kind, {
            "at": world.clock.now_ms(), "channel": account.id, "kind": account.spec.kind, "person": person.id,
            "phone": person.phone, "handle": world.handle(account, person), "event": event.key,
            "id": event.message_id, "act": type(what).__name__.lower(), "text": text, "token": token,
        })  # fmt: skip
        bond.inbound += 1
        world.outbox.submit(account, event)
    world.notify(person.id)
    return [event.message_id for event in events if event.message_id]


def write(world: World, person: Person, account: Account, text: str, *, token: str = "", reply_to: str = "") -> str:
    """Send a text from a phone; returns the provider's id of it."""
    if not text.strip():
        raise CannotAct("an empty message cannot be sent")
    if account.spec.kind == "smtp":
        raise CannotAct("nobody reads the answers to e-mails yet")
    ids = act(world, person, account, Write(text, token, reply_to), text=text, token=token)
    _show(world, person, account, ids[-1] if ids else "", text)
    return ids[-1] if ids else ""


def comment(world: World, person: Person, account: Account, post: str, text: str) -> str:
    """Write below a post of the account's; returns the provider's id of the comment. Raises CannotAct."""
    if not text.strip() or not post.strip():
        raise CannotAct("a comment has a text, and a post that it stands below")
    ids = act(world, person, account, Comment(post.strip(), text), text=text)
    if not ids:
        raise CannotAct(f"{account.provider.title} tells of no comments")
    return ids[-1]


def choose(world: World, person: Person, account: Account, message: Message, number: int) -> str:
    """Tap the button `number` (from 0) under a message."""
    if not 0 <= number < len(message.choices):
        raise CannotAct("this message has no such button")
    label, payload = message.choices[number]
    ids = act(world, person, account, Choose(label, payload, message.id), text=label)
    _show(world, person, account, ids[-1] if ids else "", label)
    return ids[-1] if ids else ""


def block(world: World, person: Person, account: Account, blocked: bool) -> None:
    act(world, person, account, Block() if blocked else Unblock())


def _show(world: World, person: Person, account: Account, name: str, text: str) -> None:
    """Put what the person wrote on their own phone."""
    if world.behaviours.quiet:
        return
    message = Message(name, account.id, account.spec.kind, person.id, "", text, False, world.clock.now_ms(), "sent")
    world.bond(person, account).messages.append(message)
    world.written[f"{account.id}|{person.id}|{name}"] = message
    world.notify(person.id)


async def tap(world: World, person: Person, url: str, *, agent: str = "") -> Opened:
    """Tap a link: ask for it as a phone does and follow it to an app or a page. Opening an app leaves a draft there."""
    if not person.on:
        raise CannotAct("the phone is switched off")
    opened = await follow(world, person, url if "://" in url else f"http://{url}", agent or PHONE_AGENT)
    if opened.account is not None and opened.link is not None:
        open_app(world, person, opened.account, opened.link)
    return opened


async def follow(world: World, person: Person, url: str, agent: str) -> Opened:
    """Follow a link hop by hop, recording each request."""
    for _ in range(HOPS_MAX):
        link = read_app_link(url)
        if link is not None:
            return _claim(world, url, link)
        answer = await _ask(world, person, "GET", url, agent)
        if isinstance(answer, CallFailed):
            return Opened(url, 0, problem=f"no answer ({answer.cause})")
        location = answer.headers.get("location", "")
        if answer.status in (301, 302, 303, 307, 308) and location:
            url = urljoin(url, location)
            continue
        page = read_page(url, answer.body) if "html" in answer.headers.get("content-type", "") else None
        if page is not None and page.seen:
            await _report(world, person, page, agent)
        return Opened(url, answer.status, page=page, problem="" if answer.status < 400 else "the page says no")
    return Opened(url, 0, problem="too many redirects")


async def unsubscribe(world: World, person: Person, message: Message) -> int:
    """Press a mail program's own button (RFC 8058): a POST to the address in the message's header, of which only the
    answer's status is looked at. Raises CannotAct."""
    url = message.data.get("unsubscribe", "") if isinstance(message.data, dict) else ""
    if not url:
        raise CannotAct("this message has no button to unsubscribe")
    body = b"List-Unsubscribe=One-Click"
    answer = await _ask(world, person, "POST", url, MAIL_AGENT, body=body)
    if isinstance(answer, CallFailed):
        raise CannotAct(f"no answer ({answer.cause})")
    message.data["unsubscribed"] = answer.status < 300
    world.notify(person.id)
    return answer.status


async def preview(world: World, person: Person, text: str) -> None:
    """What link previews do before anybody taps: a HEAD and a GET for each link, under a previewer's name."""
    agent = world.chance.pick(list(PREVIEW_AGENTS), "preview", text)
    for link in find_links(text):
        url = link if "://" in link else f"http://{link}"
        await _ask(world, person, "HEAD", url, agent, "preview")
        await _ask(world, person, "GET", url, agent, "preview")


async def _report(world: World, person: Person, page: Page, agent: str) -> None:
    """What the script of a page does once a browser shows it. Nobody sees whether it worked."""
    assert world.outbox is not None
    via = world.config.link_hosts.get(urlsplit(page.seen).netloc, "")
    headers = {"User-Agent": agent, "Content-Type": "text/plain;charset=UTF-8"}
    with suppress(CallFailed):
        await world.outbox.client.request(
            "POST", page.seen, headers, page.nonce.encode(), timeout_s=TAP_TIMEOUT_S, via=via
        )


async def _ask(
    world: World, person: Person, method: str, url: str, agent: str, who: str = "person", body: bytes = b""
) -> Answer | CallFailed:
    assert world.outbox is not None
    host = urlsplit(url).netloc
    via = world.config.link_hosts.get(host, "")
    headers = {"User-Agent": agent, "Accept": "text/html,*/*;q=0.8", "Accept-Language": f"{person.language},en;q=0.5"}
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    status, location = 0, ""
    answer: Answer | CallFailed
    try:
        answer = await world.outbox.client.request(method, url, headers, body, timeout_s=TAP_TIMEOUT_S, via=via)
        status, location = answer.status, answer.headers.get("location", "")
    except CallFailed as failed:
        answer = failed
    world.record.add("taps", who, {
        "at": world.clock.now_ms(), "kind": who, "person": person.id, "phone": person.phone, "method": method,
        "url": url, "agent": agent, "status": status, "location": location,
    })  # fmt: skip
    world.wire.add({
        "at": world.clock.now_ms(), "direction": "in", "kind": "link", "channel": "", "method": method,
        "path": urlsplit(url).path, "status": status, "refused": not 200 <= status < 400,
        "remark": who if who == "preview" else "tapped",
    })  # fmt: skip
    world.notify("wire")
    return answer


def _claim(world: World, url: str, link: AppLink) -> Opened:
    """The account that an app's address names; WeChat's scene is looked up by its ticket."""
    if link.app == "wechat":
        name, _, value = link.token.partition(":")
        for account in world.accounts.values():
            if account.spec.kind != "wechat":
                continue
            for ticket, scene in account.state.tickets.items():
                if value == ticket if name == "ticket" else value.endswith(ticket[:24]):
                    return Opened(url, 200, account, AppLink("wechat", account.id, scene, scene))
        return Opened(url, 404, link=link, problem="no account has this QR code")
    wanted = link.account.lower()
    for account in world.accounts.values():
        held = account.secret(_CREDENTIAL.get(link.app, "")).lower()
        held_also = account.secret("page_name").lower() if link.app == "messenger" else ""
        if account.spec.kind == link.app and wanted and wanted in (held, held_also, f"+{held}"):
            return Opened(url, 200, account, link)
    return Opened(url, 404, link=link, problem=f"no {link.app} account is named {link.account}")


def open_app(world: World, person: Person, account: Account, link: AppLink) -> None:
    """Open the app on the ready message. Platforms that see the opening are told at once."""
    bond = world.bond(person, account)
    bond.token = link.token
    bond.draft = f"/start {link.token}".strip() if link.app == "telegram" else link.text
    tells_at_once = link.app in ("viber", "wechat") or (link.app == "messenger" and bond.opened)
    if tells_at_once and account.spec.kind in person.apps and not bond.blocked:
        act(world, person, account, Open(link.token), token=link.token)
    world.notify(person.id)


def send_draft(world: World, person: Person, account: Account, text: str | None = None) -> str:
    """Send the ready message, as it stands or as edited. A Messenger chat without a text only presses Get Started."""
    bond = world.bond(person, account)
    wanted = bond.draft if text is None else text
    token, bond.token, bond.draft = bond.token, "", ""
    if account.spec.kind == "messenger" and token and not wanted.strip():
        ids = act(world, person, account, Write("", token), token=token)
        return ids[-1] if ids else ""
    return write(world, person, account, wanted, token=token)


def forward(world: World, person: Person, to: Person, text: str) -> Message:
    """Pass a text on to another phone, from person to person: no provider of ours sees it."""
    now = world.clock.now_ms()
    name = f"fwd-{world.next_number('forward')}"
    message = Message(name, "", "friend", to.id, to.phone, text, True, now, "delivered", friend=person.id)
    to.got_from = person.id
    world.messages[message.id] = message
    world.friends.setdefault(to.id, []).append(message)
    world.record.add("inbound", "forward", {
        "at": now, "channel": "", "kind": "friend", "person": person.id, "phone": person.phone, "handle": to.id,
        "event": message.id, "id": "", "act": "forward", "text": text, "token": "",
    })  # fmt: skip
    world.notify(to.id)
    return message


def inbox(world: World, person: Person) -> list[tuple[Account | None, Message]]:
    """Everything on a phone, oldest first; a forwarded message has no account."""
    found: list[tuple[Account | None, Message]] = [(None, m) for m in world.friends.get(person.id, [])]
    for account in world.accounts.values():
        bond = world.bonds.get((person.id, account.id))
        if bond:
            found += [(account, m) for m in bond.messages if not m.ours or is_on_phone(m)]
    return sorted(found, key=lambda pair: pair[1].at_ms)


def is_on_phone(message: Message) -> bool:
    """Whether the phone shows it: it was delivered, or its provider gives no receipts and accepted it."""
    return message.state in ("delivered", "read") or not message.ours


def describe_message(account: Account | None, message: Message) -> dict[str, Any]:
    """A message as the control API shows it."""
    return {
        "id": message.id, "channel": message.account, "kind": message.kind, "at": message.at_ms,
        "ours": message.ours, "text": message.text, "state": message.state, "links": find_links(message.text),
        "choices": [list(choice) for choice in message.choices], "friend": message.friend, "label": message.label,
        "asks_phone": message.ask_phone,
        **(message.data if message.kind == "smtp" and message.ours else {}),
    }  # fmt: skip
