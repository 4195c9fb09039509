"""Messenger webhooks as channel events.

Calls are batched: every `entry` and every `messaging` item counts. A code on an m.me link comes back as `ref`: inside
the *Get started* postback of a new conversation, or as a referral event of its own in an old one. Our own messages come
back as echoes, whose `metadata` binds a message id to a delivery whose answer was lost.
"""

from collections.abc import Iterator
from datetime import datetime

from tertulia.channels.base import ChannelEvent, ContactEvent, InboundMessage, Receipt, Unknown
from tertulia.channels.wire import (
    JsonMap,
    pick,
    pick_id,
    pick_int,
    pick_map,
    pick_maps,
    pick_text,
    read_instant,
    read_instant_ms,
)
from tertulia.core.identity import COMMENT_KIND, IdentityRef

GET_STARTED = "GET_STARTED"
METADATA_PREFIX = "delivery:"
_ATTACHMENTS = {
    "image": "image",
    "audio": "audio",
    "video": "video",
    "file": "document",
    "sticker": "sticker",
    "location": "location",
}


def parse_call(body: JsonMap, page_id: str, now: datetime) -> Iterator[ChannelEvent]:
    """Every event of a call, in its order. Never raises."""
    if body.get("object") != "page":
        yield Unknown("object", pick_text(body, "object", limit=64))
        return
    for entry in pick_maps(body, "entry"):
        if (other := pick_id(entry, "id")) and page_id and other != page_id:
            yield Unknown("other_page", other)
            continue
        for item in pick_maps(entry, "messaging"):
            yield from _parse_item(item, page_id, now)
        for change in pick_maps(entry, "changes"):
            yield _parse_change(change, page_id, now)
        for _ in pick_maps(entry, "standby"):
            yield Unknown("standby")


def _parse_item(item: JsonMap, page_id: str, now: datetime) -> Iterator[ChannelEvent]:
    at = read_instant_ms(pick_int(item, "timestamp"), now)
    sender = pick_id(item, "sender", "id")
    identity = IdentityRef("messenger", page_id, sender)
    if pick(item, "message", "is_echo") is True:
        yield _parse_echo(item, page_id, at)
    elif not sender:
        yield Unknown(_name_item(item))
    elif "message" in item:
        yield _parse_message(item, identity, at)
    elif "postback" in item:
        yield _parse_postback(item, identity, at)
    elif "referral" in item:
        yield _parse_referral(item, identity, at)
    elif "delivery" in item:
        yield from _parse_delivery(item, identity, at)
    elif "read" in item:
        mark = read_instant_ms(pick_int(item, "read", "watermark"), at)
        yield Receipt("read", mark, identity=identity, watermark=True)
    else:
        yield from _parse_signal(item, identity, at)


def _parse_change(change: JsonMap, page_id: str, now: datetime) -> ChannelEvent:
    """A customer's new comment below a post of the Page; nothing else that happens there, and not the Page's own."""
    value, field = pick_map(change, "value"), pick_text(change, "field", limit=64)
    author, comment_id = pick_id(value, "from", "id"), pick_id(value, "comment_id")
    added = (field, value.get("item"), value.get("verb")) == ("feed", "comment", "add")
    if not added or not comment_id or author in ("", page_id):
        return Unknown(f"change.{field}")
    created_s = pick_int(value, "created_time")
    return InboundMessage(
        identity=IdentityRef("messenger", page_id, author),
        message_id=comment_id,
        at=now if created_s is None else read_instant(created_s, now),
        text=pick_text(value, "message"),
        aliases=(IdentityRef(COMMENT_KIND, page_id, comment_id),),
        name=pick_text(value, "from", "name", limit=200),
        form="comment",
        post=pick_id(value, "post_id"),
    )


def _name_item(item: JsonMap) -> str:
    known = item.keys() - {"sender", "recipient", "timestamp"}
    return min(known, default="messaging")[:64]


def _parse_message(item: JsonMap, identity: IdentityRef, at: datetime) -> ChannelEvent:
    message = pick_map(item, "message")
    if pick(message, "is_deleted") is True or not message:
        return Unknown("message.deleted")
    attachments = pick_maps(message, "attachments")
    quick_reply = pick_text(message, "quick_reply", "payload", limit=1_000)
    form = "choice" if "quick_reply" in message else "text"
    if attachments and form == "text":
        form = _ATTACHMENTS.get(pick_text(attachments[0], "type"), "other")
    return InboundMessage(
        identity=identity,
        message_id=pick_id(message, "mid"),
        at=at,
        text=pick_text(message, "text"),
        token=pick_text(message, "referral", "ref", limit=2_083) or pick_text(item, "referral", "ref", limit=2_083),
        form=form,
        payload=quick_reply,
        reply_to=pick_id(message, "reply_to", "mid"),
    )


def _parse_postback(item: JsonMap, identity: IdentityRef, at: datetime) -> ChannelEvent:
    postback = pick_map(item, "postback")
    payload = pick_text(postback, "payload", limit=1_000)
    token = pick_text(postback, "referral", "ref", limit=2_083)
    started = payload == GET_STARTED
    return InboundMessage(
        identity=identity,
        message_id=pick_id(postback, "mid"),
        at=at,
        text="" if started else pick_text(postback, "title"),
        token=token,
        form="start" if started else "choice",
        payload=payload,
    )


def _parse_referral(item: JsonMap, identity: IdentityRef, at: datetime) -> ChannelEvent:
    referral = pick_map(item, "referral")
    token = pick_text(referral, "ref", limit=2_083)
    event_id = f"referral:{identity.value}:{pick_id(item, 'timestamp')}:{token}"
    return ContactEvent("started", identity, at, event_id=event_id[:1_024], token=token)


def _parse_delivery(item: JsonMap, identity: IdentityRef, at: datetime) -> Iterator[ChannelEvent]:
    """The named messages, and by the watermark every one before it."""
    mark = read_instant_ms(pick_int(item, "delivery", "watermark"), at)
    mids = pick(item, "delivery", "mids")
    for mid in mids if isinstance(mids, list) else []:
        if isinstance(mid, str) and mid:
            yield Receipt("delivered", mark, message_id=mid[:1_024].replace("\0", ""), identity=identity)
    yield Receipt("delivered", mark, identity=identity, watermark=True)


def _parse_echo(item: JsonMap, page_id: str, at: datetime) -> ChannelEvent:
    metadata = pick_text(item, "message", "metadata", limit=1_000)
    if not metadata.startswith(METADATA_PREFIX):
        return Unknown("message.echo")
    return Receipt(
        "sent",
        at,
        message_id=pick_id(item, "message", "mid"),
        delivery_id=metadata.removeprefix(METADATA_PREFIX),
        identity=IdentityRef("messenger", page_id, pick_id(item, "recipient", "id")),
    )


def _parse_signal(item: JsonMap, identity: IdentityRef, at: datetime) -> Iterator[ChannelEvent]:
    optin = pick_map(item, "optin")
    stamp = pick_id(item, "timestamp")
    if optin.get("type") == "notification_messages":
        stopped = optin.get("notification_messages_status") == "STOP_NOTIFICATIONS"
        kind = "marketing_stopped" if stopped else "opted_in"
        yield ContactEvent(kind, identity, at, event_id=f"optin:{identity.value}:{stamp}")
    elif optin and (token := pick_text(optin, "ref", limit=2_083)):
        yield ContactEvent("started", identity, at, event_id=f"optin:{identity.value}:{stamp}", token=token)
    else:
        yield Unknown(_name_item(item))
