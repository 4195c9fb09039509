"""A payload goes through its mapping: the messages that it makes, each read as a tracking SDK's would be, and every
fault with its line.

A message's id must be the same when its webhook comes again, or the same order would count twice (E1). Where the
mapping says none it is made of the content. It carries the source, so that two shops with the same numbers stay apart.
`once` says which instant stays the same however often an order is edited; its day is the other half of what makes an
event the same event.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec

from tertulia.core.entries import EventEntry
from tertulia.core.hook_faults import Fault, FaultCode, HookCode
from tertulia.core.hook_items import ItemChange, make_item
from tertulia.core.hook_mapping import ITEMS, MAKING, Compiled, Rule
from tertulia.core.hook_values import Failed, Payload, is_there, is_true, write_text
from tertulia.core.import_values import read_email
from tertulia.core.ingest import PLACEHOLDERS, SAMPLE_MAX, Arrival, Discard, read_body
from tertulia.core.ingest_codes import Code
from tertulia.core.ingest_time import read_time

EACH_MAX: Final = 100  # events of one rule on one payload
TOPIC_CHARACTERS_MAX: Final = 100
_LIBRARY: Final = {"name": "tertulia-webhook"}


class Message(msgspec.Struct, frozen=True):
    """One message as an SDK would send it, the line of its rule, and the instant that stays the same (`once`)."""

    told: dict[str, Any]
    line: int
    once: Any = None


class Made(msgspec.Struct, frozen=True):
    """What a payload comes to. `fits`: some rule was for it, if only to do nothing. `private`: it asks for a person's
    data or their erasure. `items`: what it says of items of catalogs."""

    topic: str
    messages: list[Message]
    faults: list[Fault]
    fits: bool
    private: bool
    items: list[ItemChange]


class Outcome(msgspec.Struct, frozen=True):
    """Entries for the log and what was not taken, as of `ingest.Taken`. `lines` are the mapping's, one for each
    discard (0: none). `items` are those that a catalog takes."""

    entries: list[EventEntry]
    discards: list[Discard]
    lines: list[int]
    warnings: list[Discard]
    items: Sequence[ItemChange] = ()


def find_topic(compiled: Compiled | None, body: Any, headers: Mapping[str, str]) -> str:
    """What a payload is about, by the mapping's word; empty where it says nothing."""
    if compiled is None or compiled.topic is None:
        return ""
    try:
        told = write_text(compiled.topic.read(Payload(body, body, headers)))
    except Failed:
        return ""
    return told.replace("\0", "")[:TOPIC_CHARACTERS_MAX]


def make_messages(compiled: Compiled, source_id: int, body: Any, raw: bytes, headers: Mapping[str, str]) -> Made:
    """Every rule that fits, followed in order. `raw` is the body as it came."""
    made = Made(find_topic(compiled, body, headers), [], [], False, False, [])
    fits = private = False
    for rule in compiled.rules:
        if not rule.fits(made.topic):
            continue
        try:
            if rule.when is not None and not is_true(rule.when.read(Payload(body, body, headers))):
                continue
            fits = True
            private = private or rule.do == "privacy_request"
            if rule.do in MAKING or rule.do in ITEMS:
                for place, item in enumerate(_list_items(rule, Payload(body, body, headers))):
                    _follow(made, rule, place, Payload(body, item, headers), source_id, raw)
        except Failed as failed:
            fits = True
            made.faults.append(failed.fault)
    return msgspec.structs.replace(made, fits=fits, private=private)


def take(made: Made, arrival: Arrival, raw: bytes) -> Outcome:
    """The messages as entries, each read by itself, so that a bad one spoils no other; faults and what fits nowhere as
    discards with the beginning of what came."""
    outcome = Outcome([], [], [], [], [item for item in made.items if item.is_right])
    for place, message in enumerate(made.messages):
        taken = read_body(message.told, arrival)
        once = read_time(message.once)
        outcome.entries.extend(msgspec.structs.replace(e, client_at=once) if once else e for e in taken.entries)
        outcome.discards.extend(msgspec.structs.replace(discard, place=place) for discard in taken.discards)
        outcome.lines.extend([message.line] * len(taken.discards))
        outcome.warnings.extend(msgspec.structs.replace(warning, place=place) for warning in taken.warnings)
    for number, item in enumerate(made.items):
        if not item.is_right:
            name = f"{made.topic}, {item.catalog}, {item.id}".strip(", ")
            outcome.discards.append(note(HookCode.BAD_ITEM, raw, name, len(made.messages) + number))
            outcome.lines.append(item.line)
    for number, fault in enumerate(made.faults):
        code = HookCode.LIST_TOO_LONG if fault.code is FaultCode.TOO_MANY else HookCode.MAPPING_FAILED
        place = len(made.messages) + len(made.items) + number
        outcome.discards.append(note(code, raw, f"{made.topic}, {fault.field}, {fault.line}".strip(", "), place))
        outcome.lines.append(fault.line)
    if not made.fits:
        outcome.discards.append(note(HookCode.NO_RULE, raw, made.topic))
        outcome.lines.append(0)
    if made.private:
        outcome.warnings.append(note(HookCode.PRIVACY_REQUEST, raw, made.topic))
    return outcome


def note(code: HookCode | Code, raw: bytes, name: str = "", place: int = 0) -> Discard:
    """A discard of a whole webhook, with the beginning of it."""
    sample = raw[: SAMPLE_MAX * 4].decode("utf-8", "replace").replace("\0", "")[:SAMPLE_MAX]
    return Discard(place, code.value, name=name, sample=sample)


def _list_items(rule: Rule, payload: Payload) -> list[Any]:
    if rule.each is None:
        return [payload.body]
    found = rule.each.read(payload)
    place = (rule.each.field, rule.each.line, rule.each.column)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Failed(Fault(FaultCode.EACH_NOT_LIST, *place))
    if len(found) > EACH_MAX:
        raise Failed(Fault(FaultCode.TOO_MANY, *place, {"most": str(EACH_MAX)}))
    return found


def _follow(made: Made, rule: Rule, place: int, payload: Payload, source_id: int, raw: bytes) -> None:
    try:
        if rule.do in ITEMS:
            made.items.append(make_item(rule, payload, _read_table(rule.properties, payload)))
            return
        made.messages.append(_make(rule, place, payload, source_id, raw))
    except Failed as failed:
        made.faults.append(failed.fault)


def _make(rule: Rule, place: int, payload: Payload, source_id: int, raw: bytes) -> Message:
    """One message. Raises Failed."""
    told: dict[str, Any] = {"type": rule.do, "context": _make_context(rule, payload), **_find_ids(rule, payload)}
    if rule.do == "track":
        name = rule.named.read(payload) if rule.named is not None else rule.event
        told["event"] = name
        told["properties"] = _read_table(rule.properties, payload)
    else:
        told["traits"] = _read_traits(rule, payload)
    if rule.time is not None and is_there(at := rule.time.read(payload)):
        told["timestamp"] = at
    told["messageId"] = _make_id(rule, place, payload, source_id, told, raw)
    return Message(told, rule.line, rule.once.read(payload) if rule.once is not None else None)


def _make_context(rule: Rule, payload: Payload) -> dict[str, Any]:
    """A shop's word about a customer is no visit; what the mapping says the customer did on the site then is one."""
    if rule.by_customer is not None and is_true(rule.by_customer.read(payload)):
        return {"library": _LIBRARY, "channel": "browser"}
    return {"library": _LIBRARY, "channel": "server", "active": False}


def _find_ids(rule: Rule, payload: Payload) -> dict[str, Any]:
    """`userId` and `anonymousId`. A guest is known by the e-mail address first, so that the next order is theirs too; a
    user's own device id is theirs, and an identify call tells both."""
    told = {name: source.read(payload) for name, source in rule.who.ids.items()}
    user_id = _read_id(told.get("user_id"))
    device = _read_id(told.get("anonymous_id"))
    email = read_email(write_text(told.get("email")))
    phone = write_text(told.get("phone"))
    by_email = f"email:{email.lower()}" if email else ""
    by_address = by_email or (f"phone:{phone}" if phone else "")
    given_first = device if isinstance(device, str) and user_id and rule.do == "track" else ""
    anonymous_id = given_first or by_email or device or by_address
    return {name: value for name, value in (("userId", user_id), ("anonymousId", anonymous_id)) if value}


def _read_id(value: Any) -> Any:
    """An id as text; what is no id at all stays as it is, for the reader of messages to refuse."""
    if not is_there(value):
        return ""
    if isinstance(value, dict | list | bool):
        return value
    text = write_text(value)
    return "" if not text.strip("0-") or text.lower() in PLACEHOLDERS else text


def _read_table(table: Mapping[str, Any], payload: Payload) -> dict[str, Any]:
    """What is there, by name. False is a value here, and so is an empty list."""
    told = {name: source.read(payload) for name, source in table.items()}
    return {name: value for name, value in told.items() if value is not None and value != ""}


def _read_traits(rule: Rule, payload: Payload) -> dict[str, Any]:
    traits = _read_table(rule.who.traits, payload)
    for name in ("email", "phone"):
        source = rule.who.ids.get(name)
        if source is not None and name not in traits and (told := write_text(source.read(payload))):
            traits[name] = told
    return traits


def _make_id(rule: Rule, place: int, payload: Payload, source_id: int, told: Mapping[str, Any], raw: bytes) -> str:
    own = write_text(rule.message_id.read(payload)) if rule.message_id is not None else ""
    if own:
        what = "identify" if rule.do == "identify" else write_text(told.get("event"))
        name = f"{own}:{what}:{place}" if rule.each is not None else f"{own}:{what}"
        return f"hook-{source_id}-{name}"
    content = raw if rule.do == "track" else b""
    said = msgspec.json.encode({**told, "context": None, "place": place}, order="sorted")
    digest = blake2b(content + b"\0" + said, digest_size=18).hexdigest()
    return f"hook-{source_id}-{digest}"
