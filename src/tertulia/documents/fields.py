"""What is wrong with a document's fields, said so that its author can mend it.

The types are checked by msgspec; its words are for programmers, so they are turned into sentences of ours, with the
path at which they hold.
"""

import re
from typing import Any, TypeVar

import msgspec

from tertulia.core.reasons import gettext_noop as _
from tertulia.documents.lines import Path, Problem, Written

T = TypeVar("T")

_PATH = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[(\.\.\.)\]")
_AT = re.compile(r" - at `([^`]*)`$")
_TYPES = {
    "str": _("a text"),
    "int": _("a whole number"),
    "float": _("a number"),
    "bool": _("true or false"),
    "object": _("a group of fields"),
    "array": _("a list"),
    "null": _("nothing"),
    "datetime": _("an instant"),
}


def convert(written: Written, value: Any, kind: type[T], path: Path) -> T | Problem:
    """The value as a type of ours, or what is wrong with it."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return _explain(written, str(error), kind, path)


def _explain(written: Written, told: str, kind: type, path: Path) -> Problem:
    at = _AT.search(told)
    where = (*path, *_read_path(at[1])) if at else path
    said = _AT.sub("", told)
    if found := re.match(r"Object contains unknown field `([^`]*)`", said):
        name = found[1]
        place = written.find((*where, name))
        return Problem(place, (*where, name), _("There is no field “%(name)s” here."), {"name": name})
    if found := re.match(r"Object missing required field `([^`]*)`", said):
        return Problem(written.find(where), where, _("Give “%(name)s” here."), {"name": found[1]})
    if found := re.match(r"Invalid (?:enum )?value (.*)", said):
        message = _("“%(value)s” is none of the choices.")
        return Problem(written.find(where), where, message, {"value": found[1].strip("'\"")})
    if "datetime" in said or "RFC3339" in said:
        return Problem(written.find(where), where, _("Give an instant such as 2027-01-31T09:00:00Z."))
    if found := re.match(r"Expected `(?:int|float)` (<=|>=) ([\d.]+)$", said):
        message = _("Give %(limit)s at most.") if found[1] == "<=" else _("Give %(limit)s or more.")
        return Problem(written.find(where), where, message, {"limit": found[2].removesuffix(".0")})
    if found := re.match(r"Expected `([^`]*)`, got `([^`]*)`", said):
        told_types = {"expected": _name_types(found[1]), "found": _name_types(found[2])}
        return Problem(written.find(where), where, _("This is to be %(expected)s, and is %(found)s."), told_types)
    return Problem(written.find(where), where, _("This cannot stand here."))


def _name_types(names: str) -> str:
    return " / ".join(_TYPES.get(name.strip(), name.strip()) for name in names.split("|"))


def _read_path(told: str) -> Path:
    """`$.steps[2].for` as a path."""
    found: list[str | int] = []
    for name, place, _rest in _PATH.findall(told.removeprefix("$")):
        if name:
            found.append(name)
        elif place:
            found.append(int(place))
    return tuple(found)
