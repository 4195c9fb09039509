"""What a tracking SDK sent becomes log entries: each message by itself, so that a bad one spoils no other.

An envelope is an object with a list `batch`; anything else is one message. Of a message only what is named here is
kept: never its write key, its integrations or what an SDK tells about itself in `_metadata`. What cannot be taken is a
discard with a code, answered as success all the same: asked again, it would be no better.

This code runs for every event, so it makes nothing but the entry: no model of the message, no copy that nobody needs.
"""

from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import msgspec

from tertulia.core.entries import EventEntry
from tertulia.core.ingest_codes import Code
from tertulia.core.ingest_json import is_too_deep
from tertulia.core.ingest_time import correct, read_time

MESSAGES_MAX: Final = 2_500  # of a batch
MESSAGE_BYTES_MAX: Final = 32 * 1024  # written as compact JSON
SHARED_BYTES_MAX: Final = 8 * 1024 * 1024  # of an envelope's context, times its messages
MESSAGE_ID_MAX: Final = 100  # characters; a longer one is hashed
ID_MAX: Final = 512  # characters: an index of PostgreSQL takes 2,704 bytes
NAME_MAX: Final = 255  # characters; a longer name is cut
SAMPLE_MAX: Final = 2_000  # characters
TYPE_MAX: Final = 20  # characters of a type as a discard shows it

CALLS: Final = ("track", "identify", "page", "screen", "group", "alias")
_TRAITED: Final = ("identify", "group")
PLACEHOLDERS: Final = frozenset({"null", "anonymous", "-1", "undefined", "none", "nan", "[object object]"})
"""Ids in lower case that stand for nobody, besides those of zeros and dashes only: code that had no id wrote them."""


class Arrival(msgspec.Struct, frozen=True):
    """What is known of a request besides its body. `call` is what its address says the message is, else empty; `ip` the
    caller's address, added to messages of customers' own devices (`client_side`); `sent_at` a header's; `make_id` makes
    a message id that no other has."""

    source_id: int
    received_at: datetime
    make_id: Callable[[], str]
    call: str = ""
    ip: str = ""
    client_side: bool = False
    sent_at: str = ""


class Discard(msgspec.Struct, frozen=True):
    """A message that was not taken: its place in the batch from 0, why, and the beginning of what came. `count` is
    above 1 where one row stands for it and all that follow."""

    place: int
    code: str
    message_id: str = ""
    type: str = ""
    name: str = ""
    sample: str = ""
    count: int = 1


class Taken(msgspec.Struct, frozen=True):
    """What a body came to. `warnings` are of messages that were taken; `shared_bytes` is what the envelope's context
    adds to all entries together."""

    entries: list[EventEntry]
    discards: list[Discard]
    warnings: list[Discard]
    shared_bytes: int = 0


class SharedTooLarge(Exception):
    """An envelope's context that, given to each of its messages, would be more than any body."""


class _Refused(Exception):
    """A message that is not taken, and why."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code = code


class _Batch(msgspec.Struct, frozen=True):
    """What holds for all messages of a body."""

    arrival: Arrival
    context: dict[str, Any]
    sent: datetime | None


def read_body(value: Any, arrival: Arrival) -> Taken:
    """The entries and discards of an envelope or a message, in their order. Raises SharedTooLarge."""
    envelope = value if isinstance(value, dict) and isinstance(value.get("batch"), list) else None
    if envelope is None:
        return _read_messages([value], _Batch(arrival, {}, read_time(arrival.sent_at)))
    messages = envelope["batch"]
    if not messages:
        return Taken([], [Discard(0, Code.EMPTY_BATCH.value)], [])
    shared, shared_bytes = _read_shared(envelope.get("context"), len(messages))
    sent = read_time(envelope.get("sentAt")) or read_time(arrival.sent_at)
    return _read_messages(messages, _Batch(arrival, shared, sent), shared_bytes)


def discard_all(value: Any, code: Code) -> Taken:
    """Every message of a body discarded for one reason (a source that is switched off)."""
    batch = value.get("batch") if isinstance(value, dict) else None
    messages = batch if isinstance(batch, list) else [value]
    discards = [_describe(place, code, item, _write(item)) for place, item in enumerate(messages[:MESSAGES_MAX])]
    return Taken([], discards + _find_tail(messages), [])


def find_write_key(value: Any) -> str:
    """The write key that a body names: the envelope's or message's own, else that of the first message that has one;
    empty without any."""
    if not isinstance(value, dict):
        return ""
    batch = value.get("batch")
    for item in (value, *(batch[:MESSAGES_MAX] if isinstance(batch, list) else ())):
        key = item.get("writeKey") if isinstance(item, dict) else None
        if isinstance(key, str) and key.strip():
            return key.strip()
    return ""


def _read_shared(context: Any, messages: int) -> tuple[dict[str, Any], int]:
    """An envelope's context, and its bytes times the messages; none where it is no object or nested too deep. Raises
    SharedTooLarge."""
    if not context or not isinstance(context, dict):
        return {}, 0
    written = _write(context)
    shared_bytes = len(written) * min(messages, MESSAGES_MAX)
    if shared_bytes > SHARED_BYTES_MAX:
        raise SharedTooLarge
    return ({}, 0) if not written or is_too_deep(context, written) else (context, shared_bytes)


def _write(value: Any) -> bytes:
    """A value as compact JSON; empty where it is nested as deep as this program can follow."""
    try:
        return msgspec.json.encode(value)
    except RecursionError:
        return b""


def _read_messages(messages: list[Any], batch: _Batch, shared_bytes: int = 0) -> Taken:
    taken = Taken([], [], [], shared_bytes)
    for place, message in enumerate(messages[:MESSAGES_MAX]):
        written = _write(message)
        try:
            entry, warning = _read_message(message, written, batch)
        except _Refused as refused:
            taken.discards.append(_describe(place, refused.code, message, written))
            continue
        taken.entries.append(entry)
        if warning:
            taken.warnings.append(_describe(place, warning, message, written))
    taken.discards.extend(_find_tail(messages))
    return taken


def _find_tail(messages: list[Any]) -> list[Discard]:
    """One discard for all messages beyond the most that a batch may have."""
    if len(messages) <= MESSAGES_MAX:
        return []
    first = messages[MESSAGES_MAX]
    told = _describe(MESSAGES_MAX, Code.BATCH_TOO_MANY, first, _write(first))
    return [msgspec.structs.replace(told, count=len(messages) - MESSAGES_MAX)]


def _read_message(message: Any, written: bytes, batch: _Batch) -> tuple[EventEntry, Code | None]:
    """A message as an entry, and a warning if there is one. Raises _Refused."""
    if not isinstance(message, dict):
        raise _Refused(Code.MESSAGE_NOT_OBJECT)
    if len(written) > MESSAGE_BYTES_MAX:
        raise _Refused(Code.MESSAGE_TOO_LARGE)
    if not written or is_too_deep(message, written):
        raise _Refused(Code.TOO_DEEP)
    get = message.get
    call = get("type") or batch.arrival.call
    if call not in CALLS:
        raise _Refused(Code.UNKNOWN_TYPE)
    user_id, anonymous_id = _read_id(get("userId")), _read_id(get("anonymousId"))
    previous_id = _read_id(get("previousId")) if call == "alias" else ""
    context, told_traits = _read_context(get("context"), batch)
    group_id = _read_id(get("groupId")) if call == "group" else _read_group(context)
    _check_ids(call, user_id, anonymous_id, previous_id, group_id)
    name, properties, traits = "", {}, {}
    if call == "track":
        name, properties = _read_event(get("event")), _read_map(get("properties"), Code.PROPERTIES_NOT_OBJECT)
    elif call in _TRAITED:
        traits = _read_map(get("traits"), Code.TRAITS_NOT_OBJECT)
        if not traits and call == "identify" and isinstance(told_traits, dict):
            traits = told_traits
    elif call != "alias":
        name, properties = _read_view(get("name"), get("category"), get("properties"))
    client, warning = _read_client_time(get("timestamp"), get("originalTimestamp"))
    sent = read_time(get("sentAt")) or batch.sent
    received_at = batch.arrival.received_at
    entry = EventEntry(
        batch.arrival.source_id,
        call,
        _read_message_id(get("messageId"), batch.arrival.make_id),
        correct(client, sent, received_at),
        client or received_at,
        name,
        user_id,
        anonymous_id,
        previous_id,
        group_id,
        properties,
        traits,
        context,
    )
    return entry, warning


def _check_ids(call: str, user_id: str, anonymous_id: str, previous_id: str, group_id: str) -> None:
    """Raises _Refused where a message does not say whom it is about. A group may be told about by itself."""
    if call == "group":
        if not group_id:
            raise _Refused(Code.GROUP_ID_MISSING)
        return
    if not user_id and (not anonymous_id or call == "alias"):
        raise _Refused(Code.NO_USER_ANON_ID)
    if call == "alias" and not previous_id:
        raise _Refused(Code.PREVIOUS_ID_MISSING)


def _read_id(value: Any) -> str:
    """An id as text; empty where there is none or one that stands for nobody. Raises _Refused."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _Refused(Code.ID_NOT_STRING)
    text = value.strip() if isinstance(value, str) else _write_number(value)
    if not text.strip("0-") or text.lower() in PLACEHOLDERS:
        return ""
    if len(text) > ID_MAX:
        raise _Refused(Code.ID_TOO_LONG)
    return text


def _write_number(value: float) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _read_message_id(value: Any, make_id: Callable[[], str]) -> str:
    """The message's id as text of at most MESSAGE_ID_MAX characters; a fresh one where it has none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value or value.isspace():
        return make_id()
    if len(value) > MESSAGE_ID_MAX:
        return "hash:" + blake2b(value.encode(), digest_size=24).hexdigest()
    return value


def _read_context(value: Any, batch: _Batch) -> tuple[dict[str, Any], Any]:
    """The message's context over the envelope's, and the traits that stood in it: only an identify call may use them,
    for some SDKs repeat them, grown old, in every call."""
    own = value if isinstance(value, dict) else {}
    context = {**batch.context, **own}
    traits = context.pop("traits", None)
    if batch.arrival.ip and "ip" not in context and (batch.arrival.client_side or context.get("direct") is True):
        context["ip"] = batch.arrival.ip
    return context, traits


def _read_group(context: dict[str, Any]) -> str:
    """The group to which a call of another type belongs; empty for none, and for what is no id."""
    if "groupId" not in context:
        return ""
    try:
        return _read_id(context["groupId"])
    except _Refused:
        return ""


def _read_event(value: Any) -> str:
    if value is None or value == "":
        raise _Refused(Code.EVENT_NOT_DEFINED)
    if not isinstance(value, str):
        raise _Refused(Code.EVENT_NOT_STRING)
    if value.isspace():
        raise _Refused(Code.EVENT_NOT_DEFINED)
    return value[:NAME_MAX]


def _read_map(value: Any, code: Code) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Refused(code)
    return value


def _read_view(name: Any, category: Any, value: Any) -> tuple[str, dict[str, Any]]:
    """Name and properties of a page or screen. Some SDKs write name and category among the properties too, some do
    not: afterwards both stand there, as the message says."""
    properties = _read_map(value, Code.PROPERTIES_NOT_OBJECT)
    for told, key, code in ((name, "name", Code.NAME_NOT_STRING), (category, "category", Code.CATEGORY_NOT_STRING)):
        if told is not None and not isinstance(told, str):
            raise _Refused(code)
        if told and key not in properties:
            properties = {**properties, key: told}
    named = name or properties.get("name")
    return (named[:NAME_MAX] if isinstance(named, str) else ""), properties


def _read_client_time(timestamp: Any, original: Any) -> tuple[datetime | None, Code | None]:
    """The client's own time of an event, and a warning where it names one that is none."""
    client = read_time(timestamp) or read_time(original)
    told = timestamp if timestamp is not None else original
    return client, None if client is not None or told is None or told == "" else Code.BAD_TIMESTAMP


def _describe(place: int, code: Code, message: Any, written: bytes) -> Discard:
    facts = message if isinstance(message, dict) else {}
    texts = [facts.get(key) for key in ("messageId", "type", "event", "name")]
    message_id, type_, event, name = (text if isinstance(text, str) else "" for text in texts)
    sample = _hide_key(facts, written)[: SAMPLE_MAX * 4].decode("utf-8", "ignore")[:SAMPLE_MAX]
    return Discard(place, code.value, message_id[:MESSAGE_ID_MAX], type_[:TYPE_MAX], (event or name)[:NAME_MAX], sample)


def _hide_key(facts: dict[str, Any], written: bytes) -> bytes:
    """A message as JSON without the write key."""
    if "writeKey" not in facts:
        return written
    return _write({key: value for key, value in facts.items() if key != "writeKey"})
