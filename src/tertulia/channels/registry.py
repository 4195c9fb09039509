"""Finds the channel kinds: every folder beside this file with an `adapter.py`, and installed packages that offer one.

An outside package names its adapter under the entry point group `tertulia.channels`; a kind of ours wins over one of
the same name from outside.
"""

import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points

import tertulia.channels
from tertulia.channels.base import Adapter

ENTRY_POINTS = "tertulia.channels"


class UnknownKind(KeyError):
    """No adapter of this kind is installed."""


def get(kind: str) -> Adapter:
    """The adapter of a kind. Raises UnknownKind."""
    try:
        return _find_adapters()[kind]
    except KeyError:
        raise UnknownKind(kind) from None


def kinds() -> tuple[Adapter, ...]:
    """Every adapter, by kind."""
    found = _find_adapters()
    return tuple(found[kind] for kind in sorted(found))


def forget() -> None:
    """Look again at the next question: a package was installed or removed in this process."""
    _find_adapters.cache_clear()


@lru_cache(maxsize=1)
def _find_adapters() -> Mapping[str, Adapter]:
    adapters: dict[str, Adapter] = {}
    for point in entry_points(group=ENTRY_POINTS):
        adapters[point.name] = point.load()
    for module in pkgutil.iter_modules(tertulia.channels.__path__):
        if module.ispkg:
            adapter: Adapter = import_module(f"tertulia.channels.{module.name}.adapter").adapter
            adapters[adapter.kind] = adapter
    return adapters
