"""WhatsApp Cloud API: messages and templates, the number and its business account; statuses and inbound messages.

Failures that WhatsApp only finds out later come as a `failed` status: 131047 outside the 24-hour window, 131026 for
a number without WhatsApp (or one that blocked us), 131050 for marketing that the customer stopped. People who hide
their number appear with a business-scoped user id and a username only, and can be written to by it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tertulia.simulator.acts import Act, Choose, Preference, SharePhone, Write
from tertulia.simulator.outbox import Event, RetryPolicy
from tertulia.simulator.providers import graph
from tertulia.simulator.providers.base import CommonProvider, arrive, show_links
from tertulia.simulator.wire import BadBody, Call, Post, Reply, read_fields, reply_json
from tertulia.simulator.world import Account, Bond, Message, Person, World

WINDOW_MS = 24 * 3600 * 1000
TEXT_CHARACTERS_MAX = 4096
_PRODUCT = "whatsapp"
_FAILURES = {
    "131026": ("Message undeliverable", "Message Undeliverable."),
    "131047": ("Re-engagement message", "Message failed to send because more than 24 hours have passed since the "
               "customer last replied to this number."),
    "131050": ("User has stopped marketing messages", "User has stopped receiving marketing messages from your "
               "business on WhatsApp."),
}  # fmt: skip


@dataclass(slots=True)
class State:
    """`override` is the business account's own webhook address, `own` the number's; the nearest one wins."""

    subscribed: bool = True
    fields: list[str] = field(default_factory=list)
    override: str = ""
    own: str = ""


class WhatsApp(CommonProvider):
    kind = "whatsapp"
    mark = "WA"
    title = "WhatsApp"
    prefix = "graph"
    app = True
    needs = ("access_token", "app_secret", "phone_number_id", "waba_id", "phone")
    states = ("sent", "delivered", "read")
    pack_max = 20
    timeout_s = 20.0

    def new_state(self) -> State:
        return State()

    def scope(self, account: Account) -> str:
        return account.secret("portfolio_id") or account.secret("waba_id")

    def handle(self, world: World, account: Account, person: Person) -> str:
        number = int(world.chance.token(14, "bsuid", self.scope(account), person.phone), 16)
        return f"{person.country}.{number:017d}"

    def find(self, world: World, name: str) -> Account | None:
        return world.find_account("whatsapp", "phone_number_id", name) or world.find_account(
            "whatsapp", "waba_id", name
        )

    def answer(self, world: World, call: Call) -> Reply | Awaitable[Reply]:
        name, edge = graph.split_path(call.path)
        account = self.find(world, name)
        if account is None:
            return graph.unknown_object(name, call.method)
        try:
            fields = read_fields(call)
        except BadBody:
            return graph.graph_error(400, 100, "(#100) The parameter messaging_product is required.")
        refused = graph.check_access(account, call, fields)
        if refused:
            return refused
        if edge in ("messages", "marketing_messages") and call.method == "POST":
            return _send(world, account, fields)
        return _manage(world, account, call, name, edge, fields)

    def busy(self, world: World) -> Reply:
        return graph.graph_error(
            429, 130429, "(#130429) Rate limit hit", "Cloud API message throughput has been reached.", product=_PRODUCT
        )

    def is_send(self, call: Call) -> bool:
        return call.path.endswith(("/messages", "/marketing_messages"))

    def receipt(self, world: World, account: Account, message: Message, state: str) -> Event | None:
        status: dict[str, Any] = {"id": message.id, "status": state, "timestamp": str(world.clock.now_ms() // 1000)}
        person = world.people.get(message.person)
        if person is None or not world.hides(person):
            status["recipient_id"] = message.sender.lstrip("+") or message.address
        if person is not None:
            status["recipient_user_id"] = world.handle(account, person)
        if message.ref:
            status["biz_opaque_callback_data"] = message.ref
        if state in ("sent", "delivered"):
            category = message.data or "service"
            status["pricing"] = {
                "billable": state == "delivered", "pricing_model": "PMP", "type": "regular", "category": category,
            }  # fmt: skip
        if state == "failed":
            title, details = _FAILURES[message.error]
            status["errors"] = [
                {"code": int(message.error), "title": title, "message": title, "error_data": {"details": details}}
            ]
        key = f"{state}:{message.id}"
        return Event(key, "receipt", message.person, message.id, {"field": "messages", "statuses": [status]})

    def tell(self, world: World, account: Account, person: Person, act: Act) -> list[Event]:
        match act:
            case Write(text=text, reply_to=reply_to):
                content: dict[str, Any] = {"type": "text", "text": {"body": text}}
                if reply_to:
                    content["context"] = {"from": account.secret("phone"), "id": reply_to}
            case Choose(label=label, payload=payload, message_id=message_id):
                content = _chosen(world, label, payload, message_id)
            case SharePhone():
                digits = person.phone.lstrip("+")
                card = {"origin": "contact_request", "name": {"formatted_name": person.name or person.phone},
                        "phones": [{"phone": person.phone, "wa_id": digits, "type": "CELL"}]}  # fmt: skip
                content = {"type": "contacts", "contacts": [card]}
            case Preference(stop=stop):
                return [_preference(world, account, person, stop)]
            case _:
                return []
        wamid = "wamid." + world.chance.token(40, "wa-in", account.id, world.next_number("wa-in")).upper()
        message = {**_sender(world, account, person), "id": wamid, "timestamp": _seconds(world), **content}
        data = {"field": "messages", "contacts": [_contact(world, account, person)], "messages": [message]}
        return [Event(f"message:{wamid}", "message", person.id, wamid, data)]

    def pack(self, world: World, account: Account, events: list[Event], url: str, wrong: bool) -> Post:
        metadata = {
            "display_phone_number": account.secret("phone").lstrip("+"),
            "phone_number_id": account.secret("phone_number_id"),
        }
        changes = []
        for event in events:
            piece = dict(event.data)
            field = piece.pop("field")
            changes.append({"value": {"messaging_product": _PRODUCT, "metadata": metadata, **piece}, "field": field})
        payload = {
            "object": "whatsapp_business_account",
            "entry": [{"id": account.secret("waba_id"), "changes": changes}],
        }
        return graph.pack_meta(account, url, payload, wrong)

    def retry(self, account: Account, event: Event) -> RetryPolicy:
        return graph.META_RETRIES


def _seconds(world: World) -> str:
    return str(world.clock.now_ms() // 1000)


def _sender(world: World, account: Account, person: Person) -> dict[str, str]:
    """Who wrote: the number where it is shown, the business-scoped id always."""
    shown = {} if world.hides(person) else {"from": person.phone.lstrip("+")}
    return {**shown, "from_user_id": world.handle(account, person)}


def _contact(world: World, account: Account, person: Person) -> dict[str, Any]:
    profile = {"name": person.name or person.phone[-4:]}
    if person.username or world.hides(person):
        profile["username"] = person.username or f"user{world.chance.token(6, 'username', person.phone)}"
    contact: dict[str, Any] = {"profile": profile, "user_id": world.handle(account, person)}
    if not world.hides(person):
        contact["wa_id"] = person.phone.lstrip("+")
    return contact


def _chosen(world: World, label: str, payload: str, message_id: str) -> dict[str, Any]:
    """A tapped button: `button` under a template, `interactive` under a message of ours."""
    asked = world.messages.get(message_id)
    if asked is not None and asked.label:
        return {"type": "button", "button": {"payload": payload, "text": label}, "context": {"id": message_id}}
    reply = {"type": "button_reply", "button_reply": {"id": payload, "title": label}}
    return {"type": "interactive", "interactive": reply, "context": {"id": message_id}}


def _preference(world: World, account: Account, person: Person, stop: bool) -> Event:
    world.bond(person, account).no_marketing = stop
    row: dict[str, Any] = {
        "user_id": world.handle(account, person), "category": "marketing_messages",
        "value": "stop" if stop else "resume", "timestamp": int(_seconds(world)),
        "detail": f"User requested to {'stop' if stop else 'resume'} marketing messages",
    }  # fmt: skip
    if not world.hides(person):
        row["wa_id"] = person.phone.lstrip("+")
    data = {"field": "user_preferences", "contacts": [_contact(world, account, person)], "user_preferences": [row]}
    return Event(f"preference:{person.id}:{world.next_number('preference')}", "contact", person.id, "", data)


def _manage(
    world: World, account: Account, call: Call, name: str, edge: str, fields: Mapping[str, Any]
) -> Reply | Awaitable[Reply]:
    """Everything but sending: the number, its business account, templates, webhooks, short links, blocking."""
    number = account.secret("phone")
    match edge:
        case "" if name == account.secret("phone_number_id") and call.method == "GET":
            return reply_json({
                "id": name, "display_phone_number": number, "verified_name": account.name, "quality_rating": "GREEN",
                "code_verification_status": "VERIFIED", "platform_type": "CLOUD_API", "status": "CONNECTED",
                "throughput": {"level": "STANDARD"},
                "webhook_configuration": {"application": account.webhook_url},
            })  # fmt: skip
        case "" if call.method == "GET":
            return reply_json({"id": name, "name": account.name, "currency": "USD", "timezone_id": "1"})
        case "" if "webhook_configuration" in fields and isinstance(fields["webhook_configuration"], dict):
            wanted = fields["webhook_configuration"]
            return _override(world, account, wanted, "own")
        case "subscribed_apps":
            if call.method == "POST" and fields.get("override_callback_uri"):
                account.state.subscribed = True
                return _override(world, account, fields, "override")
            app: dict[str, Any] = {"whatsapp_business_api_data": {"id": "1", "name": "Tertulia", "link": ""}}
            if account.state.override:
                app["override_callback_uri"] = account.state.override
            return graph.subscribe_app(world, account, call, fields, [app])
        case "phone_numbers":
            known = {"id": account.secret("phone_number_id"), "display_phone_number": number,
                     "verified_name": account.name, "quality_rating": "GREEN"}  # fmt: skip
            return reply_json({"data": [known]})
        case "message_templates":
            return reply_json({"data": [_template_resource(t) for t in templates(account)]})
        case "message_qrdls" if call.method == "POST":
            text = str(fields.get("prefilled_message", ""))
            code = world.chance.token(14, "qrdl", text).upper()
            link = f"https://wa.me/{number.lstrip('+')}?text={quote(text, safe='')}"
            return reply_json({"code": code, "prefilled_message": text, "deep_link_url": link})
        case "block_users" if call.method == "POST":
            return reply_json({"messaging_product": _PRODUCT, "block_users": {"added_users": []}})
    return graph.unknown_object(f"{name}/{edge}", call.method)


def _addresses(account: Account) -> dict[str, str]:
    """Where Meta would call, by level: the number's own, its business account's, its app's."""
    state: State = account.state
    application = account.spec.webhook_url
    levels = {"phone_number": state.own, "whatsapp_business_account": state.override, "application": application}
    return {name: url for name, url in levels.items() if url}


async def _override(world: World, account: Account, wanted: Mapping[str, Any], level: str) -> Reply:
    """Take over an address of the number's or the business account's own, once it has answered the challenge."""
    url = str(wanted.get("override_callback_uri", ""))
    answer = await graph.verify_callback(world, account, url, str(wanted.get("verify_token", "")))
    if answer.status == 200:
        setattr(account.state, level, url)
        account.webhook_url = account.state.own or account.state.override
    return answer


def templates(account: Account) -> list[dict[str, Any]]:
    """The account's approved templates: settings `templates`, each {name, language, category, body}."""
    found = account.setting("templates", [])
    return [template for template in found if isinstance(template, dict)]


def _template_resource(template: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(template.get("id", template.get("name", ""))), "name": template.get("name", ""),
        "language": template.get("language", "en"), "status": template.get("status", "APPROVED"),
        "category": str(template.get("category", "MARKETING")).upper(),
        "components": [{"type": "BODY", "text": template.get("body", "")}],
    }  # fmt: skip


def _send(world: World, account: Account, fields: dict[str, Any]) -> Reply:
    if fields.get("messaging_product") != _PRODUCT:
        return graph.graph_error(400, 100, "(#100) The parameter messaging_product is required.")
    if fields.get("status") == "read":
        return reply_json({"success": True}, remark="marked read")
    address = str(fields.get("to") or fields.get("recipient") or "")
    refused, text, choices, label, category = _read_content(account, fields)
    if not address:
        refused = graph.graph_error(400, 131009, "(#131009) Parameter value is not valid", "to is required")
    if refused:
        world.refuse(account, address, text, refused.remark)
        return refused
    wamid = "wamid." + world.chance.token(40, "wa", account.id, world.next_number("wa")).upper()
    person = _find_person(world, account, fields)
    opaque = str(fields.get("biz_opaque_callback_data", ""))
    message = Message(
        wamid, account.id, "whatsapp", "", address, text, True, world.clock.now_ms(), ref=opaque, choices=choices,
        label=label, data=category, ask_phone=_asks_phone(fields), sender="" if fields.get("recipient") else address,
    )  # fmt: skip
    failure = _find_failure(world, account, person, address, message)
    if failure:
        world.accept(account, None, message)
        world.fail(account, message, failure)
    else:
        arrive(world, account, person, message)
    key = {"user_id": address} if fields.get("recipient") and not fields.get("to") else {"wa_id": address.lstrip("+")}
    return reply_json(
        {"messaging_product": _PRODUCT, "contacts": [{"input": address, **key}], "messages": [{"id": wamid}]},
        remark="accepted",
    )


def _find_person(world: World, account: Account, fields: Mapping[str, Any]) -> Person | None:
    if fields.get("to"):
        return world.meet_number("+" + re.sub(r"\D", "", str(fields["to"])))
    return world.find_handle(account, str(fields.get("recipient", "")))


def _find_failure(world: World, account: Account, person: Person | None, address: str, message: Message) -> str:
    """The code of the failed status that is to come, or nothing."""
    if person is None:
        return "" if world.behaviours.strangers == "accept" and not address.count(".") else "131026"
    bond: Bond = world.bond(person, account)
    if "whatsapp" not in person.apps or bond.blocked or not world.knows_number(person.phone):
        return "131026"
    if message.label:
        return "131050" if message.data == "marketing" and bond.no_marketing else ""
    open_until = -1 if bond.last_inbound_ms is None else bond.last_inbound_ms + WINDOW_MS
    return "131047" if world.clock.now_ms() > open_until else ""


def _asks_phone(fields: Mapping[str, Any]) -> bool:
    interactive = fields.get("interactive")
    return isinstance(interactive, dict) and interactive.get("type") == "request_contact_info"


_Content = tuple[Reply | None, str, tuple[tuple[str, str], ...], str, str]


def _wrong(details: str, code: int = 131009, status: int = 400) -> Reply:
    return graph.graph_error(status, code, f"(#{code}) Parameter value is not valid", details, product=_PRODUCT)


def _read_content(account: Account, fields: dict[str, Any]) -> _Content:
    """What the phone shows: (refusal, text, choices, template name, category)."""
    kind = str(fields.get("type", "text"))
    part = fields.get(kind)
    if not isinstance(part, dict):
        return _wrong(f"The parameter {kind} is required"), "", (), "", ""
    if kind == "text":
        text = str(part.get("body", ""))
        fault = _wrong("Text body is required") if not text else None
        if len(text) > TEXT_CHARACTERS_MAX:
            fault = graph.graph_error(
                400, 100, "(#100) Param text['body'] must be at most 4096 characters long.", product=_PRODUCT
            )
        return fault, text, (), "", "service"
    if kind == "template":
        return _read_template(account, part)
    if kind == "interactive":
        return _read_interactive(part)
    link = str(part.get("link", part.get("id", "")))
    return None, f"{part.get('caption', '')} {link}".strip(), (), "", "service"


def _read_template(account: Account, part: dict[str, Any]) -> _Content:
    name = str(part.get("name", ""))
    language = str((part.get("language") or {}).get("code", ""))
    found = next((t for t in templates(account) if t.get("name") == name and t.get("language", "en") == language), None)
    if found is None:
        details = f"template name ({name}) does not exist in {language}"
        fault = graph.graph_error(404, 132001, "(#132001) Template name does not exist in the translation", details,
                                  product=_PRODUCT)  # fmt: skip
        return fault, "", (), name, ""
    body, given = str(found.get("body", "")), _body_parameters(part)
    expected = len(set(re.findall(r"\{\{(\d+)\}\}", body)))
    if len(given) != expected:
        details = f"body: number of localizable_params ({len(given)}) does not match the expected number of params " \
                  f"({expected})"  # fmt: skip
        fault = graph.graph_error(400, 132000, "(#132000) Number of parameters does not match the expected number of "
                                  "params", details, product=_PRODUCT)  # fmt: skip
        return fault, body, (), name, ""
    text = re.sub(r"\{\{(\d+)\}\}", lambda m: given[int(m[1]) - 1] if 0 < int(m[1]) <= len(given) else m[0], body)
    choices = tuple((str(b), str(b)) for b in found.get("buttons", []))
    return None, text, choices, name, str(found.get("category", "marketing")).lower()


def _body_parameters(part: dict[str, Any]) -> list[str]:
    for component in part.get("components") or []:
        if isinstance(component, dict) and str(component.get("type", "")).lower() == "body":
            return [str(p.get("text", "")) for p in component.get("parameters", []) if isinstance(p, dict)]
    return []


def _read_interactive(part: dict[str, Any]) -> _Content:
    text = str((part.get("body") or {}).get("text", ""))
    action = part.get("action") if isinstance(part.get("action"), dict) else {}
    assert isinstance(action, dict)
    replies = [button.get("reply", {}) for button in action.get("buttons", []) if isinstance(button, dict)]
    rows = [row for section in action.get("sections", []) for row in section.get("rows", [])]
    choices = tuple((str(c.get("title", "")), str(c.get("id", ""))) for c in [*replies, *rows])
    fault, told = None, action.get("parameters") or {}
    if not text or len(text) > 1024:
        fault = _wrong("Interactive body text length invalid. Min length: 1, Max length: 1024")
    elif len(replies) > 3:
        fault = _wrong("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")
    elif any(not 1 <= len(title) <= (20 if replies else 24) for title, _ in choices):
        fault = _wrong("Button title length invalid. Min length: 1, Max length: 20")
    if "url" in told:
        text = show_links(text, [(told.get("display_text", ""), told["url"])])
    return fault, text, choices, "", "service"


provider = WhatsApp()
