"""Viber's callbacks as channel events.

`conversation_started` brings the code of the link as `context` each time the chat is opened through it; until the
customer writes, only the welcome message may be shown. A `message_token` has 64 bits and is kept as text.
"""

from datetime import datetime

from tertulia.channels.base import ChannelEvent, ContactEvent, InboundMessage, Receipt, Unknown
from tertulia.channels.outcomes import make_outcome
from tertulia.channels.wire import JsonMap, pick, pick_id, pick_int, pick_map, pick_text, read_instant_ms
from tertulia.core.identity import IdentityRef

_FORMS = {
    "text": "text",
    "picture": "image",
    "video": "video",
    "file": "document",
    "sticker": "sticker",
    "location": "location",
    "contact": "contacts",
    "url": "text",
}
_STATES = {"delivered": "delivered", "seen": "read", "failed": "failed"}


def parse_callback(body: JsonMap, scope: str, now: datetime) -> ChannelEvent:
    """One callback as one event. Never raises."""
    kind = pick_text(body, "event", limit=64)
    at = read_instant_ms(pick_int(body, "timestamp"), now)
    person = pick_map(body, "sender") or pick_map(body, "user")
    user = pick_id(person, "id") or pick_id(body, "user_id")
    if not user:
        return Unknown(kind or "event")
    identity = IdentityRef("viber", scope, user)
    if kind == "message":
        return _parse_message(body, person, identity, at)
    if kind in _STATES:
        return _parse_status(body, kind, identity, at)
    signal = {"conversation_started": "started", "subscribed": "followed", "unsubscribed": "unfollowed"}.get(kind)
    if signal is None:
        return Unknown(kind or "event")
    return ContactEvent(
        kind=signal,
        identity=identity,
        at=at,
        event_id=f"{kind}:{pick_id(body, 'message_token')}:{user}"[:1_024],
        token=pick_text(body, "context", limit=256),
        name=_read_name(person),
        language=pick_text(person, "language", limit=35),
    )


def _parse_message(body: JsonMap, person: JsonMap, identity: IdentityRef, at: datetime) -> ChannelEvent:
    message = pick_map(body, "message")
    kind = pick_text(message, "type", limit=64)
    text = _read_card(message) if kind == "contact" else pick_text(message, "text")
    return InboundMessage(
        identity=identity,
        message_id=pick_id(body, "message_token"),
        at=at,
        text=text or (pick_text(message, "media") if kind == "url" else ""),
        name=_read_name(person),
        language=pick_text(person, "language", limit=35),
        form=_FORMS.get(kind, "other"),
    )


def _read_card(message: JsonMap) -> str:
    """The number on a contact card, as words of the customer. Viber does not say whose card it is, even after our own
    button, so it proves nothing and is no `shared_phone`."""
    digits = "".join(filter(str.isdecimal, pick_text(message, "contact", "phone_number", limit=32)))
    return f"+{digits}" if digits else ""


def _parse_status(body: JsonMap, kind: str, identity: IdentityRef, at: datetime) -> ChannelEvent:
    message_id = pick_id(body, "message_token")
    if not message_id:
        return Unknown(kind)
    failure = make_outcome("gone.undelivered", detail=pick_text(body, "desc")) if kind == "failed" else None
    return Receipt(_STATES[kind], at, message_id=message_id, identity=identity, outcome=failure)


def _read_name(person: JsonMap) -> str:
    name = pick(person, "name")
    return pick_text(person, "name", limit=256) if name != "Subscriber" else ""
