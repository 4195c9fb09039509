"""Rows of past events: read into events or refused with the field; ids that the same file has again."""

from datetime import UTC, date, datetime, tzinfo
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.past_counts import PastCounts, read_counts
from tertulia.core.past_lines import detect_past_shape, iter_objects
from tertulia.core.past_rows import PastEvent, PastOptions, PastProblem, PastReader, Sorter, Terms

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ZONES = {"Europe/Lisbon": ZoneInfo("Europe/Lisbon"), "UTC": UTC}
HEADS = ["who", "mail", "tel", "what", "when", "zone", "id", "sum", "all"]
TARGETS = ["user_id", "email", "phone", "event", "time", "zone", "message_id", "property:number:sum", "properties"]


def find_zone(name: str) -> tzinfo | None:
    return ZONES.get(name)


def make_terms(**said: Any) -> Terms:
    options = PastOptions(**{"country": "BR", **said})
    return Terms(7, NOW, date(2024, 11, 2), 730, options, UTC, find_zone)


def read(*cells: str, **said: Any) -> PastEvent | PastProblem:
    row = [*cells, *[""] * (len(HEADS) - len(cells))]
    return PastReader(TARGETS, HEADS, make_terms(**said)).read_cells(2, row)


def test_a_row_becomes_an_imported_event() -> None:
    """With its typed properties, those of the object, and the zone of its column."""
    found = read("u1", "", "", "Order", "2026-07-01 10:00", "Europe/Lisbon", "m-1", "12,50", '{"sku":"a"}')
    assert isinstance(found, PastEvent)
    entry = found.entry
    assert (entry.source_id, entry.call, entry.name) == (7, "track", "Order")
    assert (entry.user_id, entry.message_id) == ("u1", "m-1")
    assert entry.at == entry.client_at == datetime(2026, 7, 1, 9, tzinfo=UTC)
    assert entry.properties == {"sku": "a", "sum": 12.5}
    assert entry.imported
    assert found.given


@pytest.mark.parametrize(
    ("cells", "field", "value", "reason"),
    [
        (["", "", "", "Order", "2026-07-01"], "", "", "no_who"),
        (["null", "", "", "Order", "2026-07-01"], "", "", "no_who"),
        (["", "a@@x.example", "", "Order", "2026-07-01"], "mail", "a@@x.example", "email_wrong"),
        (["", "", "11 98", "Order", "2026-07-01"], "tel", "11 98", "too_short?country=BR"),
        (["u1", "", "", "", "2026-07-01"], "what", "", "no_event_name"),
        (["u1", "", "", "Order", ""], "when", "", "no_time"),
        (["u1", "", "", "Order", "soon\tish"], "when", "soon ish", "unreadable_time"),
        (["u1", "", "", "Order", "2026-11-02 09:00:01"], "when", "2026-11-02 09:00:01", "in_future"),
        (["u1", "", "", "Order", "2024-11-01 23:59"], "when", "2024-11-01 23:59", "too_old?days=730"),
        (["u1", "", "", "Order", "2026-07-01", "Mars"], "zone", "Mars", "unknown_zone"),
        (["u1", "", "", "Or\ufffdder", "2026-07-01"], "what", "Or\ufffdder", "unreadable_character"),
        (["u1", "", "", "Order", "2026-07-01", "", "", "", "[1]"], "all", "[1]", "not_json"),
    ],
)
def test_a_row_is_refused_with_its_field(cells: list[str], field: str, value: str, reason: str) -> None:
    """And what stands there."""
    found = read(*cells)
    assert isinstance(found, PastProblem)
    assert (found.row, found.field, found.value, found.reason) == (2, field, value, reason)


def test_the_oldest_day_that_is_kept_is_taken() -> None:
    """And the present instant."""
    assert isinstance(read("u1", "", "", "Order", "2024-11-02 00:00"), PastEvent)
    assert isinstance(read("u1", "", "", "Order", "2026-11-02 09:00"), PastEvent)


def test_one_name_for_rows_without() -> None:
    """Its own name goes first."""
    names = []
    for name in ("", "Refund"):
        found = read("u1", "", "", name, "2026-07-01", event="Order")
        assert isinstance(found, PastEvent)
        names.append(found.entry.name)
    assert names == ["Order", "Refund"]


def test_an_id_goes_before_an_address_and_the_mail_before_the_phone() -> None:
    """An address leaves no id in the event."""
    told = []
    for cells in (("u1", "Ana@x.example", ""), ("", "Ana@X.example", "11 98555-0101"), ("", "", "11 98555-0101")):
        found = read(*cells, "Order", "2026-07-01")
        assert isinstance(found, PastEvent)
        assert not found.entry.anonymous_id
        told.append((found.entry.user_id, found.address))
    assert told == [("u1", None), ("", ("email", "ana@x.example")), ("", ("phone", "+5511985550101"))]


def test_a_cell_of_another_type_stays_text_and_is_counted() -> None:
    """History is not lost for a currency sign."""
    found = read("u1", "", "", "Order", "2026-07-01", "", "", "R$ 9")
    assert isinstance(found, PastEvent)
    assert (found.entry.properties, found.as_text) == ({"sum": "R$ 9"}, 1)


def test_a_row_of_another_width_is_refused() -> None:
    """Its cells may have slipped."""
    found = PastReader(TARGETS, HEADS, make_terms()).read_cells(9, ["u1", "x"])
    assert isinstance(found, PastProblem)
    assert found.reason == "wrong_column_count?found=2&expected=9"


def test_a_message_is_taken_at_its_own_time() -> None:
    """When it was sent does not matter, and its key is never kept."""
    reader = PastReader([], [], make_terms())
    message = {"type": "track", "event": "Order", "userId": 7, "timestamp": "2026-07-01T10:00:00", "writeKey": "k"}
    found = reader.read_message(1, message | {"sentAt": "2026-07-05T10:00:00Z", "context": {"ip": "1.2.3.4"}})
    assert isinstance(found, PastEvent)
    assert (found.entry.user_id, found.entry.at) == ("7", datetime(2026, 7, 1, 10, tzinfo=UTC))
    refused = reader.read_message(2, {**message, "userId": {}})
    assert isinstance(refused, PastProblem)
    assert "writeKey" not in refused.value
    assert refused.reason == "not_taken?code=id_not_string"


def test_equal_rows_are_told_apart_by_their_number() -> None:
    """And have the same ids when the file comes again; any difference makes another id."""

    def list_ids() -> list[str]:
        sorter, ids = Sorter(), []
        for cells in (("u1", "9"), ("u1", "9"), ("u1", "8"), ("u2", "9"), ("u1", "9")):
            found = read(cells[0], "", "", "Order", "2026-07-01", "", "", cells[1])
            assert isinstance(found, PastEvent)
            sorted_ = sorter.sort(found)
            assert isinstance(sorted_, PastEvent)
            ids.append(sorted_.entry.message_id)
        return ids

    ids = list_ids()
    assert len(set(ids)) == 5
    assert ids == list_ids()


def test_a_message_id_that_stands_twice_is_taken_once() -> None:
    """On one day; on another it is another event."""
    sorter, kinds = Sorter(), []
    for day in ("2026-07-01", "2026-07-01", "2026-07-02"):
        found = read("u1", "", "", "Order", day, "", "m-1")
        assert isinstance(found, PastEvent)
        kinds.append(type(sorter.sort(found)))
    assert kinds == [PastEvent, PastProblem, PastEvent]


ROWS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=30)


@given(ROWS)
def test_the_same_file_always_has_the_same_ids_and_no_two_alike(names: list[str]) -> None:
    """Whatever is equal in it."""
    told = []
    for _again in range(2):
        sorter, ids = Sorter(), []
        for name in names:
            found = sorter.sort(read("u1", "", "", name, "2026-07-01"))  # type: ignore[arg-type]
            assert isinstance(found, PastEvent)
            ids.append(found.entry.message_id)
        told.append(ids)
    assert told[0] == told[1]
    assert len(set(told[0])) == len(names)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["type", "userId", "event", "timestamp", "properties", "traits", "context", "messageId", "batch"]
)


@given(st.dictionaries(KEYS, JSON))
def test_no_message_ever_raises(value: dict[str, Any]) -> None:
    """Whatever it holds, it is an event or a problem that can be stored."""
    found = PastReader([], [], make_terms()).read_message(1, value)
    if isinstance(found, PastProblem):
        assert not set(found.value) & set("\t\n\r\0")
        assert len(found.value) <= 200


@given(st.lists(st.text(max_size=30), min_size=len(HEADS), max_size=len(HEADS)))
def test_no_row_ever_raises(cells: list[str]) -> None:
    """Whatever stands in its cells."""
    assert isinstance(PastReader(TARGETS, HEADS, make_terms()).read_cells(1, cells), PastEvent | PastProblem)


def test_lines_are_messages_or_objects() -> None:
    """By the type of every one; in UTF-16 too, and a line that is no object is told by its number."""
    messages = b'{"type":"track","userId":"u"}\n\n{"type":"page"}\n'
    assert detect_past_shape(BytesIO(messages), len(messages), 1_000).kind == "messages"
    objects = '{"a":1,"b":"é"}\nnot\n{"c":[1],"a":null}\n'.encode("utf-16")
    file = BytesIO(objects)
    shape = detect_past_shape(file, len(objects), 1_000)
    assert (shape.kind, shape.first, shape.samples) == ("lines", ("a", "b", "c"), (("1", "é", ""), ("", "", "[1]")))
    assert [(row, value) for row, value, _text in iter_objects(file, shape)] == [
        (1, {"a": 1, "b": "é"}), (2, None), (3, {"c": [1], "a": None}),
    ]  # fmt: skip


def test_counts_survive_being_kept() -> None:
    """As JSON in the import's row."""
    counts = PastCounts()
    found = read("u1", "", "", "Order", "2026-07-01", "", "m-1")
    assert isinstance(found, PastEvent)
    counts.add_event(found)
    counts.show(found)
    counts.add_problem(PastProblem(3, "when", "", "no_time"))
    counts.add_problem(PastProblem(4, "message_id", "m-1", "twice_in_file"))
    counts.add_there(2)
    kept = msgspec.json.decode(msgspec.json.encode(counts))
    assert msgspec.to_builtins(read_counts(kept)) == kept
    assert (kept["rows"], kept["new"], kept["there"], kept["twice"], kept["rejected"]) == (5, 1, 2, 1, 1)
