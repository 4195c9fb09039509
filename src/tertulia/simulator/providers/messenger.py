"""Facebook Messenger: sending to page-scoped ids, the page and its webhook; messages, postbacks, referrals, receipts,
comments below the page's posts and the one private reply to each.

A link's `ref` arrives with the *Get Started* postback of a new thread, or at once as a referral in an old one. Blocked
pages are not told: the send fails with 551.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

from tertulia.simulator.acts import Act, Choose, Comment, Open, Write
from tertulia.simulator.outbox import Event, RetryPolicy
from tertulia.simulator.providers import graph
from tertulia.simulator.providers.base import CommonProvider, arrive, show_links
from tertulia.simulator.wire import BadBody, Call, Post, Reply, bearer, read_fields, reply_json
from tertulia.simulator.world import Account, Bond, Message, Person, World

WINDOW_MS = 24 * 3600 * 1000
HUMAN_WINDOW_MS = 7 * WINDOW_MS
REPLY_WINDOW_MS = 7 * WINDOW_MS
TEXT_CHARACTERS_MAX = 2000


# What a Page gives to an app that was set up by hand with everything ticked.
ALL_FIELDS = (
    "messages", "messaging_postbacks", "messaging_optins", "messaging_optouts", "messaging_referrals",
    "message_deliveries", "message_reads", "message_echoes", "message_reactions", "message_edits", "messaging_feedback",
    "feed",
)  # fmt: skip


@dataclass(slots=True)
class Commented:
    """A comment, and whether it was replied to."""

    psid: str
    at_ms: int
    replied: bool = False


@dataclass(slots=True)
class State:
    subscribed: bool = True
    fields: list[str] = field(default_factory=lambda: list(ALL_FIELDS))
    get_started: str = "GET_STARTED"
    comments: dict[str, Commented] = field(default_factory=dict)


class Messenger(CommonProvider):
    kind = "messenger"
    mark = "ME"
    title = "Messenger"
    prefix = "graph"
    app = True
    needs = ("access_token", "app_secret", "page_id")
    states = ("delivered", "read")
    pack_max = 20
    timeout_s = 20.0

    def new_state(self) -> State:
        return State()

    def scope(self, account: Account) -> str:
        return account.secret("page_id")

    def handle(self, world: World, account: Account, person: Person) -> str:
        number = int(world.chance.token(13, "psid", self.scope(account), person.phone), 16)
        return f"{10**15 + number % (9 * 10**15)}"

    def find(self, world: World, name: str, token: str) -> Account | None:
        """The page by its id; `me` and a person's id by the token that asks."""
        page = world.find_account("messenger", "page_id", name)
        return page or world.find_account("messenger", "access_token", token)

    def answer(self, world: World, call: Call) -> Reply | Awaitable[Reply]:
        name, edge = graph.split_path(call.path)
        try:
            fields = read_fields(call)
        except BadBody:
            return graph.graph_error(400, 100, "(#100) param recipient must be non-empty.")
        if edge == "subscriptions":
            return graph.manage_app(world, call, name, fields)
        account = self.find(world, name, bearer(call) or str(fields.get("access_token", "")))
        if account is None:
            return graph.bad_token()
        refused = graph.check_access(account, call, fields)
        if refused:
            return refused
        if edge == "messages" and call.method == "POST":
            return _send(world, account, fields)
        return _manage(world, account, call, name, edge, fields)

    def busy(self, world: World) -> Reply:
        return graph.graph_error(500, 2, "An unexpected error has occurred. Please retry your request later.")

    def is_send(self, call: Call) -> bool:
        return call.path.endswith("/messages")

    def receipt(self, world: World, account: Account, message: Message, state: str) -> Event | None:
        person = world.people.get(message.person)
        if person is None or state not in ("delivered", "read"):
            return None
        part: dict[str, Any] = {"watermark": world.clock.now_ms()}
        if state == "delivered":
            part["mids"] = [message.id]
        data = _envelope(world, account, person, {state.replace("delivered", "delivery"): part})
        return Event(f"{state}:{message.id}", "receipt", message.person, message.id, data)

    def tell(self, world: World, account: Account, person: Person, act: Act) -> list[Event]:
        bond = world.bond(person, account)
        match act:
            case Open(token=token) if token and bond.opened:
                return [_event(world, account, person, "referral", {"referral": _referral(token)})]
            case Open():
                return []
            case Write(text=text, token=token, reply_to=reply_to):
                events = [] if bond.opened else [_get_started(world, account, person, token)]
                bond.opened = True
                if text:
                    events.append(_message(world, account, person, {"text": text}, reply_to))
                return events
            case Comment(post=post, text=text):
                return [_comment(world, account, person, post, text)]
            case Choose(label=label, payload=payload):
                content = {"text": label, "quick_reply": {"payload": payload}}
                return [_message(world, account, person, content, "")]
            case _:
                return []

    def pack(self, world: World, account: Account, events: list[Event], url: str, wrong: bool) -> Post:
        entry = {"id": account.secret("page_id"), "time": world.clock.now_ms()}
        told = {
            "messaging": [event.data for event in events if event.kind != "comment"],
            "changes": [event.data for event in events if event.kind == "comment"],
        }
        payload = {"object": "page", "entry": [{**entry, **{name: some for name, some in told.items() if some}}]}
        return graph.pack_meta(account, url, payload, wrong)

    def retry(self, account: Account, event: Event) -> RetryPolicy:
        return graph.META_RETRIES


def _referral(token: str) -> dict[str, str]:
    return {"ref": token, "source": "SHORTLINK", "type": "OPEN_THREAD"}


def _envelope(world: World, account: Account, person: Person, part: dict[str, Any]) -> dict[str, Any]:
    return {
        "sender": {"id": world.handle(account, person)}, "recipient": {"id": account.secret("page_id")},
        "timestamp": world.clock.now_ms(), **part,
    }  # fmt: skip


def _event(world: World, account: Account, person: Person, name: str, part: dict[str, Any], mid: str = "") -> Event:
    number = world.next_number("me-in")
    kind = "message" if mid else "contact"
    return Event(f"{name}:{mid or number}", kind, person.id, mid, _envelope(world, account, person, part))


def _new_mid(world: World, account: Account) -> str:
    return "m_" + world.chance.token(48, "mid", account.id, world.next_number("mid"))


def _get_started(world: World, account: Account, person: Person, token: str) -> Event:
    mid = _new_mid(world, account)
    postback: dict[str, Any] = {"mid": mid, "title": "Get Started", "payload": account.state.get_started}
    if token:
        postback["referral"] = _referral(token)
    return _event(world, account, person, "postback", {"postback": postback}, mid)


def _message(world: World, account: Account, person: Person, content: dict[str, Any], reply_to: str) -> Event:
    mid = _new_mid(world, account)
    message = {"mid": mid, **content}
    if reply_to:
        message["reply_to"] = {"mid": reply_to}
    return _event(world, account, person, "message", {"message": message}, mid)


def _comment(world: World, account: Account, person: Person, post: str, text: str) -> Event:
    """Meta promises nowhere that a comment's author has the id by which they write; mostly it is the same."""
    page, psid = account.secret("page_id"), world.handle(account, person)
    comment_id = f"{post}_{world.next_number('me-comment')}"
    account.state.comments[comment_id] = Commented(psid, world.clock.now_ms())
    value = {
        "item": "comment", "verb": "add", "comment_id": comment_id, "post_id": f"{page}_{post}",
        "parent_id": f"{page}_{post}", "from": {"id": psid, "name": person.name}, "message": text,
        "created_time": world.clock.now_ms() // 1000,
    }  # fmt: skip
    return Event(f"comment:{comment_id}", "comment", person.id, comment_id, {"field": "feed", "value": value})


def _manage(
    world: World, account: Account, call: Call, name: str, edge: str, fields: dict[str, Any]
) -> Reply | Awaitable[Reply]:
    page = account.secret("page_id")
    if edge == "subscribed_apps":
        names = [{"id": "1", "name": "Tertulia", "subscribed_fields": account.state.fields}]
        return graph.subscribe_app(world, account, call, fields, names)
    if edge == "messenger_profile":
        started = fields.get("get_started")
        if call.method == "POST" and isinstance(started, dict):
            account.state.get_started = str(started.get("payload", ""))
            return reply_json({"result": "success"})
        return reply_json({"data": [{"get_started": {"payload": account.state.get_started}}]})
    if edge or call.method != "GET":
        return graph.unknown_object(f"{name}/{edge}", call.method)
    if name in (page, "me"):
        return reply_json({"id": page, "name": account.name, "username": account.secret("page_name")})
    person = world.find_handle(account, name)
    if person is None:
        return graph.unknown_object(name, "get")
    first, _, last = person.name.partition(" ")
    return reply_json({"first_name": first, "last_name": last, "id": name})


def _send(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    recipient = fields.get("recipient")
    told = recipient if isinstance(recipient, dict) else {}
    comment = account.state.comments.get(str(told.get("comment_id", "")))
    psid = comment.psid if comment is not None else str(told.get("id", ""))
    if "sender_action" in fields:
        return reply_json({"recipient_id": psid}, remark=str(fields["sender_action"]))
    content = fields.get("message")
    text, choices = _read_content(content if isinstance(content, dict) else {})
    person = world.find_handle(account, psid)
    fault = _find_fault(world, account, fields, person, text, choices, comment)
    if fault:
        world.refuse(account, psid, text, fault.remark)
        return fault
    assert isinstance(content, dict)
    message = Message(
        _new_mid(world, account), account.id, "messenger", "", psid, text, True, world.clock.now_ms(),
        ref=str(content.get("metadata", "")), choices=choices,
    )  # fmt: skip
    if comment is not None:
        comment.replied = True
    arrive(world, account, person, message)
    return reply_json({"recipient_id": psid, "message_id": message.id}, remark="accepted")


def _read_content(content: dict[str, Any]) -> tuple[str, tuple[tuple[str, str], ...]]:
    replies = content.get("quick_replies") or []
    text = str(content.get("text", ""))
    attachment = content.get("attachment")
    if isinstance(attachment, dict):
        payload = attachment.get("payload") or {}
        text = str(payload.get("text") or payload.get("url") or text)
        replies = [button for button in payload.get("buttons") or replies if isinstance(button, dict)]
        text = show_links(text, ((r.get("title", ""), r["url"]) for r in replies if "url" in r))
        replies = [button for button in replies if "url" not in button]
    return text, tuple((str(r.get("title", "")), str(r.get("payload", ""))) for r in replies if isinstance(r, dict))


def _find_fault(
    world: World, account: Account, fields: dict[str, Any], person: Person | None, text: str, choices: tuple[Any, ...],
    comment: Commented | None,
) -> Reply | None:  # fmt: skip
    if not isinstance(fields.get("recipient"), dict):
        return graph.graph_error(400, 100, "(#100) param recipient must be non-empty.")
    if fields.get("messaging_type", "RESPONSE") not in ("RESPONSE", "UPDATE", "MESSAGE_TAG"):
        return graph.graph_error(400, 100, "(#100) Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}")
    if not text:
        return graph.graph_error(400, 100, "(#100) Message cannot be empty, must provide valid attachment or text")
    if len(text) > TEXT_CHARACTERS_MAX:
        return graph.graph_error(400, 100, "(#100) Length of param message[text] must be less than or equal to 2000")
    if len(choices) > 13 or any(len(title) > 20 for title, _ in choices):
        return graph.graph_error(400, 100, "(#100) Param message[quick_replies] is too long.")
    if person is None:
        return graph.graph_error(400, 100, "(#100) No matching user found", subcode=2018001)
    bond = world.bond(person, account)
    if bond.blocked:
        return graph.graph_error(400, 551, "(#551) This person isn't available right now.", subcode=1545041)
    if comment is not None and comment.replied:
        return graph.graph_error(400, 10900, "(#10900) Activity already replied to")
    until = comment.at_ms + REPLY_WINDOW_MS if comment is not None else 0
    if world.clock.now_ms() > until and not _in_window(world, bond, fields):
        return graph.graph_error(400, 10, "(#10) This message is sent outside of allowed window.", subcode=2018278)
    return None


def _in_window(world: World, bond: Bond, fields: dict[str, Any]) -> bool:
    if bond.last_inbound_ms is None:
        return False
    human = fields.get("messaging_type") == "MESSAGE_TAG" and fields.get("tag") == "HUMAN_AGENT"
    return world.clock.now_ms() <= bond.last_inbound_ms + (HUMAN_WINDOW_MS if human else WINDOW_MS)


provider = Messenger()
