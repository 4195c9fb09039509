"""Files of JSON Lines, one object a line: what tracking SDKs and exports write.

Two shapes. Messages are calls as an SDK sends them (`type` is track, identify, ...): what they hold is known, so
nothing has to be mapped. Other objects are rows whose keys are the columns; keys that none of the first lines has are
not known when the columns are chosen, and are properties as they are. Some exports write who and when among the
properties too; then those are columns of their own, `properties.time` for one.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO, Final

import msgspec

from tertulia.core.import_reasons import FileProblem, FileReason
from tertulia.core.ingest import CALLS
from tertulia.core.ingest_json import NotJson, read_lenient
from tertulia.core.past_fields import PastField, recognise_past_head
from tertulia.core.tabular import BLOCK_BYTES, COLUMNS_MAX, SAMPLE_ROWS, Shape, detect_shape, iter_lines
from tertulia.core.text_encodings import EncodingScan

LINES = "lines"
MESSAGES = "messages"
INNER: Final = "properties"  # the object that holds them all in some exports
LOOKED_AT: Final = 200  # lines whose keys become columns
CELL_CHARACTERS_MAX: Final = 200  # of a sample
_MARKS: Final = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"


def detect_past_shape(file: BinaryIO, size: int, bytes_max: int, country: str = "") -> Shape:
    """Read a whole file once and say how to read it, as `detect_shape` does; JSON Lines too. Raises FileProblem."""
    file.seek(0)
    begin = file.read(4096).lstrip(_MARKS)[:1]
    if begin not in (b"{", b"["):
        return detect_shape(file, size, bytes_max, country)
    if size > bytes_max:
        raise FileProblem(FileReason.TOO_LARGE, size=size, limit=bytes_max)
    scan, line_ends = EncodingScan(), 0
    for block in _iter_blocks(file):
        scan.feed(block)
        line_ends += block.count(b"\n")
    return _look_at(file, scan.result(country), line_ends)


def is_json(shape: Shape) -> bool:
    """Whether a file is JSON Lines."""
    return shape.kind in (LINES, MESSAGES)


def iter_objects(file: BinaryIO, shape: Shape) -> Iterator[tuple[int, dict[str, Any] | None, str]]:
    """Every line that is not blank: its number, its object (None where it is none), and its text."""
    row = 0
    for lines in iter_lines(_iter_blocks(file), shape.encoding):
        for line in lines:
            row += 1
            if line and not line.isspace():
                yield row, read_object(line), line


def read_object(line: str) -> dict[str, Any] | None:
    """The object of a line, or None."""
    try:
        value = read_lenient(line.encode("utf-8", "replace"))
    except NotJson:
        return None
    return value if isinstance(value, dict) else None


def spread_inner(value: dict[str, Any], key: str) -> dict[str, Any]:
    """An object with what the inner one under a key has as fields of its own: `properties.time`."""
    inner = value.get(key)
    if not key or not isinstance(inner, dict):
        return value
    return {name: item for name, item in value.items() if name != key} | {
        f"{key}.{name}": item for name, item in inner.items()
    }


def write_cell(value: Any) -> str:
    """A value as a cell would hold it; a text as it is, nothing for null."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _look_at(file: BinaryIO, encoding: str, line_ends: int) -> Shape:
    unknown = Shape(LINES, encoding, "", "", (), ())
    looked = list(islice(iter_objects(file, unknown), LOOKED_AT))
    found = [value for _row, value, _text in looked if value is not None]
    if not found:
        raise FileProblem(FileReason.JSON_NOT_LINES)
    kind = MESSAGES if all(value.get("type") in CALLS for value in found) else LINES
    inner = _find_inner(found) if kind == LINES else ""
    found = [spread_inner(value, inner) for value in found]
    names = tuple(dict.fromkeys(_iter_keys(found)))
    if len(names) > COLUMNS_MAX:
        raise FileProblem(FileReason.TOO_MANY_COLUMNS, columns=len(names), limit=COLUMNS_MAX)
    samples = tuple(
        tuple(write_cell(value.get(name))[:CELL_CHARACTERS_MAX] for name in names) for value in found[:SAMPLE_ROWS]
    )
    return Shape(kind, encoding, "", inner, names, samples, lines=line_ends)


def _find_inner(values: list[dict[str, Any]]) -> str:
    """The inner object that says when, where the outer ones do not; empty where there is none."""
    if any(_says_when(value) for value in values):
        return ""
    inner = [value.get(INNER) for value in values]
    return INNER if all(isinstance(value, dict) and _says_when(value) for value in inner) else ""


def _says_when(value: dict[str, Any]) -> bool:
    return any(recognise_past_head(name) is PastField.TIME for name in value)


def _iter_keys(values: Iterable[dict[str, Any]]) -> Iterator[str]:
    for value in values:
        yield from value


def _iter_blocks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while block := file.read(BLOCK_BYTES):
        yield block
