"""Columns of past events: recognised, typed, changed, checked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.import_reasons import FileProblem
from tertulia.core.past_fields import (
    PropertyType,
    check_past_mapping,
    complete_target,
    guess_type,
    has_past_head,
    name_property,
    override_past_mapping,
    propose_past_mapping,
    read_figure,
    recognise_past_head,
)


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ("User ID", "user_id"), ("userId", "user_id"), ("customer_id", "user_id"), ("distinct_id", "user_id"),
        ("Anonymous ID", "anonymous_id"), ("device_id", "anonymous_id"), ("E-mail", "email"), ("Celular", "phone"),
        ("event_type", "event"), ("Název události", "event"), ("اسم الحدث", "event"), ("事件名称", "event"),
        ("Timestamp", "time"), ("Data e hora", "time"), ("$insert_id", "message_id"), ("messageId", "message_id"),
        ("event_properties", "properties"), ("Timezone", "zone"),
    ],
)  # fmt: skip
def test_heads_are_recognised(head: str, field: str) -> None:
    """In the languages of the lists, and as exports write them."""
    assert recognise_past_head(head) == field


@pytest.mark.parametrize("head", ["id", "number", "code", "name", "total", "country", ""])
def test_what_may_be_something_else_is_a_property(head: str) -> None:
    """An order's number is no phone."""
    assert recognise_past_head(head) is None


def test_columns_are_proposed_with_their_types() -> None:
    """By head, then by cells; a field that two columns could be goes to the likelier head."""
    first = ("created_at", "time", "customer id", "event", "total", "paid", "items", "note", "note", "properties.sku")
    rows = [
        ("2026-01-01", "2026-01-02", "c1", "Order", "12,50", "sim", '[{"a":1}]', "x", "", "a"),
        ("2026-01-01", "2026-01-02", "c2", "Order", "7", "não", "[]", "007", "", "b"),
    ]
    assert propose_past_mapping(first, rows, has_head=True) == [
        "property:text:created_at", "time", "user_id", "event", "property:number:total", "property:boolean:paid",
        "property:json:items", "property:text:note", "property:text:note_2", "property:text:sku",
    ]  # fmt: skip


def test_without_a_head_cells_say_what_they_can() -> None:
    """An e-mail and a time; the rest has the column's number."""
    first = ("ana@loja.example", "2026-01-02 10:00", "Order", "9")
    assert not has_past_head(first)
    assert propose_past_mapping(first, [], has_head=False) == [
        "email", "time", "property:text:column_3", "property:number:column_4",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2.5", "-3"], PropertyType.NUMBER), (["1", "x"], PropertyType.TEXT), (["007"], PropertyType.TEXT),
        (["yes", "no"], PropertyType.BOOLEAN), (["1", "0"], PropertyType.NUMBER), (["{}"], PropertyType.JSON),
        (["S", "N"], PropertyType.TEXT),
        ([], PropertyType.TEXT),
    ],
)  # fmt: skip
def test_a_type_is_that_of_all_cells(cells: list[str], kind: PropertyType) -> None:
    """Text where there is none."""
    assert guess_type(cells) is kind


@pytest.mark.parametrize(
    ("text", "figure"),
    [("1204", 1204), ("-3.5", -3.5), ("12,50", 12.5), ("1.204,50", 1204.5), ("1,204.5", 1204.5), ("0.1", 0.1),
     ("1,234,567.89", 1234567.89)],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, figure: float) -> None:
    """With a point or a comma before the fraction."""
    assert read_figure(text) == figure


@pytest.mark.parametrize(
    "text", ["1,204", "007", "1234567890123456", "1e5", "12.", "R$ 9", "", "1.2.3", "--1", "1,20,4"]
)
def test_what_could_be_read_in_two_ways_is_no_number(text: str) -> None:
    """A thousand to some and a fraction to others; ids keep their zeros."""
    assert read_figure(text) is None


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_every_whole_number_of_15_digits_is_itself(number: int) -> None:
    """JSON's numbers hold them."""
    assert read_figure(str(number)) == number


HEADS = ["who", "what", "when", "sum"]
GOOD = ["user_id", "event", "time", "property:number:sum"]


def test_a_property_may_come_with_its_type_alone() -> None:
    """The name is the head's, and the type that of the cells."""
    assert complete_target("property", "sum", 3, ["9"]) == "property:number:sum"
    assert complete_target("property:text", "", 3, []) == "property:text:column_4"
    assert complete_target("property:json:cart", "sum", 3, []) == "property:json:cart"
    assert name_property("event_properties.sku", 0) == "sku"
    changed = override_past_mapping(GOOD, HEADS, [("u", "e", "t", "9")], {"what": "property", "4": "ignore"})
    assert changed == ["user_id", "property:text:what", "time", "ignore"]


@pytest.mark.parametrize(
    ("targets", "event", "sentence"),
    [
        (["ignore", *GOOD[1:]], "", "No column says who it was"),
        ([*GOOD[:2], "ignore", "ignore"], "", "No column says when it happened"),
        (["user_id", "ignore", "time", "ignore"], "", "No column is the event's name"),
        ([*GOOD[:3], "time"], "", "Two columns are both time: when, sum"),
        (["user_id", "property:text:a", "time", "property:number:a"], "x", "Two columns are both property:a"),
        ([*GOOD[:3], "shoe"], "", "There is no field shoe"),
        ([*GOOD[:3], "property:shoe:a"], "", "There is no field property:shoe:a"),
        ([*GOOD[:3], "property:text:"], "", "There is no field"),
    ],
)
def test_a_mapping_that_does_not_work_is_told(targets: list[str], event: str, sentence: str) -> None:
    """With what to choose."""
    with pytest.raises(FileProblem, match=sentence):
        check_past_mapping(targets, HEADS, event)


def test_a_good_mapping_is_found_right() -> None:
    """With a column for the name, or one name for all."""
    check_past_mapping(GOOD, HEADS, "")
    check_past_mapping(["email", "ignore", "time", "ignore"], HEADS, "Order")
    with pytest.raises(FileProblem):
        check_past_mapping(["zone", "event", "time", "ignore"], HEADS, "")
