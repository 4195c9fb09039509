"""A document's text is changed in one part and stays as it was written elsewhere."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.documents.edit import insert_part, remove_part, replace_part, write_document
from tertulia.documents.lines import read_lines

TEXT = """# What this is for
name: Cart  # shown in lists
entry: {event: Added}

steps:
  # first a while
  - id: a
    kind: wait
    for: 1 h   # not too long

  - id: b
    kind: branch
    branches:
      - when: {field: language, is: pt}
        steps:
          - id: c
            kind: exit
    else: []
  # the end
"""


def test_an_item_is_replaced_and_the_rest_stays() -> None:
    """Comments outside of it too."""
    made = replace_part(TEXT, ("steps", 0), {"id": "a", "kind": "wait", "for": "2 h"})
    assert made == TEXT.replace("for: 1 h   # not too long", "for: 2 h")


def test_an_item_is_put_before_and_behind() -> None:
    """Where it belongs, as far in as its neighbours."""
    step = {"id": "n", "kind": "exit"}
    made = insert_part(TEXT, ("steps",), 0, step)
    assert made == TEXT.replace("  - id: a\n", "  - id: n\n    kind: exit\n  - id: a\n")
    made = insert_part(TEXT, ("steps", 1, "branches", 0, "steps"), 1, step)
    assert made == TEXT.replace(
        "            kind: exit\n", "            kind: exit\n          - id: n\n            kind: exit\n"
    )


def test_an_empty_list_gets_its_first_item() -> None:
    """The document is written anew, and says the same."""
    made = insert_part(TEXT, ("steps", 1, "else"), 0, {"id": "n", "kind": "exit"})
    wanted = read_lines(TEXT).value
    wanted["steps"][1]["else"] = [{"id": "n", "kind": "exit"}]
    assert read_lines(made).value == wanted


def test_an_item_and_a_key_are_removed() -> None:
    """With their lines."""
    assert "kind: branch" not in remove_part(TEXT, ("steps", 1))
    assert "# the end" in remove_part(TEXT, ("steps", 1))
    assert remove_part(TEXT, ("entry",)) == TEXT.replace("entry: {event: Added}\n", "")


def test_a_key_of_a_group_is_added_behind_its_others() -> None:
    """Comments and the order of the rest stay, wherever the group is; one on a line of its own is written anew."""
    made = replace_part(TEXT, ("steps", 1, "branches", 0, "note"), "new")
    assert made == TEXT.replace("            kind: exit\n", "            kind: exit\n        note: new\n")
    made = replace_part(TEXT, ("entry", "key"), "cart_id")
    assert read_lines(made).value["entry"] == {"event": "Added", "key": "cart_id"}


def test_a_key_is_added_at_the_end() -> None:
    """Where it was not there."""
    assert replace_part(TEXT, ("reentry",), "never") == TEXT + "reentry: never\n"


@pytest.mark.parametrize("text", ["10:30", "no", "2027-01-31", "a: b", "- x", "é\nzwei", "", " ", "#", "1e3", "null"])
def test_a_text_stays_a_text(text: str) -> None:
    """Whatever it looks like."""
    assert read_lines(write_document({"a": text})).value == {"a": text}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
STEPS = st.dictionaries(st.sampled_from("xyz"), VALUES, min_size=1)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("xyz"), VALUES, min_size=1), min_size=1, max_size=4), VALUES, st.data())
def test_what_comes_out_says_what_was_asked_for(
    items: list[dict[str, object]], part: object, data: st.DataObject
) -> None:
    """Always, for any values and any place."""
    text = write_document({"name": "n", "steps": items})
    place = data.draw(st.integers(0, len(items) - 1))
    wanted = [*items[:place], part, *items[place:]]
    assert read_lines(insert_part(text, ("steps",), place, part)).value["steps"] == wanted
    assert read_lines(replace_part(text, ("steps", place), part)).value["steps"][place] == part
    assert read_lines(remove_part(text, ("steps", place))).value["steps"] == [*items[:place], *items[place + 1 :]]
