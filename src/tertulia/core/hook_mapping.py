"""What a webhook of a business's own system means: a mapping document, compiled once, makes of each payload the
messages that a tracking SDK would have sent.

    topic: header:X-Shopify-Topic      what the payload is about
    message_id: header:X-Shopify-Event-Id
    who: {user_id: customer.id, email: customer.email}
    rules:
      - topic: orders/create           or several, or the beginning of one: "orders/*"
        when: financial_status == 'paid'
        event: Order Completed
        properties: {order_id: id, total: total_price}

Every rule whose topic and condition fit is followed, in order; none fitting is a discard of its own, so that nothing
vanishes unseen. `who`, `time`, `once` and `message_id` before the rules hold for each rule that has none of its own.

Whoever has a user id keeps it. A customer who is only known by an e-mail address (a guest of a shop) gets the device id
`email:ana@example.com`, and so does everybody else who is told with one: when the guest has a user id one day, both are
one contact (M1). Nothing here decides that; it follows from ids that come together.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

import msgspec

from tertulia.core.catalog_items import is_field
from tertulia.core.hook_document import Part, read_document
from tertulia.core.hook_faults import Fault, FaultCode, MappingInvalid
from tertulia.core.hook_values import Source, compile_source

RULES_MAX: Final = 200
FIELDS_MAX: Final = 200  # of properties, or of traits
TOPICS_MAX: Final = 50
NAME_CHARACTERS_MAX: Final = 255

VERBS: Final = ("track", "identify", "item", "no_item", "nothing", "privacy_request")
MAKING: Final = ("track", "identify")
ITEMS: Final = ("item", "no_item")
WHO: Final = ("user_id", "anonymous_id", "email", "phone", "traits")
COMMON: Final = ("message_id", "who", "time", "once")
TOP: Final = ("topic", *COMMON, "rules")
OF_RULE: Final = (
    "topic",
    "when",
    "do",
    "each",
    "event",
    "event_from",
    "properties",
    "by_customer",
    "catalog",
    "item",
    *COMMON,
)
OF_ITEM: Final = ("catalog", "item")
OF_EVENT: Final = ("event", "event_from", "properties", "by_customer")
NOT_OF_ITEM: Final = ("event", "event_from", "by_customer", "message_id", "who", "once")
USELESS: Final[Mapping[str, tuple[str, ...]]] = {
    "track": OF_ITEM,
    "identify": (*OF_EVENT, *OF_ITEM),
    "item": NOT_OF_ITEM,
    "no_item": (*NOT_OF_ITEM, "properties"),
}
"""What a rule does -> its fields that mean nothing then. The others make nothing at all."""


class Who(msgspec.Struct, frozen=True):
    """Where a customer's ids and traits come from."""

    ids: dict[str, Source] = {}
    traits: dict[str, Source] = {}


class Rule(msgspec.Struct, frozen=True):
    """When something is made, and what. `topics` empty: of every topic. `event` is a name, `named` leads to one. Of an
    item `catalog` is the key of its catalog, `item` leads to its id, and `properties` are its fields."""

    line: int
    topics: tuple[str, ...]
    do: str
    who: Who
    when: Source | None = None
    each: Source | None = None
    event: str = ""
    named: Source | None = None
    properties: dict[str, Source] = {}
    by_customer: Source | None = None
    message_id: Source | None = None
    time: Source | None = None
    once: Source | None = None
    catalog: str = ""
    item: Source | None = None

    def fits(self, topic: str) -> bool:
        """Whether the rule is for this topic."""
        if not self.topics:
            return True
        return any(
            topic.startswith(pattern[:-1]) if pattern.endswith("*") else topic == pattern for pattern in self.topics
        )


class Compiled(msgspec.Struct, frozen=True):
    """A mapping ready to run. `mark` tells one text from another."""

    topic: Source | None
    rules: tuple[Rule, ...]
    mark: str


@lru_cache(maxsize=256)
def compile_mapping(text: str) -> Compiled:
    """The mapping of a text, remembered, for the configuration is read again whenever any of it changes. Raises
    MappingInvalid with every fault found."""
    part = read_document(text)
    faults: list[Fault] = []
    compiled = _compile(part, blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest(), faults)
    if faults or compiled is None:
        raise MappingInvalid(sorted(faults, key=lambda fault: (fault.line, fault.column)))
    return compiled


def _compile(part: Part, mark: str, faults: list[Fault]) -> Compiled | None:
    if not _check_fields(part, "mapping", TOP, faults):
        return None
    common = _read_common(part, Rule(0, (), "track", Who()), faults)
    topic = _read_source(part, "topic", faults)
    listed = part.value.get("rules")
    if listed is None or listed.value in (None, []):
        place = (listed.line, listed.column) if listed else (part.line, part.column)
        faults.append(Fault(FaultCode.NO_RULES, "rules", *place))
        return None
    if not isinstance(listed.value, list):
        faults.append(Fault(FaultCode.NOT_A_LIST, "rules", listed.line, listed.column))
        return None
    if len(listed.value) > RULES_MAX:
        faults.append(Fault(FaultCode.TOO_MANY, "rules", listed.line, listed.column, {"most": str(RULES_MAX)}))
        return None
    rules = [_compile_rule(item, common, faults) for item in listed.value]
    return Compiled(topic, tuple(rule for rule in rules if rule is not None), mark)


def _compile_rule(part: Part, common: Rule, faults: list[Fault]) -> Rule | None:
    if not _check_fields(part, "rules", OF_RULE, faults):
        return None
    do = part.value["do"].value if "do" in part.value else "track"
    if do not in VERBS:
        place = part.value["do"]
        faults.append(Fault(FaultCode.BAD_VERB, "do", place.line, place.column, {"known": ", ".join(VERBS)}))
        return None
    own = _read_common(part, common, faults)
    rule = msgspec.structs.replace(
        own,
        line=part.line,
        do=do,
        topics=_read_topics(part, faults),
        when=_read_source(part, "when", faults),
        each=_read_source(part, "each", faults),
        event=_read_name(part, "event", faults),
        named=_read_source(part, "event_from", faults),
        properties=_read_fields(part, "properties", faults),
        by_customer=_read_source(part, "by_customer", faults),
        catalog=_read_name(part, "catalog", faults),
        item=_read_source(part, "item", faults),
    )
    _check_rule(part, rule, faults)
    return rule


def _check_rule(part: Part, rule: Rule, faults: list[Fault]) -> None:
    """What belongs together, and what makes no sense beside what the rule does."""
    if rule.do == "track":
        if "event" in part.value and "event_from" in part.value:
            faults.append(Fault(FaultCode.TWO_EVENTS, "event_from", *part.keys["event_from"]))
        elif "event" not in part.value and "event_from" not in part.value:
            faults.append(Fault(FaultCode.NO_EVENT, "event", part.line, part.column))
    if rule.do in ITEMS and not set(OF_ITEM) <= set(part.value):
        faults.append(Fault(FaultCode.NO_ITEM, "item", part.line, part.column))
    if rule.do == "item" and rule.properties:
        for name in [name for name in rule.properties if not is_field(name)]:
            line, column = part.value["properties"].keys[name]
            faults.append(Fault(FaultCode.BAD_FIELD, f"properties.{name}", line, column, {"name": name}))
    useless = USELESS.get(rule.do, ("each", *OF_EVENT, *COMMON, *OF_ITEM))
    faults += [
        Fault(FaultCode.USELESS, name, *part.keys[name], {"verb": rule.do}) for name in useless if name in part.value
    ]


def _check_fields(part: Part, field: str, known: Sequence[str], faults: list[Fault]) -> bool:
    """Whether a part is a map; its unknown names are faults."""
    if not isinstance(part.value, dict):
        faults.append(Fault(FaultCode.NOT_A_MAP, field, part.line, part.column))
        return False
    told = {"known": ", ".join(known)}
    faults += [Fault(FaultCode.UNKNOWN_FIELD, name, *part.keys[name], told) for name in part.value if name not in known]
    return True


def _read_common(part: Part, above: Rule, faults: list[Fault]) -> Rule:
    """`above` with what this part says itself."""
    found: dict[str, Any] = {"who": _read_who(part.value["who"], above.who, faults)} if "who" in part.value else {}
    for name in ("message_id", "time", "once"):
        source = _read_source(part, name, faults)
        if source is not None:
            found[name] = source
    return msgspec.structs.replace(above, **found)


def _read_who(part: Part, above: Who, faults: list[Fault]) -> Who:
    if not _check_fields(part, "who", WHO, faults):
        return above
    ids = {name: source for name in WHO[:-1] if (source := _read_source(part, name, faults)) is not None}
    return Who({**above.ids, **ids}, {**above.traits, **_read_fields(part, "traits", faults)})


def _read_source(part: Part, name: str, faults: list[Fault]) -> Source | None:
    found = part.value.get(name)
    return compile_source(found, name, faults) if found is not None else None


def _read_fields(part: Part, name: str, faults: list[Fault]) -> dict[str, Source]:
    found = part.value.get(name)
    if found is None or found.value is None:
        return {}
    if not isinstance(found.value, dict):
        faults.append(Fault(FaultCode.NOT_A_MAP, name, found.line, found.column))
        return {}
    if len(found.value) > FIELDS_MAX:
        faults.append(Fault(FaultCode.TOO_MANY, name, found.line, found.column, {"most": str(FIELDS_MAX)}))
        return {}
    told = {key: compile_source(item, f"{name}.{key}", faults) for key, item in found.value.items()}
    return {key: source for key, source in told.items() if source is not None}


def _read_topics(part: Part, faults: list[Fault]) -> tuple[str, ...]:
    found = part.value.get("topic")
    if found is None:
        return ()
    listed = found.value if isinstance(found.value, list) else [found]
    if not listed or len(listed) > TOPICS_MAX:
        faults.append(Fault(FaultCode.TOO_MANY, "topic", found.line, found.column, {"most": str(TOPICS_MAX)}))
        return ()
    for item in listed:
        if not isinstance(item.value, str) or not item.value:
            faults.append(Fault(FaultCode.NOT_A_TEXT, "topic", item.line, item.column))
            return ()
    return tuple(item.value for item in listed)


def _read_name(part: Part, field: str, faults: list[Fault]) -> str:
    found = part.value.get(field)
    if found is None:
        return ""
    if not isinstance(found.value, str) or not found.value.strip():
        faults.append(Fault(FaultCode.NOT_A_TEXT, field, found.line, found.column))
        return ""
    return found.value.strip()[:NAME_CHARACTERS_MAX]


def list_headers(compiled: Compiled) -> frozenset[str]:
    """The headers that a mapping looks at, in lower case."""
    found: set[str] = set()
    for source in _list_sources(compiled):
        found |= source.list_headers()
    return frozenset(found)


def _list_sources(compiled: Compiled) -> list[Source]:
    found = [compiled.topic] if compiled.topic else []
    for rule in compiled.rules:
        single = (rule.when, rule.each, rule.named, rule.by_customer, rule.message_id, rule.time, rule.once, rule.item)
        found += [source for source in single if source is not None]
        tables: tuple[Mapping[str, Source], ...] = (rule.properties, rule.who.ids, rule.who.traits)
        for table in tables:
            found += table.values()
    return found
