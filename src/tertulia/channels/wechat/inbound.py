"""WeChat's XML as channel events.

A scanned code of ours comes back as the scene: `qrscene_X` with *subscribe* from a new follower, `X` with *SCAN* from
an old one. Events carry no id, so theirs is made of who, when and what, as WeChat advises. Instants are whole seconds.
"""

from collections.abc import Mapping
from datetime import datetime

from tertulia.channels.base import ChannelEvent, ContactEvent, InboundMessage, Receipt, Unknown
from tertulia.channels.outcomes import make_outcome
from tertulia.channels.wire import ID_MAX_CHARACTERS, clean_text, pick_int, read_instant
from tertulia.core.identity import IdentityRef

SCENE_PREFIX = "qrscene_"
_FORMS = {
    "text": "text",
    "image": "image",
    "voice": "audio",
    "video": "video",
    "shortvideo": "video",
    "location": "location",
    "link": "other",
}
_TEMPLATE_FAILURES = {"failed:user block": "gone.blocked", "failed: user block": "gone.blocked"}

Fields = Mapping[str, str]


def parse_message(fields: Fields, scope: str, now: datetime) -> ChannelEvent:
    """One call as one event. Never raises."""
    openid, account = _read_id(fields, "FromUserName"), _read_id(fields, "ToUserName")
    kind = clean_text(fields.get("MsgType", ""), 64).strip().lower()
    if not openid:
        return Unknown(kind or "message")
    if account != scope:
        return Unknown("other_account", account[:64])
    identity = IdentityRef("wechat", scope, openid)
    at = read_instant(pick_int(dict(fields), "CreateTime"), now)
    if kind == "event":
        return _parse_event(fields, identity, at)
    if kind not in _FORMS:
        return Unknown(kind or "message")
    chosen = _read_id(fields, "bizmsgmenuid")
    return InboundMessage(
        identity=identity,
        message_id=_read_id(fields, "MsgId"),
        at=at,
        text=clean_text(fields.get("Content", "") or fields.get("Recognition", "") or fields.get("Url", "")),
        form="choice" if chosen else _FORMS[kind],
        payload=chosen,
    )


def _parse_event(fields: Fields, identity: IdentityRef, at: datetime) -> ChannelEvent:
    event = clean_text(fields.get("Event", ""), 64).strip()
    key = clean_text(fields.get("EventKey", ""), 256)
    event_id = f"{identity.value}:{int(at.timestamp())}:{event}:{key}"[:ID_MAX_CHARACTERS]
    match event.lower():
        case "subscribe":
            token = key.removeprefix(SCENE_PREFIX) if key.startswith(SCENE_PREFIX) else ""
            return ContactEvent("followed", identity, at, event_id=event_id, token=token)
        case "unsubscribe":
            return ContactEvent("unfollowed", identity, at, event_id=event_id)
        case "scan":
            return ContactEvent("started", identity, at, event_id=event_id, token=key)
        case "click":
            return InboundMessage(identity, event_id, at, text=key, form="choice", payload=key)
        case "templatesendjobfinish":
            return _parse_template_end(fields, identity, at)
        case _:
            return Unknown(f"event.{event}"[:64])


def _parse_template_end(fields: Fields, identity: IdentityRef, at: datetime) -> ChannelEvent:
    message_id, status = _read_id(fields, "MsgID"), fields.get("Status", "").strip()
    if not message_id:
        return Unknown("event.TEMPLATESENDJOBFINISH")
    if status == "success":
        return Receipt("delivered", at, message_id=message_id, identity=identity)
    failure = make_outcome(_TEMPLATE_FAILURES.get(status, "gone.undelivered"), detail=status)
    return Receipt("failed", at, message_id=message_id, identity=identity, outcome=failure)


def _read_id(fields: Fields, name: str) -> str:
    found = clean_text(fields.get(name, ""), ID_MAX_CHARACTERS + 1).strip()
    return found if len(found) <= ID_MAX_CHARACTERS else ""
