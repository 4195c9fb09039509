"""Messages of tracking SDKs: what is kept, what is discarded and why, and that a bad one spoils no other."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.entries import EventEntry, decode, encode
from tertulia.core.ingest import (
    ID_MAX,
    MESSAGE_BYTES_MAX,
    MESSAGE_ID_MAX,
    NAME_MAX,
    Arrival,
    Discard,
    SharedTooLarge,
    Taken,
    discard_all,
    find_write_key,
    read_body,
)
from tertulia.core.ingest_codes import Code

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LATER = "2026-11-29T11:00:00Z"
GOOD = {"type": "track", "event": "Bought", "userId": "u1", "messageId": "m1"}

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=15)
fields = st.sampled_from(
    [
        *("type", "event", "userId", "anonymousId", "messageId", "groupId", "previousId", "properties", "traits"),
        *("context", "timestamp", "originalTimestamp", "sentAt", "name", "category", "_metadata", "writeKey", "x"),
    ]
)
calls = st.sampled_from(["track", "identify", "page", "screen", "group", "alias"])
likely = st.fixed_dictionaries({"type": calls, "userId": st.text()}, optional={"event": st.text(), "context": values})
messages = values | st.dictionaries(fields, values) | likely


def arrive(**facts: Any) -> Arrival:
    return Arrival(source_id=3, received_at=NOW, make_id=lambda: "made", **facts)


def read(message: Any, **facts: Any) -> EventEntry:
    """The entry of one message that is taken."""
    taken = read_body({"batch": [message]}, arrive(**facts))
    assert taken.discards == []
    return taken.entries[0]


def refuse(message: Any, **facts: Any) -> str:
    """The code of one message that is not."""
    taken = read_body({"batch": [message]}, arrive(**facts))
    assert taken.entries == []
    return taken.discards[0].code


def entry_of(**changes: Any) -> EventEntry:
    base = EventEntry(3, "track", "m1", NOW, NOW, name="Bought", user_id="u1")
    return msgspec.structs.replace(base, **changes)


def test_only_what_is_named_is_kept() -> None:
    """No key, no integrations, nothing that an SDK says of itself."""
    told = {**GOOD, "writeKey": "k", "_metadata": {}, "integrations": {"All": True}, "channel": "server", "version": 1}
    assert read(told) == entry_of()


@given(st.lists(messages, max_size=6), messages, st.integers(0, 6))
def test_a_message_never_changes_what_becomes_of_the_others(others: list[Any], one: Any, place: int) -> None:
    def sort_out(batch: list[Any]) -> dict[int, Any]:
        taken = read_body({"batch": batch}, arrive())
        rows: list[Any] = list(taken.entries)
        discarded = {row.place: msgspec.structs.replace(row, place=0) for row in taken.discards}
        return {n: discarded[n] if n in discarded else rows.pop(0) for n in range(len(batch))}

    place = min(place, len(others))
    together = sort_out([*others[:place], one, *others[place:]])
    alone = {**sort_out([one])} if others else together
    assert together[place] == alone[0]
    rest = [row for n, row in sorted(together.items()) if n != place]
    assert not others or rest == list(sort_out(others).values())


@given(st.lists(messages, max_size=4), st.dictionaries(fields, values))
def test_whatever_came_has_an_entry_that_the_log_takes_or_a_discard(batch: list[Any], envelope: dict[str, Any]) -> None:
    value = {**envelope, "batch": batch}
    before = msgspec.json.encode(value)
    taken = read_body(value, arrive(client_side=True, ip="203.0.113.9"))
    assert len(taken.entries) + len(taken.discards) == max(len(batch), 1)
    for entry in taken.entries:
        assert decode(encode(entry).decode()) == msgspec.json.decode(encode(entry), type=EventEntry)
        assert entry.user_id or entry.anonymous_id or entry.group_id
        assert 0 < len(entry.message_id) <= MESSAGE_ID_MAX
        assert entry.at.tzinfo is UTC
        assert "traits" not in entry.context
    assert msgspec.json.encode(value) == before
    assert isinstance(find_write_key(value), str)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("text", "message_not_object"),
        (None, "message_not_object"),
        ({**GOOD, "type": "noise"}, "unknown_type"),
        ({**GOOD, "type": ["track"]}, "unknown_type"),
        ({"event": "x", "userId": "u"}, "unknown_type"),
        ({**GOOD, "userId": ""}, "no_user_anon_id"),
        ({**GOOD, "userId": True}, "id_not_string"),
        ({**GOOD, "anonymousId": {}}, "id_not_string"),
        ({**GOOD, "userId": "x" * (ID_MAX + 1)}, "id_too_long"),
        ({**GOOD, "event": None}, "event_not_defined"),
        ({**GOOD, "event": " "}, "event_not_defined"),
        ({**GOOD, "event": 7}, "event_not_string"),
        ({**GOOD, "properties": []}, "properties_not_object"),
        ({**GOOD, "type": "page", "properties": "x"}, "properties_not_object"),
        ({**GOOD, "type": "page", "name": 1}, "name_not_string"),
        ({**GOOD, "type": "screen", "category": {}}, "category_not_string"),
        ({**GOOD, "type": "identify", "traits": []}, "traits_not_object"),
        ({**GOOD, "type": "group"}, "group_id_missing"),
        ({**GOOD, "type": "alias"}, "previous_id_missing"),
        ({"type": "alias", "anonymousId": "a", "previousId": "p"}, "no_user_anon_id"),
        ({**GOOD, "properties": {"x": "y" * MESSAGE_BYTES_MAX}}, "message_too_large"),
    ],
)
def test_every_code_of_a_discard(told: Any, code: str) -> None:
    assert refuse(told) == code


def test_a_message_nested_too_deep_is_discarded_at_any_depth() -> None:
    value: Any = 1
    for depth in range(1, 900):
        value = [value] if depth % 2 else {"x": value}
        if depth in (60, 70, 890):
            taken = read_body({"batch": [{**GOOD, "properties": {"x": value}}, GOOD]}, arrive())
            assert [row.code for row in taken.discards] == (["too_deep"] if depth > 62 else [])
            assert len(taken.entries) == 2 - len(taken.discards)


@pytest.mark.parametrize(
    "nobody", [None, "", "  ", "null", "NULL", "anonymous", "NaN", "-1", "0", "000", "--", 0, "0000-00-0"]
)
def test_ids_that_stand_for_nobody_are_absent(nobody: Any) -> None:
    assert refuse({**GOOD, "userId": nobody}) == "no_user_anon_id"
    assert read({**GOOD, "userId": nobody, "anonymousId": "a1"}) == entry_of(user_id="", anonymous_id="a1")


@pytest.mark.parametrize(("told", "text"), [(7, "7"), (2**70, str(2**70)), (7.0, "7"), (1.5, "1.5"), (" u ", "u")])
def test_ids_are_texts(told: Any, text: str) -> None:
    assert read({**GOOD, "userId": told}).user_id == text


def test_a_group_or_an_alias_may_speak_of_itself_alone() -> None:
    group = read({"type": "group", "groupId": 12, "traits": {"name": "Initech"}, "messageId": "m"})
    assert (group.group_id, group.user_id, group.traits) == ("12", "", {"name": "Initech"})
    alias = read({"type": "alias", "userId": "u", "previousId": "p", "messageId": "m"})
    assert (alias.user_id, alias.previous_id) == ("u", "p")


def test_traits_of_identify_may_stand_in_the_context_and_nowhere_else() -> None:
    identify = {"type": "identify", "userId": "u", "messageId": "m", "context": {"traits": {"age": 3}, "ip": "x"}}
    for empty in ({}, {"traits": None}, {"traits": {}}):
        entry = read({**identify, **empty})
        assert (entry.traits, entry.context) == ({"age": 3}, {"ip": "x"})
    assert read({**identify, "traits": {"age": 4}}).traits == {"age": 4}
    track = read({**GOOD, "context": {"traits": {"age": 3}}})
    assert (track.traits, track.context) == ({}, {})


def test_pages_have_name_and_category_among_their_properties() -> None:
    page = read({**GOOD, "type": "page", "name": "Home", "category": "Docs", "properties": {"url": "x"}})
    assert (page.name, page.properties) == ("Home", {"name": "Home", "category": "Docs", "url": "x"})
    told = read({**GOOD, "type": "screen", "name": None, "category": None, "properties": {"name": "Feed"}})
    assert (told.name, told.properties) == ("Feed", {"name": "Feed"})
    assert read({**GOOD, "type": "page"}).name == ""


def test_the_envelopes_context_lies_under_the_messages() -> None:
    value = {"batch": [{**GOOD, "context": {"a": 1}}], "context": {"a": 0, "b": 2, "traits": {"x": 1}}}
    assert read_body(value, arrive()).entries[0].context == {"a": 1, "b": 2}
    assert read_body({**value, "context": "none"}, arrive()).entries[0].context == {"a": 1}


def test_an_envelopes_context_is_not_multiplied_without_end() -> None:
    value = {"batch": [GOOD] * 2_500, "context": {"x": "y" * 4_000}}
    with pytest.raises(SharedTooLarge):
        read_body(value, arrive())
    taken = read_body({**value, "batch": [GOOD] * 10}, arrive())
    assert (len(taken.entries), taken.shared_bytes) == (10, 10 * len(msgspec.json.encode(value["context"])))


def test_the_group_of_the_context_is_the_events() -> None:
    assert read({**GOOD, "context": {"groupId": "g"}}).group_id == "g"
    assert read({**GOOD, "context": {"groupId": ["g"]}}).group_id == ""


def test_the_address_is_that_of_a_customers_own_device() -> None:
    facts = {"ip": "203.0.113.9"}
    assert "ip" not in read(GOOD, **facts).context
    assert read(GOOD, client_side=True, **facts).context == facts
    assert read({**GOOD, "context": {"direct": True}}, **facts).context["ip"] == "203.0.113.9"
    assert read({**GOOD, "context": {"ip": "0.0.0.0"}}, client_side=True, **facts).context["ip"] == "0.0.0.0"


def test_message_ids() -> None:
    """Missing: made. Too long: the same hash each time. Numbers: texts."""
    assert [read({**GOOD, "messageId": told}).message_id for told in (None, "", " ", [])] == ["made"] * 4
    assert read({**GOOD, "messageId": 12}).message_id == "12"
    assert read({**GOOD, "messageId": "x" * 100}).message_id == "x" * 100
    long = [read({**GOOD, "messageId": "x" * 101 + end}).message_id for end in ("a", "a", "b")]
    assert long[0] == long[1] != long[2]
    assert all(len(id_) <= MESSAGE_ID_MAX for id_ in long)


def test_long_names_are_cut() -> None:
    assert read({**GOOD, "event": "x" * 1_000}).name == "x" * NAME_MAX


def test_E2_times() -> None:
    """The first of timestamp and originalTimestamp that is one; sentAt of the message, the envelope, the header."""
    at = datetime(2026, 11, 29, 10, tzinfo=UTC)
    told = {**GOOD, "timestamp": at.isoformat()}
    assert read(told) == entry_of(at=at, client_at=at)
    assert read({**GOOD, "timestamp": "x", "originalTimestamp": at.isoformat()}).client_at == at
    corrected = datetime(2026, 11, 29, 11, tzinfo=UTC)
    assert read({**told, "sentAt": LATER}) == entry_of(at=corrected, client_at=at)
    assert read(told, sent_at=LATER).at == corrected
    assert read_body({"batch": [told], "sentAt": LATER}, arrive(sent_at="2020-01-01")).entries[0].at == corrected
    assert read(GOOD) == entry_of()


def test_a_time_that_is_none_is_a_warning() -> None:
    taken = read_body({"batch": [{**GOOD, "timestamp": "yesterday"}, GOOD]}, arrive())
    assert [entry.at for entry in taken.entries] == [NOW, NOW]
    assert taken.discards == []
    assert [(row.place, row.code) for row in taken.warnings] == [(0, "bad_timestamp")]


def test_a_single_message_takes_its_type_from_the_address_unless_it_says_one() -> None:
    bare = {"userId": "u1", "event": "Bought", "messageId": "m1"}
    assert read_body(bare, arrive(call="track")).entries == [entry_of()]
    assert read_body({**bare, "type": "page"}, arrive(call="track")).entries[0].call == "page"
    assert read_body(bare, arrive()).discards[0].code == "unknown_type"


def test_batches_that_are_empty_or_too_long() -> None:
    assert read_body({"batch": []}, arrive()) == Taken([], [Discard(0, "empty_batch")], [])
    taken = read_body({"batch": [GOOD] * 2_510}, arrive())
    assert len(taken.entries) == 2_500
    assert [(row.place, row.code, row.count) for row in taken.discards] == [(2_500, "batch_too_many", 10)]


def test_discards_show_what_came_without_the_key() -> None:
    told = {**GOOD, "userId": "", "event": "x" * 300, "messageId": "y" * 200, "writeKey": "secret", "z": "ü" * 3_000}
    [row] = read_body({"batch": [told]}, arrive()).discards
    assert (row.message_id, row.type, row.name) == ("y" * 100, "track", "x" * NAME_MAX)
    assert len(row.sample) == 2_000
    assert "secret" not in row.sample


def test_all_messages_of_a_source_that_is_switched_off_are_discarded() -> None:
    rows = discard_all({"batch": [GOOD, 1]}, Code.SOURCE_DISABLED).discards
    assert [(row.place, row.code, row.message_id) for row in rows] == [
        (0, "source_disabled", "m1"),
        (1, "source_disabled", ""),
    ]
    assert discard_all(GOOD, Code.SOURCE_DISABLED).discards[0].sample == json.dumps(GOOD, separators=(",", ":"))
    assert len(discard_all({"batch": [GOOD] * 2_600}, Code.SOURCE_DISABLED).discards) == 2_501


def test_the_key_is_the_envelopes_else_a_messages() -> None:
    assert find_write_key({"writeKey": " k ", "batch": [{"writeKey": "m"}]}) == "k"
    assert find_write_key({"writeKey": 5, "batch": [1, {"writeKey": ""}, {"writeKey": "m"}]}) == "m"
    assert find_write_key([]) == find_write_key({"batch": 1}) == ""
