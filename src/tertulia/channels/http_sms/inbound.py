"""A gateway's calls as channel events, by profile: a message, or a report on one of ours (`?report=1` in the address).

The fields may stand in the address, in a form or in JSON; those that we put into the address (`report`, `m`, `key`)
are left out.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tertulia.channels.base import ChannelEvent, InboundMessage, Receipt, Unknown, WebhookCall
from tertulia.channels.http_sms.profile import Profile, find, pick_path
from tertulia.channels.outcomes import make_outcome
from tertulia.channels.sms import is_phone, phone_identity, read_phone
from tertulia.channels.wire import (
    ID_MAX_CHARACTERS,
    clean_text,
    read_form,
    read_instant,
    read_json_map,
)

OWN_PARAMETERS = ("report", "m", "key")
_FAILURES = {"failed": "gone.undelivered", "expired": "fix.expired", "rejected": "gone.refused"}

Values = Mapping[str, Any]


def read_values(call: WebhookCall) -> Values:
    """Every field of a call, those of the body over those of the address. Raises Unreadable."""
    values: dict[str, Any] = {name: value for name, value in call.query.items() if name not in OWN_PARAMETERS}
    if not call.body.strip():
        return values
    if call.headers.get("content-type", "").startswith("application/json") or call.body.lstrip()[:1] == b"{":
        return {**values, **read_json_map(call.body)}
    return {**values, **{name: found[0] for name, found in read_form(call.body).items()}}


def parse_message(profile: Profile, values: Values, now: datetime) -> ChannelEvent:
    """A text that a customer sent. Never raises."""

    def read(name: str, limit: int = ID_MAX_CHARACTERS) -> str:
        return _read(values, profile.message_fields.get(name, ""), limit)

    sender = read_phone(read("from"))
    if not sender:
        return Unknown("message")
    text = read("text", 20_000)
    if not text and read("hex", 80_000):
        text = decode_hex(read("hex", 80_000), read("coding"), profile.coding[1])
    return InboundMessage(
        identity=phone_identity(sender),
        message_id=read("id"),
        at=read_time(read("time"), now),
        text=text,
        phone=sender if is_phone(sender) else "",
    )


def parse_report(profile: Profile, values: Values, ref: str, now: datetime) -> ChannelEvent:
    """What became of one of ours. Never raises."""

    def read(name: str) -> str:
        return _read(values, profile.report_fields.get(name, ""), ID_MAX_CHARACTERS)

    word = read("status")
    state = profile.report_values.get(word.lower())
    message_id, delivery_id = read("id"), clean_text(ref, ID_MAX_CHARACTERS) or read("ref")
    if state is None or not (message_id or delivery_id):
        return Unknown("report", clean_text(word, 64))
    at = read_time(read("time"), now)
    if state not in _FAILURES:
        known = "delivered" if state == "delivered" else "sent"
        return Receipt(known, at, message_id=message_id, delivery_id=delivery_id)
    error = read("error")
    dead = any(find(pattern, f"{word} {error}") is not None for pattern in profile.gone_patterns)
    outcome = make_outcome("gone.unknown" if dead else _FAILURES[state], error[:64] or word, error or word)
    return Receipt("failed", at, message_id=message_id, delivery_id=delivery_id, outcome=outcome)


def decode_hex(value: str, coding: str, utf16_coding: str) -> str:
    """A text as hexadecimal octets: UTF-16 where the coding says so, else the bytes as Latin-1."""
    try:
        octets = bytes.fromhex(value)
    except ValueError:
        return ""
    if coding in (utf16_coding, "8") and len(octets) % 2 == 0:
        return clean_text(octets.decode("utf-16-be", "replace"))
    return clean_text(octets.decode("latin-1"))


def read_time(value: str, now: datetime) -> datetime:
    """Seconds since 1970 or ISO 8601 (without a zone: UTC); `now` for anything else."""
    if re.fullmatch(r"\d{9,11}", value):
        return read_instant(int(value), now)
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return now


def _read(values: Values, path: str, limit: int) -> str:
    if not path:
        return ""
    direct = values.get(path)
    found = direct if isinstance(direct, str) else pick_path(values, path)
    return clean_text(found, limit)
