"""Catalogs: what texts ask of them, and items as people give them."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.catalog_items import Given, name_field, read_item_file, read_items
from tertulia.core.catalogs import ROOT, ItemKey, ask, list_names, make_shelves
from tertulia.core.render import Missing, Rendered, compile_template, render

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LINES = "{% for line in event.lines %}{{ catalogs.products[line.id].title }} {% endfor %}"
PRODUCTS: dict[ItemKey, dict[str, Any]] = {
    (1, "p1"): {"title": "Espresso", "price": "9.90", "goes_with": "p2"},
    (1, "p2"): {"title": "Cup"},
    (1, "7"): {"title": "Seven"},
}


def show(text: str, event: dict[str, Any], asked: set[ItemKey] | None = None) -> Any:
    shelves = make_shelves({(1, "products"): 1, (2, "products"): 9}, 1, PRODUCTS, asked)
    return render(compile_template(text), {"event": event, ROOT: shelves}, now=NOW)


@pytest.mark.parametrize(
    ("text", "event", "made"),
    [
        ("{{ catalogs.products[event.id].title }}", {"id": "p1"}, "Espresso"),
        ("{{ catalogs.products[event.id].title }}", {"id": 7}, "Seven"),
        ("{{ catalogs.products.p1.price | times: 2 }}", {}, "19.8"),
        ("{{ catalogs.products[catalogs.products.p1.goes_with].title }}", {}, "Cup"),
        (LINES, {"lines": [{"id": "p1"}, {"id": "p2"}]}, "Espresso Cup "),
        ("{% assign item = catalogs.products[event.id] %}{{ item.title }}", {"id": "p2"}, "Cup"),
        ("{% if catalogs.products[event.id] %}there{% else %}not{% endif %}", {"id": "p9"}, "not"),
        ("{{ catalogs.products[event.id].title | default: 'it' }}", {"id": ["p1"]}, "it"),
        ("<{{ catalogs.products }}>", {}, "<>"),
    ],
)  # fmt: skip
def test_a_text_shows_fields_of_items(text: str, event: dict[str, Any], made: str) -> None:
    assert show(text, event) == Rendered(made)


def test_S4_an_item_or_a_field_that_is_not_there_is_missing() -> None:
    assert isinstance(show("{{ catalogs.products[event.id].title }}", {"id": "p9"}), Missing)
    assert isinstance(show("{{ catalogs.products.p2.price }}", {}), Missing)


def test_a_catalog_cannot_be_looped_over() -> None:
    """It is looked up in, for nobody knows how long it is."""
    asked: set[ItemKey] = set()
    show("{% for item in catalogs.products %}{{ item.title }}{% endfor %}", {}, asked)
    assert len(asked) <= 1


def test_what_a_text_will_show_is_known_before_it_is_loaded() -> None:
    """By rendering it; what is missing meanwhile stops nothing."""
    asked: set[ItemKey] = set()
    shelves = make_shelves({(1, "products"): 1}, 1, {}, asked)
    texts = [("{{ catalogs.products[event.a].title }}{{ event.nothing }}{{ catalogs.products[event.b].title }}", False)]
    ask([*texts, ("{{ broken", False), ("{% abort %}", False)], {"event": {"a": "p1", "b": 7}, ROOT: shelves}, NOW)
    assert asked == {(1, "p1"), (1, "7")}


def test_the_catalogs_of_a_text_are_named_with_their_lines() -> None:
    assert list_names("Hi\n{{ catalogs.products[event.id].title }} {{ catalogs.shops.s1.city }}") == (
        ("products", 2),
        ("shops", 2),
    )
    assert list_names("{{ catalogs[event.which].p1.title }}") == (("", 1),)
    assert list_names("{{ event.catalogs }}") == ()


def test_rows_that_are_no_items_are_named_and_the_others_taken() -> None:
    rows: list[dict[str, Any]] = [
        {"id": "p1", "title": "Espresso"},
        {"title": "No id"},
        {"id": 12, "price": 3.5, "tags": ["new"]},
        {"id": "p1", "title": "again"},
        {"id": "p3", "1st": "x"},
        {"id": "p4", **{f"f{n}": n for n in range(51)}},
        {"id": "p5", "text": "x" * 5_000},
        {"id": "x" * 201},
        {"id": True},
    ]
    found = read_items(enumerate(rows, 1))
    assert found.items == {"p1": {"title": "Espresso"}, "12": {"price": 3.5, "tags": ["new"]}}
    assert [(one.row, one.message % {"row": one.row, **one.parameters}) for one in found.left_out] == [
        (2, "Row 2 has no id."),
        (4, "Row 4: the item “p1” stands in row 1 already."),
        (5, "Row 5: a field's name has 1 to 60 letters, digits and _, and begins with a letter."),
        (6, "Row 6: an item has at most 50 fields."),
        (7, "Row 7: an item's fields come to at most 4,000 characters."),
        (8, "Row 8: an id has at most 200 characters that can be printed."),
        (9, "Row 9 has no id."),
    ]


def read(text: str) -> Given:
    raw = text.encode()
    return read_item_file(BytesIO(raw), len(raw))


def test_a_table_gives_an_item_for_each_row() -> None:
    """The column of ids by its head, else the first; other heads become names that texts can write."""
    found = read("Title;SKU;List price (EUR)\nEspresso;p1;9,90\n\nCup;p2;\n;;4\n")
    assert found.items == {"p1": {"title": "Espresso", "list_price_eur": "9,90"}, "p2": {"title": "Cup"}}
    assert [(one.row, one.message % {"row": one.row}) for one in found.left_out] == [(5, "Row 5 has no id.")]
    assert read("article,title\na1,Espresso\n").items == {"a1": {"title": "Espresso"}}


@given(st.text(max_size=80))
def test_a_fields_name_is_one_word_whatever_its_head(head: str) -> None:
    assert all(c == "_" or c.isalnum() for c in name_field(head))
