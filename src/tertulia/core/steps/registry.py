"""Finds the kinds of steps: every folder beside this file with a `step.py`, and installed packages that offer one.

An outside package names its step's class under the entry point group `tertulia.steps`; a kind of ours wins over one of
the same name from outside.
"""

import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import msgspec

import tertulia.core.steps
from tertulia.core.steps.base import Step

ENTRY_POINTS = "tertulia.steps"


@lru_cache(maxsize=1)
def list_kinds() -> Mapping[str, type[Step]]:
    """Every kind with its class, in the order of their names."""
    found: dict[str, type[Step]] = {point.name: point.load() for point in entry_points(group=ENTRY_POINTS)}
    for module in pkgutil.iter_modules(tertulia.core.steps.__path__):
        if module.ispkg:
            room = import_module(f"tertulia.core.steps.{module.name}.step")
            found |= {kind.KIND: kind for kind in vars(room).values() if _is_kind(kind, room.__name__)}
    return dict(sorted(found.items()))


def _is_kind(value: Any, room: str) -> bool:
    return isinstance(value, type) and issubclass(value, Step) and value.__module__ == room


def read_step(raw: Mapping[str, Any]) -> Step:
    """A step of a document, its own sequences unread. Raises KeyError for a kind that nobody offers, and
    msgspec.ValidationError, which says where, for fields that are none of its kind's."""
    return msgspec.convert(raw, list_kinds()[str(raw.get("kind", ""))])
