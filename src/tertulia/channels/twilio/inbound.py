"""Twilio's form posts as channel events: a message, or a status of one of ours.

Neither carries a time, so the arrival stands in. Our delivery id rides on the status callback's address as `m`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tertulia.channels.base import ChannelEvent, InboundMessage, Receipt, Unknown
from tertulia.channels.kinds import first_text
from tertulia.channels.sms import is_phone, phone_identity
from tertulia.channels.twilio import codes
from tertulia.channels.wire import ID_MAX_CHARACTERS, clean_text

STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
_MEDIA_FORMS = {"image": "image", "audio": "audio", "video": "video"}
_OPT_WORDS = {"STOP": "stop", "START": "start", "HELP": "help"}

Form = Mapping[str, Sequence[str]]


def parse_form(fields: Form, delivery_id: str, now: datetime) -> ChannelEvent:
    """One call as one event. Never raises."""
    message_id = _read_id(fields, "MessageSid", "SmsSid")
    status = first_text(fields, "MessageStatus", "SmsStatus")
    if not message_id:
        return Unknown("form")
    if status in ("received", "receiving"):
        return _parse_message(fields, message_id, now)
    if status in STATES:
        return _parse_status(fields, message_id, status, delivery_id, now)
    return Unknown("status", clean_text(status, 64))


def _parse_message(fields: Form, message_id: str, now: datetime) -> ChannelEvent:
    sender = _read_id(fields, "From")
    if not sender or ":" in sender:
        return Unknown("message.channel_address")
    return InboundMessage(
        identity=phone_identity(sender),
        message_id=message_id,
        at=now,
        text=clean_text(first_text(fields, "Body")),
        phone=sender if is_phone(sender) else "",
        form=_read_form(fields),
        opt_word=_OPT_WORDS.get(first_text(fields, "OptOutType").upper(), ""),
    )


def _read_form(fields: Form) -> str:
    if first_text(fields, "NumMedia") in ("", "0"):
        return "text"
    return _MEDIA_FORMS.get(first_text(fields, "MediaContentType0").partition("/")[0], "document")


def _parse_status(fields: Form, message_id: str, status: str, delivery_id: str, now: datetime) -> ChannelEvent:
    state, recipient = STATES[status], _read_id(fields, "To")
    code = first_text(fields, "ErrorCode")
    number = int(code) if code.isascii() and code.isdigit() and len(code) < 8 else 0
    detail = clean_text(first_text(fields, "ErrorMessage"))
    return Receipt(
        state=state,
        at=now,
        message_id=message_id,
        delivery_id=clean_text(delivery_id, ID_MAX_CHARACTERS),
        identity=phone_identity(recipient) if recipient else None,
        outcome=codes.judge_code(number or 30008, detail or status) if state == "failed" else None,
    )


def _read_id(fields: Form, *names: str) -> str:
    found = clean_text(first_text(fields, *names), ID_MAX_CHARACTERS + 1)
    return found if len(found) <= ID_MAX_CHARACTERS else ""
