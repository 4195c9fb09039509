"""Telegram's updates as channel events. One update holds one kind of thing; anything we do not act on is Unknown.

A message's number is unique only inside its chat, so our id for it is `chat:number`. Updates of groups and channels are
not conversations with a customer and are kept as Unknown.
"""

from datetime import datetime
from typing import Any

from tertulia.channels.base import ChannelEvent, ContactEvent, InboundMessage, Unknown
from tertulia.channels.wire import JsonMap, pick, pick_id, pick_int, pick_map, pick_text, read_instant
from tertulia.core.identity import IdentityRef

_FORMS = (
    ("photo", "image"),
    ("audio", "audio"),
    ("voice", "audio"),
    ("video", "video"),
    ("video_note", "video"),
    ("animation", "video"),
    ("document", "document"),
    ("sticker", "sticker"),
    ("location", "location"),
    ("venue", "location"),
    ("contact", "contacts"),
)
_MEMBER_KINDS = {"kicked": "blocked", "left": "blocked", "member": "unblocked"}


def parse_update(update: Any, scope: str, now: datetime) -> ChannelEvent:
    """One update as one event. Never raises."""
    if not isinstance(update, dict):
        return Unknown("update")
    if isinstance(update.get("message"), dict):
        return _parse_message(update["message"], scope, now)
    if isinstance(update.get("callback_query"), dict):
        return _parse_callback(update["callback_query"], scope, now)
    if isinstance(update.get("my_chat_member"), dict):
        return _parse_member(update, update["my_chat_member"], scope, now)
    return Unknown(next((key for key in sorted(update) if key != "update_id"), "update")[:64])


def _parse_message(message: JsonMap, scope: str, now: datetime) -> ChannelEvent:
    sender, chat = pick_id(message, "from", "id"), pick_id(message, "chat", "id")
    if pick(message, "chat", "type") != "private":
        return Unknown("message.not_private", pick_text(message, "chat", "type", limit=64))
    number = pick_int(message, "message_id")
    if not sender or not chat or number is None:
        return Unknown("message")
    text = pick_text(message, "text") or pick_text(message, "caption")
    started, token = read_start(text)
    replied = pick_id(message, "reply_to_message", "message_id")
    return InboundMessage(
        identity=IdentityRef("telegram", scope, sender),
        message_id=f"{chat}:{number}",
        at=read_instant(pick_int(message, "date"), now),
        text="" if started else text,
        shared_phone=_read_own_phone(message, sender),
        name=_read_name(message),
        username=pick_text(message, "from", "username", limit=64),
        language=pick_text(message, "from", "language_code", limit=35),
        token=token,
        form="start" if started else _read_form(message),
        reply_to=f"{chat}:{replied}" if replied else "",
        sequence=number,
        forwarded=isinstance(message.get("forward_origin"), dict) or "forward_date" in message,
    )


def read_start(text: str) -> tuple[bool, str]:
    """Whether a text is the Start button's command, and the token that rode on the link."""
    command, _, payload = text.partition(" ")
    if command != "/start" and not command.startswith("/start@"):
        return False, ""
    return True, payload.strip()[:64]


def _read_form(message: JsonMap) -> str:
    if isinstance(message.get("text"), str):
        return "text"
    return next((form for key, form in _FORMS if message.get(key)), "other")


def _read_own_phone(message: JsonMap, sender: str) -> str:
    """The number of a shared contact, only when it is the sender's own; anybody's card can be forwarded."""
    if pick_id(message, "contact", "user_id") != sender:
        return ""
    digits = "".join(filter(str.isdecimal, pick_text(message, "contact", "phone_number", limit=32)))
    return f"+{digits}" if digits else ""


def _read_name(value: JsonMap) -> str:
    parts = (pick_text(value, "from", "first_name", limit=128), pick_text(value, "from", "last_name", limit=128))
    return " ".join(filter(None, parts))


def _parse_callback(query: JsonMap, scope: str, now: datetime) -> ChannelEvent:
    sender, query_id = pick_id(query, "from", "id"), pick_id(query, "id")
    if not sender or not query_id:
        return Unknown("callback_query")
    message = pick_map(query, "message")
    answered = pick_id(message, "message_id")
    chat = pick_id(message, "chat", "id") or sender
    payload = pick_text(query, "data", limit=256)
    return InboundMessage(
        identity=IdentityRef("telegram", scope, sender),
        message_id=f"callback:{query_id}",
        at=now,
        text=_read_label(message, payload),
        name=_read_name(query),
        username=pick_text(query, "from", "username", limit=64),
        language=pick_text(query, "from", "language_code", limit=35),
        form="choice",
        payload=payload,
        reply_to=f"{chat}:{answered}" if answered else "",
        reply_token=query_id,
    )


def _read_label(message: JsonMap, payload: str) -> str:
    """The words on the tapped button, which the query carries only inside the message it belongs to."""
    rows = pick(message, "reply_markup", "inline_keyboard")
    for row in rows if isinstance(rows, list) else []:
        for button in row if isinstance(row, list) else []:
            if pick_text(button, "callback_data", limit=256) == payload:
                return pick_text(button, "text", limit=256)
    return payload


def _parse_member(update: JsonMap, change: JsonMap, scope: str, now: datetime) -> ChannelEvent:
    sender = pick_id(change, "from", "id")
    status = pick_text(change, "new_chat_member", "status", limit=64)
    kind = _MEMBER_KINDS.get(status)
    if pick(change, "chat", "type") != "private" or kind is None or not sender:
        return Unknown("my_chat_member", status)
    return ContactEvent(
        kind=kind,
        identity=IdentityRef("telegram", scope, sender),
        at=read_instant(pick_int(change, "date"), now),
        event_id=f"update:{pick_id(update, 'update_id')}",
        name=_read_name(change),
        language=pick_text(change, "from", "language_code", limit=35),
    )
