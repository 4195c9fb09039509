"""Changes one part of a document's text and leaves the rest as it was written, comments and blank lines too.

A part is an item of a list of steps, or a key of the document. The lines that it stands on are replaced by what it
becomes; where the text is written so that this does not work (a list on one line), the document is written anew. Either
way what comes out says what was asked for, which is checked before it is given back.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

import yaml

from tertulia.documents.lines import CORE_SCALARS, Path, Written, read_lines

WIDTH: Final = 100
INDENT: Final = 2


class _Dumper(yaml.SafeDumper):
    """Lists are indented, texts of several lines are written as such."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _write_text)
for _type, _pattern, _first in CORE_SCALARS:  # what an older reader takes for a text, and ours does not, is quoted too
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_type}", re.compile(_pattern), list(_first))


def write_document(value: Any) -> str:
    """A document's text."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
    return text


def read_part(value: Any, path: Path) -> Any:
    """A part of a document's value. Raises LookupError where there is none."""
    for key in path:
        try:
            value = value[key]
        except TypeError:
            raise LookupError(path) from None
    return value


def replace_part(text: str, path: Path, part: Any) -> str:
    """The document with another value at `path`, which is a key of a group or an item of a list."""
    return _edit(text, lambda value: _put(value, path, part), lambda written: _replace(text, written, path, part))


def remove_part(text: str, path: Path) -> str:
    """The document without what stands at `path`. Nothing happens where there is nothing."""
    return _edit(text, lambda value: _drop(value, path), lambda written: _cut(text, written, path))


def insert_part(text: str, path: Path, place: int, part: Any) -> str:
    """The document with another item in the list at `path`, which is made where there is none."""

    def insert(value: Any) -> None:
        items = _find_list(value, path)
        items.insert(place, part)

    return _edit(text, insert, lambda written: _insert(text, written, path, place, part))


def _edit(text: str, change: Callable[[Any], None], splice: Callable[[Written], str | None]) -> str:
    written = read_lines(text)
    wanted = deepcopy(written.value)
    change(wanted)
    made = splice(written)
    if made is not None:
        try:
            if read_lines(made).value == wanted:
                return made
        except ValueError:
            pass
    return write_document(wanted)


def _put(value: Any, path: Path, part: Any) -> None:
    holder = read_part(value, path[:-1])
    holder[path[-1]] = part


def _drop(value: Any, path: Path) -> None:
    holder = read_part(value, path[:-1])
    if isinstance(holder, dict):
        holder.pop(path[-1], None)
    else:
        del holder[path[-1]]


def _find_list(value: Any, path: Path) -> list[Any]:
    holder = read_part(value, path[:-1])
    found = holder.get(path[-1]) if isinstance(holder, dict) else holder[path[-1]]
    if not isinstance(found, list):
        found = []
        holder[path[-1]] = found
    return found


# the lines themselves


def _span(lines: Sequence[str], written: Written, path: Path) -> tuple[int, int, int] | None:
    """First and behind last line of a part (from 0), and how far its head is indented. None where it shares a line."""
    place = written.places.get(path)
    if place is None:
        return None
    first, column = place.line - 1, place.column - 1
    if isinstance(path[-1], int):
        column = lines[first].rfind("-", 0, column)
        if column < 0 or lines[first][:column].strip(" "):
            return None
    elif lines[first][:column].strip(" "):
        return None
    after = first + 1
    while after < len(lines) and (not lines[after].strip() or _indent(lines[after]) > column):
        after += 1
    while after > first + 1 and (not lines[after - 1].strip() or lines[after - 1].lstrip().startswith("#")):
        after -= 1
    return first, after, column


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _write_lines(part: Any, column: int, *, key: str = "") -> list[str]:
    made = write_document({key: part} if key else [part])
    return [(" " * column + line if line else line) for line in made.splitlines()]


def _replace(text: str, written: Written, path: Path, part: Any) -> str | None:
    lines = text.splitlines()
    key = path[-1] if isinstance(path[-1], str) else ""
    span = _span(lines, written, path)
    if span is None:
        holder = read_part(written.value, path[:-1])
        if not key or not isinstance(holder, Mapping) or key in holder:
            return None
        if len(path) == 1:
            return "\n".join([*lines, *_write_lines(part, 0, key=key), ""])
        last = _span(lines, written, (*path[:-1], [*holder][-1])) if holder else None
        if last is None:
            return None
        span = last[1], last[1], last[2]
    first, after, column = span
    return "\n".join([*lines[:first], *_write_lines(part, column, key=key), *lines[after:], ""])


def _cut(text: str, written: Written, path: Path) -> str | None:
    lines = text.splitlines()
    span = _span(lines, written, path)
    return "\n".join([*lines[: span[0]], *lines[span[1] :], ""]) if span else None


def _insert(text: str, written: Written, path: Path, place: int, part: Any) -> str | None:
    lines = text.splitlines()
    items = read_part(written.value, path) if path in written.places else None
    if not isinstance(items, list) or not items:
        return None
    span = _span(lines, written, (*path, min(place, len(items) - 1)))
    if span is None:
        return None
    first, after, column = span
    at = first if place < len(items) else after
    return "\n".join([*lines[:at], *_write_lines(part, column), *lines[at:], ""])
