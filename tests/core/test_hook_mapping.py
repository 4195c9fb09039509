"""Mappings of webhooks: what a document may say, what is wrong with one and where, and what it makes of a payload."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.hook_events import EACH_MAX, make_messages, take
from tertulia.core.hook_faults import SENTENCES, FaultCode, MappingInvalid
from tertulia.core.hook_mapping import Compiled, compile_mapping, list_headers
from tertulia.core.hook_samples import choose_headers
from tertulia.core.hook_signatures import Signing
from tertulia.core.ingest import Arrival

NOW = datetime(2026, 11, 29, 10, tzinfo=UTC)
BASE = """
topic: header:X-Topic
who: {user_id: customer.id, email: customer.email}
rules:
  - topic: order.paid
    when: total > `10`
    event: Order Completed
    properties: {order_id: id, total: total, first: "items[0].name", currency: {value: EUR}}
  - topic: ["order.*", "*.gone"]
    do: nothing
"""
ORDER = {"id": 7, "total": 12.5, "customer": {"id": 3, "email": "Ana@X.example"}, "items": [{"name": "Tea"}]}
HEADERS = {"x-topic": "order.paid"}


def make(mapping: str, body: Any, headers: dict[str, str] = HEADERS, raw: bytes | None = None):
    """What a mapping makes of a body."""
    raw = msgspec.json.encode(body) if raw is None else raw
    return make_messages(compile_mapping(mapping), 4, body, raw, headers)


def find_faults(mapping: str) -> list[tuple[FaultCode, str, int]]:
    """Code, field and line of every fault."""
    with pytest.raises(MappingInvalid) as caught:
        compile_mapping(mapping)
    return [(fault.code, fault.field, fault.line) for fault in caught.value.faults]


def test_a_rule_makes_the_message_of_an_sdk() -> None:
    """Ids, name and properties; whoever has an e-mail address has a device id of it too; the word of a server."""
    [message] = make(BASE, ORDER).messages
    told = dict(message.told)
    assert told.pop("messageId").startswith("hook-4-")
    assert told == {
        "type": "track",
        "event": "Order Completed",
        "userId": "3",
        "anonymousId": "email:ana@x.example",
        "properties": {"order_id": 7, "total": 12.5, "first": "Tea", "currency": "EUR"},
        "context": {"library": {"name": "tertulia-webhook"}, "channel": "server", "active": False},
    }
    assert message.line == 5


def test_only_rules_whose_topic_and_condition_fit_are_followed() -> None:
    """Patterns begin or end; what fits to do nothing fits; what fits nowhere says so."""
    small = make(BASE, {**ORDER, "total": 1})
    assert (small.messages, small.fits) == ([], True)
    assert make(BASE, ORDER, {"x-topic": "order.shipped"}).fits
    other = make(BASE, ORDER, {"x-topic": "cart.changed"})
    assert (other.topic, other.fits, other.messages) == ("cart.changed", False, [])
    outcome = take(other, Arrival(4, NOW, lambda: "m"), b'{"id": 7}')
    assert [(told.code, told.name, told.sample) for told in outcome.discards] == [
        ("no_rule", "cart.changed", '{"id": 7}')
    ]


def test_a_list_gives_one_event_for_each_entry() -> None:
    """Paths lead into the entry, `body:` into the whole; the ids differ by the place."""
    mapping = """
message_id: body:id
rules:
  - {each: items, event_from: kind, who: {user_id: "body:buyer"}, properties: {sku: sku, order: "body:id"}}
"""
    body = {"id": "o1", "buyer": "u1", "items": [{"kind": "Bought", "sku": "a"}, {"kind": "Bought", "sku": "b"}]}
    messages = [message.told for message in make(mapping, body).messages]
    assert [message["properties"] for message in messages] == [{"sku": "a", "order": "o1"}, {"sku": "b", "order": "o1"}]
    assert [message["messageId"] for message in messages] == ["hook-4-o1:Bought:0", "hook-4-o1:Bought:1"]
    assert make(mapping, {"id": "o1"}).messages == []
    long = make(mapping, {"items": [{}] * (EACH_MAX + 1)})
    assert [fault.code for fault in long.faults] == [FaultCode.TOO_MANY]
    wrong = make(mapping, {"items": "none"})
    assert [(fault.code, fault.line) for fault in wrong.faults] == [(FaultCode.EACH_NOT_LIST, 4)]


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ({"user": 12, "email": "a@x.example"}, ("12", "email:a@x.example")),
        ({"user": 12, "device": "d1", "email": "a@x.example"}, ("12", "d1")),
        ({"device": "d1", "email": "a@x.example"}, (None, "email:a@x.example")),
        ({"device": "d1"}, (None, "d1")),
        ({"phone": "+351912345678"}, (None, "phone:+351912345678")),
        ({"user": "0", "device": "null", "email": "nobody"}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_who_it_is(who: dict[str, Any], expected: tuple[str | None, str | None]) -> None:
    """A user keeps the id and the device; a guest is known by the address; ids that stand for nobody are none."""
    mapping = "{rules: [{event: X, who: {user_id: user, anonymous_id: device, email: email, phone: phone}}]}"
    [message] = make(mapping, who).messages
    assert (message.told.get("userId"), message.told.get("anonymousId")) == expected
    outcome = take(make(mapping, who), Arrival(4, NOW, lambda: "m"), b"{}")
    assert [told.code for told in outcome.discards] == ([] if any(expected) else ["no_user_anon_id"])
    assert outcome.lines == ([] if any(expected) else [1])


def test_an_identify_rule_tells_traits_and_addresses() -> None:
    """`email` and `phone` are traits as well, unless the mapping gives others; nothing that is missing is cleared."""
    mapping = """
rules:
  - do: identify
    who: {user_id: id, email: mail, phone: phone, traits: {firstName: first, plan: {value: gold}, city: city}}
"""
    [message] = make(mapping, {"id": 3, "mail": "a@x.example", "first": "Ana", "city": ""}).messages
    assert message.told["traits"] == {"firstName": "Ana", "plan": "gold", "email": "a@x.example"}


def test_values_are_chosen_and_put_together() -> None:
    """`first` takes what is there, `join` all or nothing, headers are found in any case."""
    mapping = """
rules:
  - event: X
    who: {user_id: {join: [{value: shop}, "number > `0` && number"]}}
    properties:
      id: {first: ["header:X-Event-Id", "header:x-other", number]}
      way: {join: [a, b], with: ": "}
"""
    [message] = make(mapping, {"number": 5, "a": "x"}, {"x-other": "e1"}).messages
    assert (message.told["userId"], message.told["properties"]) == ("shop-5", {"id": "e1"})
    [message] = make(mapping, {"number": 0, "a": "x", "b": 2.0}, {}).messages
    assert (message.told.get("userId"), message.told["properties"]) == (None, {"id": 0, "way": "x: 2"})


def test_E1_an_id_is_the_same_again_and_another_for_other_content() -> None:
    """Told ids carry source and event; ids of the content change with it."""
    told = "{message_id: id, rules: [{event: A, who: {user_id: u}}, {event: B, who: {user_id: u}}]}"
    first = [message.told["messageId"] for message in make(told, {"id": 9, "u": 1, "x": 1}).messages]
    again = [message.told["messageId"] for message in make(told, {"id": 9, "u": 1, "x": 2}).messages]
    assert first == again == ["hook-4-9:A", "hook-4-9:B"]
    derived = "{rules: [{event: A, who: {user_id: u}}]}"
    ids = {make(derived, {"u": 1, "x": x}).messages[0].told["messageId"] for x in (1, 1, 2)}
    assert len(ids) == 2


def test_E1_once_says_which_day_makes_it_the_same_event() -> None:
    """It happened when it happened, and its key has the day that stays the same."""
    mapping = "{rules: [{event: A, who: {user_id: u}, message_id: id, time: changed, once: made}]}"
    body = {"u": 1, "id": 9, "changed": "2026-11-29T09:00:00Z", "made": "2026-11-20T08:00:00Z"}
    [entry] = take(make(mapping, body), Arrival(4, NOW, lambda: "m"), b"{}").entries
    assert (entry.at.day, entry.client_at.day) == (29, 20)


def test_a_path_that_does_not_fit_is_told_with_its_line_and_spoils_no_other() -> None:
    """A function that is given another type fails that event alone."""
    mapping = """
who: {user_id: id}
rules:
  - {event: Good}
  - event: Bad
    properties:
      names: join(', ', names)
"""
    made = make(mapping, {"id": 1, "names": 5})
    assert [message.told["event"] for message in made.messages] == ["Good"]
    outcome = take(made, Arrival(4, NOW, lambda: "m"), b"{}")
    assert [(told.code, told.name) for told in outcome.discards] == [("mapping_failed", "properties.names, 7")]
    assert (len(outcome.entries), outcome.lines) == (1, [7])


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ("", [(FaultCode.NO_RULES, "rules", 1)]),
        ("rules: [", [(FaultCode.NOT_YAML, "", 1)]),
        ("rules:\n  - event: X\n    when: a: b", [(FaultCode.NOT_YAML, "", 3)]),
        ("rules: 5", [(FaultCode.NOT_A_LIST, "rules", 1)]),
        ("rules:\n  - 5", [(FaultCode.NOT_A_MAP, "rules", 2)]),
        ("a: &x 1\nrules: *x", [(FaultCode.ALIAS, "", 1)]),
        ("rules:\n  - event: X\n  - evnt: Y", [(FaultCode.UNKNOWN_FIELD, "evnt", 3), (FaultCode.NO_EVENT, "event", 3)]),
        ("rules:\n  - event: X\n    event: Y", [(FaultCode.TWICE, "event", 3)]),
        ("rules:\n  - event: X\n    event_from: y", [(FaultCode.TWO_EVENTS, "event_from", 3)]),
        ("rules:\n  - do: item\n    catalog: products", [(FaultCode.NO_ITEM, "item", 2)]),
        (
            "rules:\n  - do: item\n    catalog: products\n    item: id\n    properties:\n      List price: price",
            [(FaultCode.BAD_FIELD, "properties.List price", 6)],
        ),
        ("rules:\n  - event: X\n    catalog: products", [(FaultCode.USELESS, "catalog", 3)]),
        ("rules:\n  - event: [X]", [(FaultCode.NOT_A_TEXT, "event", 2)]),
        ("rules:\n  - do: dance", [(FaultCode.BAD_VERB, "do", 2)]),
        ("rules:\n  - do: nothing\n    time: x", [(FaultCode.USELESS, "time", 3)]),
        ("rules:\n  - event: X\n    when: 'a[['", [(FaultCode.BAD_PATH, "when", 3)]),
        ("rules:\n  - event: X\n    properties: {a: {valu: 1}}", [(FaultCode.BAD_FORM, "properties.a", 3)]),
        ("rules:\n  - event: X\n    properties: {a: {join: []}}", [(FaultCode.NOT_A_LIST, "join", 3)]),
        ("who: {name: x}\nrules: [{event: X}]", [(FaultCode.UNKNOWN_FIELD, "name", 1)]),
        ('{\n\t"rules": [\n\t\t{"event": 5}\n\t]\n}', [(FaultCode.NOT_A_TEXT, "event", 3)]),
        ("#" * 70_000, [(FaultCode.TOO_LONG, "", 0)]),
    ],
)
def test_a_fault_is_told_with_its_line(mapping: str, expected: list[tuple[FaultCode, str, int]]) -> None:
    """In YAML and in JSON; every fault at once where the text can be read at all."""
    assert find_faults(mapping) == expected


def test_every_fault_has_a_sentence() -> None:
    """With its places filled by what a fault tells."""
    assert set(SENTENCES) == set(FaultCode)
    with pytest.raises(MappingInvalid) as caught:
        compile_mapping("rules:\n  - {do: dance}\n  - {event: X, when: 'a[['}\n  - {event: X, foo: 1}")
    assert all("%" not in fault.sentence % fault.parameters for fault in caught.value.faults)


def test_headers_that_prove_who_calls_are_not_kept() -> None:
    """What a mapping asks for is kept, unless it is the signature itself."""
    compiled: Compiled = compile_mapping("{topic: 'header:X-Auth-Topic', rules: [{event: X}]}")
    assert list_headers(compiled) == {"x-auth-topic"}
    headers = dict.fromkeys(
        ("x-auth-topic", "x-sig", "authorization", "cookie", "x-api-token", "x-forwarded-for", "user-agent"), "v"
    )
    assert choose_headers(headers, Signing(header="X-Sig"), compiled) == {"user-agent": "v", "x-auth-topic": "v"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["id", "total", "customer", "items"])


@given(st.dictionaries(NAMES, JSON) | JSON, st.sampled_from(["order.paid", "order.x", "none", ""]))
def test_no_payload_breaks_a_mapping(body: Any, topic: str) -> None:
    """Always entries, discards or nothing, and the same again for the same payload."""
    made = make(BASE, body, {"x-topic": topic})
    again = make(BASE, body, {"x-topic": topic})
    assert made == again
    outcome = take(made, Arrival(4, NOW, lambda: "m"), b"{}")
    assert len(outcome.entries) + len(outcome.discards) >= len(made.messages)
    assert len(outcome.lines) == len(outcome.discards)
    assert made.fits == (topic.startswith("order."))


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    """A mapping, or faults with lines in the text."""
    faults = []
    try:
        compiled = compile_mapping(text)
    except MappingInvalid as invalid:
        faults, compiled = invalid.faults, None
    assert (compiled is None) == bool(faults)
    lines = len(re.split("\r\n|[\r\n\x85\u2028\u2029]", text)) + 1
    assert all(0 <= fault.line <= lines for fault in faults)
