"""LINE's webhook events as channel events.

Nothing rides on *follow*: a code comes in the text. A blocked account still takes our pushes, so `unfollow` is the only
word that a customer is gone. Groups and rooms are no conversations with a customer. `delivery` comes only for pushes by
phone number and brings back the tag that we gave it.
"""

from collections.abc import Iterator
from datetime import datetime

from tertulia.channels.base import ChannelEvent, ContactEvent, InboundMessage, Receipt, Unknown
from tertulia.channels.wire import JsonMap, pick, pick_id, pick_int, pick_maps, pick_text, read_instant_ms
from tertulia.core.identity import IdentityRef

_FORMS = {
    "text": "text",
    "image": "image",
    "video": "video",
    "audio": "audio",
    "file": "document",
    "location": "location",
    "sticker": "sticker",
}


def parse_call(body: JsonMap, scope: str, now: datetime) -> Iterator[ChannelEvent]:
    """Every event of a call, in its order; none for the console's Verify button. Never raises."""
    for event in pick_maps(body, "events"):
        yield _parse_event(event, scope, now)


def _parse_event(event: JsonMap, scope: str, now: datetime) -> ChannelEvent:
    kind = pick_text(event, "type", limit=64)
    at = read_instant_ms(pick_int(event, "timestamp"), now)
    if kind == "delivery":
        delivery_id = read_tag(pick_id(event, "delivery", "data"))
        return Receipt("delivered", at, delivery_id=delivery_id) if delivery_id else Unknown("delivery")
    user = pick_id(event, "source", "userId")
    if pick(event, "source", "type") != "user" or not user:
        return Unknown(f"{kind}.not_user")
    identity = IdentityRef("line", scope, user)
    event_id = pick_id(event, "webhookEventId")
    match kind:
        case "message":
            return _parse_message(event, identity, at)
        case "postback":
            return _parse_postback(event, identity, at)
        case "follow":
            unblocked = pick(event, "follow", "isUnblocked") is True
            return ContactEvent("unblocked" if unblocked else "followed", identity, at, event_id=event_id)
        case "unfollow":
            return ContactEvent("unfollowed", identity, at, event_id=event_id)
        case _:
            return Unknown(kind or "event")


def _parse_message(event: JsonMap, identity: IdentityRef, at: datetime) -> ChannelEvent:
    return InboundMessage(
        identity=identity,
        message_id=pick_id(event, "message", "id") or pick_id(event, "webhookEventId"),
        at=at,
        text=pick_text(event, "message", "text"),
        form=_FORMS.get(pick_text(event, "message", "type"), "other"),
        reply_to=pick_id(event, "message", "quotedMessageId"),
        reply_token=_read_reply_token(event),
    )


def _parse_postback(event: JsonMap, identity: IdentityRef, at: datetime) -> ChannelEvent:
    """A tapped button. `displayText` was shown in the chat but is not in the event; the data stands for it."""
    data = pick_text(event, "postback", "data", limit=300)
    return InboundMessage(
        identity=identity,
        message_id=pick_id(event, "webhookEventId"),
        at=at,
        text=data,
        form="choice",
        payload=data,
        reply_token=_read_reply_token(event),
    )


def _read_reply_token(event: JsonMap) -> str:
    """None in standby: another module of the account answers then."""
    return "" if event.get("mode") == "standby" else pick_id(event, "replyToken")


TAG_PREFIX = "tertulia-delivery:"  # LINE wants a tag of 16 to 100 characters


def make_tag(delivery_id: str) -> str:
    return f"{TAG_PREFIX}{delivery_id}"[:100]


def read_tag(tag: str) -> str:
    return tag.removeprefix(TAG_PREFIX) if tag.startswith(TAG_PREFIX) else ""
