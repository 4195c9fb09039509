"""Reads YAML (and JSON, which is YAML) with the line and column of everything in it.

Scalars are read as YAML 1.2 means them: `on`, `no` and `10:30` are texts, and so is a date. Aliases are refused, for
they can make a small text large, and so are doubled keys and what is nested too deeply.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from tertulia.core.reasons import gettext_noop as _

Path = tuple[str | int, ...]

CHARACTERS_MAX: Final = 200_000
DEPTH_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and as a message id with its parameters; `path` leads to it in the document."""

    place: Place
    path: Path
    message: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """In English."""
        return self.message % self.parameters if self.parameters else self.message.replace("%%", "%")


class BadDocument(ValueError):
    """A document that cannot be used, with every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"line {p.place.line}: {p.sentence}" for p in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Written:
    """A document's value, and where each of its parts stands: of a key's value the key's place."""

    value: Any
    places: Mapping[Path, Place]

    def find(self, path: Path) -> Place:
        """Where a part stands, or the nearest part around it that does."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(1, 1))


class _Loader(yaml.SafeLoader):
    """Scalars as in YAML 1.2's core schema."""


CORE_SCALARS: Final = (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
)
"""Type, pattern and first characters of what is no text."""

_Loader.yaml_implicit_resolvers = {}
for _type, _pattern, _first in CORE_SCALARS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_type}", re.compile(_pattern), list(_first))
_Loader.yaml_implicit_resolvers.setdefault("", []).append(("tag:yaml.org,2002:null", re.compile(r"^$")))


def read_lines(text: str) -> Written:
    """Raises BadDocument with the place of what is no YAML, or cannot be part of a document."""
    if len(text) > CHARACTERS_MAX:
        raise BadDocument([Problem(Place(1, 1), (), _("The document is too long."))])
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        places: dict[Path, Place] = {(): Place(1, 1)}
        value = None if node is None else _build(loader, node, (), places, set())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        raise BadDocument(
            [Problem(place, (), _("This is not understood here. Look at the spaces before it."))]
        ) from None
    except yaml.YAMLError:
        raise BadDocument([Problem(Place(1, 1), (), _("There is a character here that a text cannot have."))]) from None
    except RecursionError:
        raise BadDocument([Problem(Place(1, 1), (), _("This is nested too deeply."))]) from None
    return Written(value, places)


def _build(loader: _Loader, node: yaml.Node, path: Path, places: dict[Path, Place], seen: set[int]) -> Any:
    place = _place(node)
    if id(node) in seen:
        raise BadDocument([Problem(place, path, _("Write it out: a document has no aliases."))])
    if len(path) > DEPTH_MAX:
        raise BadDocument([Problem(place, path, _("This is nested too deeply."))])
    seen.add(id(node))
    places.setdefault(path, place)
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(loader, node, path, places, seen)
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, item, (*path, n), places, seen) for n, item in enumerate(node.value)]
    return loader.construct_object(node)


def _build_mapping(
    loader: _Loader, node: yaml.MappingNode, path: Path, places: dict[Path, Place], seen: set[int]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise BadDocument([Problem(_place(key), path, _("A name is a text."))])
        name = str(key.value)
        if name in found:
            raise BadDocument([Problem(_place(key), path, _("“%(name)s” stands here twice."), {"name": name})])
        places[(*path, name)] = _place(key)
        found[name] = _build(loader, item, (*path, name), places, seen)
    return found


def _place(node: yaml.Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)
