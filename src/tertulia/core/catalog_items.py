"""The items of a catalog as people give them: one by one, or a table with a row for each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import msgspec

from tertulia.core.catalogs import KEY_CHARACTERS_MAX
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.tabular import Broken, detect_shape, iter_pieces, split_pieces

FILE_BYTES_MAX: Final = 64 << 20
FIELDS_MAX: Final = 50
FIELD_CHARACTERS_MAX: Final = 60
ITEM_CHARACTERS_MAX: Final = 4_000
HEADS: Final = ("id", "item_id", "product_id", "sku")  # of the column with the ids, the first that is there

NO_ID: Final = _("Row %(row)s has no id.")
LONG_ID: Final = _("Row %(row)s: an id has at most 200 characters that can be printed.")
TWICE: Final = _("Row %(row)s: the item “%(id)s” stands in row %(first)s already.")
BAD_FIELD: Final = _("Row %(row)s: a field's name has 1 to 60 letters, digits and _, and begins with a letter.")
TOO_MANY: Final = _("Row %(row)s: an item has at most 50 fields.")
TOO_LONG: Final = _("Row %(row)s: an item's fields come to at most 4,000 characters.")
BROKEN: Final = _("Row %(row)s cannot be read: a quotation mark is not closed.")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that was not taken: a sentence for gettext with its parameters."""

    message: str
    row: int
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Given:
    """Items by id, and the rows that are none. `rows` has each item's own."""

    items: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)


def read_items(given: Iterable[tuple[int, Mapping[str, Any]]]) -> Given:
    """Items that stand in rows, each with its id in the field `id`."""
    found = Given()
    for row, fields in given:
        raw = fields.get("id")
        item_id = str(raw).strip() if isinstance(raw, str | int) and not isinstance(raw, bool) else ""
        rest = {name: value for name, value in fields.items() if name != "id"}
        if (problem := _check(item_id, rest)) is not None:
            found.left_out.append(LeftOut(problem, row))
        elif item_id in found.items:
            told = {"id": item_id, "first": found.rows[item_id]}
            found.left_out.append(LeftOut(TWICE, row, told))
        else:
            found.items[item_id], found.rows[item_id] = rest, row
    return found


def read_item_file(file: BinaryIO, size: int) -> Given:
    """The items of a table with a head: the column of ids is called id, item_id, product_id or sku, else it is the
    first. `size` in bytes. Raises FileProblem for what is no table."""
    shape = detect_shape(file, size, FILE_BYTES_MAX)
    heads = [name_field(cell) for cell in shape.first]
    column = next((heads.index(head) for head in HEADS if head in heads), 0)
    broken: list[LeftOut] = []

    def iter_rows() -> Iterable[tuple[int, Mapping[str, Any]]]:
        for record in split_pieces(iter_pieces(file, shape), shape.delimiter):
            if isinstance(record, Broken):
                broken.append(LeftOut(BROKEN, record.row))
                continue
            row, cells = record
            if row == shape.first_row or not any(cell.strip() for cell in cells):
                continue
            named = {head: cell.strip() for head, cell in zip(heads, cells, strict=False) if head and cell.strip()}
            named.pop(heads[column], None)
            yield row, {**named, "id": cells[column] if len(cells) > column else ""}

    found = read_items(iter_rows())
    found.left_out = sorted((*found.left_out, *broken), key=lambda one: one.row)
    return found


def name_field(head: str) -> str:
    """The field that a column is, as texts can name it: `List price` is `list_price`."""
    return "_".join("".join(c if c.isalnum() else " " for c in head.strip().lower()).split())


def is_item(item_id: str, fields: Mapping[str, Any]) -> bool:
    """Whether a catalog takes an item of this id and these fields."""
    return _check(item_id, fields) is None


def _check(item_id: str, fields: Mapping[str, Any]) -> str | None:
    if not item_id:
        return NO_ID
    if len(item_id) > KEY_CHARACTERS_MAX or not item_id.isprintable():
        return LONG_ID
    if len(fields) > FIELDS_MAX:
        return TOO_MANY
    if not all(is_field(name) for name in fields):
        return BAD_FIELD
    return TOO_LONG if len(msgspec.json.encode(fields).decode()) > ITEM_CHARACTERS_MAX else None


def is_field(name: str) -> bool:
    """Whether an item may have a field of this name."""
    letters = name.replace("_", "a").replace("-", "a")
    return name[:1].isalpha() and letters.isalnum() and len(name) <= FIELD_CHARACTERS_MAX
