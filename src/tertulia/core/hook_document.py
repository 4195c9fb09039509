"""The text of a mapping as a tree whose every part knows its line: YAML, and JSON as the part of YAML that it is.

Only what a mapping needs is read: maps, lists, texts, numbers, yes and no, nothing. Anchors and aliases are refused,
for a few lines of them can stand for gigabytes; dates stay texts.
"""

from typing import Any, Final

import msgspec
import yaml

from tertulia.core.hook_faults import Fault, FaultCode, MappingInvalid

TEXT_CHARACTERS_MAX: Final = 65_536
DEPTH_MAX: Final = 40
_PREFIX: Final = "tag:yaml.org,2002:"
_WORDS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class Part(msgspec.Struct, frozen=True):
    """One value: a text, number, boolean or None, a list of parts, or a map of names to parts; where it begins, from 1.
    `keys` says where the names of a map stand."""

    value: Any
    line: int
    column: int
    keys: dict[str, tuple[int, int]] = {}


def read_document(text: str) -> Part:
    """The tree of a text. Raises MappingInvalid."""
    if len(text) > TEXT_CHARACTERS_MAX:
        raise MappingInvalid([Fault(FaultCode.TOO_LONG, values={"most": f"{TEXT_CHARACTERS_MAX:,}"})])
    if text.lstrip().startswith("{"):
        text = text.replace("\t", " ")  # of JSON, where tabs may indent
    try:
        _refuse_aliases(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        place = (mark.line + 1, mark.column + 1) if mark else (_find_bad_line(text), 0)
        raise MappingInvalid([Fault(FaultCode.NOT_YAML, "", *place)]) from None
    except RecursionError:
        raise MappingInvalid([Fault(FaultCode.NOT_YAML)]) from None
    return Part({}, 1, 1) if node is None else _read(node, "", 0)


def _refuse_aliases(text: str) -> None:
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            mark = event.start_mark
            place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            raise MappingInvalid([Fault(FaultCode.ALIAS, "", *place)])


def _find_bad_line(text: str) -> int:
    """The line of a character that YAML does not take."""
    for number, line in enumerate(text.split("\n"), 1):
        if yaml.reader.Reader.NON_PRINTABLE.search(line):
            return number
    return 0


def _read(node: yaml.Node, name: str, depth: int) -> Part:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if depth > DEPTH_MAX:
        raise MappingInvalid([Fault(FaultCode.NOT_YAML, name, line, column)])
    if isinstance(node, yaml.MappingNode):
        return _read_map(node, name, depth, line, column)
    if isinstance(node, yaml.SequenceNode):
        return Part([_read(item, name, depth + 1) for item in node.value], line, column)
    return Part(_read_scalar(str(node.tag), str(node.value)), line, column)


def _read_map(node: yaml.MappingNode, name: str, depth: int, line: int, column: int) -> Part:
    found: dict[str, Part] = {}
    keys: dict[str, tuple[int, int]] = {}
    for key, value in node.value:
        place = (key.start_mark.line + 1, key.start_mark.column + 1)
        if not isinstance(key, yaml.ScalarNode):
            raise MappingInvalid([Fault(FaultCode.NOT_A_TEXT, name, *place)])
        if key.value in found:
            raise MappingInvalid([Fault(FaultCode.TWICE, key.value, *place)])
        keys[key.value] = place
        found[key.value] = _read(value, key.value, depth + 1)
    return Part(found, line, column, keys)


def _read_scalar(tag: str, text: str) -> Any:
    """The value of a scalar; what is no number, yes, no or nothing is its text."""
    kind = tag.removeprefix(_PREFIX)
    if kind == "null":
        return None
    if kind == "bool":
        return _WORDS[text.lower()]
    try:
        if kind == "int":
            return int(text)
        if kind == "float":
            return float(text)
    except ValueError:
        pass
    return text
