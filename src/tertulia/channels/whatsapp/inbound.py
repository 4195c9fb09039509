"""WhatsApp webhooks as channel events.

Since April 2026 a call carries a business-scoped user id, and for customers with a username perhaps no phone number at
all. The identity is that id when present, else the number's digits; a number that is there is vouched for by Meta, so
it is given as `phone` and as the alias (`whatsapp_phone`), by which the two lives of one customer meet (M2, M3).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tertulia.channels.base import ChannelEvent, ContactEvent, InboundMessage, Outcome, Receipt, Unknown
from tertulia.channels.whatsapp import codes
from tertulia.channels.wire import JsonMap, pick, pick_id, pick_int, pick_map, pick_maps, pick_text, read_instant
from tertulia.core.identity import IdentityRef

_FORMS = {
    "text": "text",
    "image": "image",
    "video": "video",
    "audio": "audio",
    "voice": "audio",
    "document": "document",
    "sticker": "sticker",
    "location": "location",
    "contacts": "contacts",
    "button": "choice",
    "interactive": "choice",
    "order": "other",
    "unsupported": "other",
}
_NOT_MESSAGES = ("reaction", "edit", "revoke", "errors")
_STATES = {"sent": "sent", "delivered": "delivered", "read": "read", "played": "read", "failed": "failed"}
_PREFERENCES = {"stop": "marketing_stopped", "resume": "marketing_resumed", "signup": "marketing_resumed"}


@dataclass(frozen=True, slots=True)
class Person:
    """Who a message is from: identity, aliases of the same payload, the vouched-for number."""

    identity: IdentityRef
    aliases: tuple[IdentityRef, ...]
    phone: str


def parse_call(body: JsonMap, scope: str, phone_number_id: str, now: datetime) -> Iterator[ChannelEvent]:
    """Every event of a call, in its order. Never raises."""
    if body.get("object") != "whatsapp_business_account":
        yield Unknown("object", pick_text(body, "object", limit=64))
        return
    for entry in pick_maps(body, "entry"):
        for change in pick_maps(entry, "changes"):
            yield from _parse_change(change, scope, phone_number_id, now)


def _parse_change(change: JsonMap, scope: str, phone_number_id: str, now: datetime) -> Iterator[ChannelEvent]:
    field, value = pick_text(change, "field", limit=64), pick_map(change, "value")
    if field == "user_preferences":
        for preference in pick_maps(value, "user_preferences"):
            yield _parse_preference(preference, scope, now)
        return
    if field != "messages":
        yield Unknown(field or "change")
        return
    other_number = pick_id(value, "metadata", "phone_number_id")
    if other_number and phone_number_id and other_number != phone_number_id:
        yield Unknown("other_number", other_number)
        return
    known = value.keys() & {"messages", "statuses"}
    for message in pick_maps(value, "messages"):
        yield _parse_message(message, value, scope, now)
    for status in pick_maps(value, "statuses"):
        yield _parse_status(status, scope, now)
    if not known:
        yield Unknown(next((key for key in ("errors",) if key in value), "messages"))


def read_person(wa_id: str, user_id: str, scope: str) -> Person | None:
    """The person of an id, a number or both; None of neither."""
    digits = "".join(filter(str.isdecimal, wa_id))
    if not digits and not user_id:
        return None
    identity = IdentityRef("whatsapp", scope, user_id or digits)
    aliases = (IdentityRef("whatsapp_phone", scope, f"+{digits}"),) if digits else ()
    return Person(identity, aliases, f"+{digits}" if digits else "")


def _parse_message(message: JsonMap, value: JsonMap, scope: str, now: datetime) -> ChannelEvent:
    kind = pick_text(message, "type", limit=64)
    if kind == "system":
        return _parse_system(message, scope, now)
    wa_id, user_id = pick_id(message, "from"), pick_id(message, "from_user_id")
    profile = _find_profile(value, wa_id, user_id)
    person = read_person(wa_id or pick_id(profile, "wa_id"), user_id or pick_id(profile, "user_id"), scope)
    if person is None:
        return Unknown("message", kind)
    at = read_instant(pick_int(message, "timestamp"), now)
    name = pick_text(profile, "profile", "name", limit=256)
    if kind == "request_welcome":
        return ContactEvent("started", person.identity, at, event_id=pick_id(message, "id"), name=name)
    if kind in _NOT_MESSAGES or pick(message, "group_id"):
        return Unknown(f"message.{kind}" if kind in _NOT_MESSAGES else "message.group")
    text, payload = _read_content(message, kind)
    context = pick_map(message, "context")
    return InboundMessage(
        identity=person.identity,
        message_id=pick_id(message, "id"),
        at=at,
        text=text,
        aliases=person.aliases,
        phone=person.phone,
        shared_phone=_read_shared_phone(message),
        name=name,
        username=pick_text(profile, "profile", "username", limit=64),
        form=_FORMS.get(kind, "other"),
        payload=payload,
        reply_to=pick_id(context, "id"),
        forwarded=context.get("forwarded") is True or context.get("frequently_forwarded") is True,
    )


def _find_profile(value: JsonMap, wa_id: str, user_id: str) -> JsonMap:
    """The entry of `contacts` that belongs to a message."""
    contacts = pick_maps(value, "contacts")
    for contact in contacts:
        if (user_id and pick_id(contact, "user_id") == user_id) or (wa_id and pick_id(contact, "wa_id") == wa_id):
            return contact
    nameless = not wa_id and not user_id
    return contacts[0] if nameless and len(contacts) == 1 else {}


def _read_content(message: JsonMap, kind: str) -> tuple[str, str]:
    """The words of a message and, for a tapped button, what it carries."""
    match kind:
        case "text":
            return pick_text(message, "text", "body"), ""
        case "button":
            return pick_text(message, "button", "text"), pick_text(message, "button", "payload", limit=1_024)
        case "interactive":
            interactive = pick_map(message, "interactive")
            reply = pick_map(interactive, "button_reply") or pick_map(interactive, "list_reply")
            if reply:
                return pick_text(reply, "title"), pick_text(reply, "id", limit=1_024)
            flow = pick_map(interactive, "nfm_reply")
            return pick_text(flow, "body"), pick_text(flow, "response_json", limit=4_096)
        case _:
            return pick_text(message, kind, "caption"), ""


def _read_shared_phone(message: JsonMap) -> str:
    """The number given by our *request contact info* button. Any other card may be somebody else's."""
    for card in pick_maps(message, "contacts"):
        phone = next(iter(pick_maps(card, "phones")), {})
        if pick(card, "origin") == "contact_request":
            digits = "".join(filter(str.isdecimal, pick_id(phone, "wa_id") or pick_id(phone, "phone")))
            return f"+{digits}" if digits else ""
    return ""


def _parse_system(message: JsonMap, scope: str, now: datetime) -> ChannelEvent:
    """A customer changed number or user id: the old identity and the new one."""
    system = pick_map(message, "system")
    kind = pick_text(system, "type", limit=64)
    if kind not in ("user_changed_number", "user_changed_user_id", "customer_changed_number"):
        return Unknown(f"system.{kind}"[:64])
    old = read_person(
        pick_id(message, "from") or pick_id(system, "customer"),
        pick_id(system, "previous_user_id") or pick_id(message, "from_user_id"),
        scope,
    )
    new_wa_id = pick_id(system, "wa_id") or pick_id(system, "new_wa_id")
    new = read_person(new_wa_id, pick_id(system, "user_id"), scope)
    if old is None or new is None or old.identity == new.identity:
        return Unknown(f"system.{kind}")
    return ContactEvent(
        "identity_changed",
        old.identity,
        read_instant(pick_int(message, "timestamp"), now),
        event_id=pick_id(message, "id"),
        new=new.identity,
    )


def _parse_status(status: JsonMap, scope: str, now: datetime) -> ChannelEvent:
    word = pick_text(status, "status", limit=64)
    state, message_id = _STATES.get(word), pick_id(status, "id")
    if state is None or not message_id:
        return Unknown("status", word)
    person = read_person(pick_id(status, "recipient_id"), pick_id(status, "recipient_user_id"), scope)
    return Receipt(
        state=state,
        at=read_instant(pick_int(status, "timestamp"), now),
        message_id=message_id,
        delivery_id=pick_id(status, "biz_opaque_callback_data"),
        identity=person.identity if person else None,
        outcome=_read_failure(status) if state == "failed" else None,
        price="0 USD" if pick(status, "pricing", "billable") is False else "",
        category=pick_text(status, "pricing", "category", limit=64),
    )


def _read_failure(status: JsonMap) -> Outcome:
    return codes.judge_status_error(next(iter(pick_maps(status, "errors")), {}))


def _parse_preference(preference: JsonMap, scope: str, now: datetime) -> ChannelEvent:
    person = read_person(pick_id(preference, "wa_id"), pick_id(preference, "user_id"), scope)
    kind = _PREFERENCES.get(pick_text(preference, "value", limit=64))
    stamp = pick_id(preference, "timestamp")
    if person is None or kind is None or pick(preference, "category") not in ("marketing_messages", None):
        return Unknown("user_preferences")
    return ContactEvent(
        kind,
        person.identity,
        read_instant(pick_int(preference, "timestamp"), now),
        event_id=f"{kind}:{person.identity.value}:{stamp}",
    )
