"""Catalogs: what a business has many of, its products above all, looked up by the texts of messages.

`{{ catalogs.products[event.product_id].title }}` is a field of an item as it is at the claim. Which items a text shows
is known when it is rendered, for their ids come from the event, the contact or other items; so a message that names a
catalog is rendered once to learn them (`ask`), they are loaded, and it is rendered again. A field that is empty counts
as missing, an item that is not there too (S4).
"""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from tertulia.core.clocks import read_clock
from tertulia.core.coupons import list_texts
from tertulia.core.render import OnMissing, TemplateProblem, compile_template, render, variables
from tertulia.core.rows import OpenDelivery
from tertulia.core.run_texts import run_facts
from tertulia.core.send_rules import find_journey_zone, find_run, find_step
from tertulia.core.wordings import find_wording
from tertulia.core.world import World

ROOT: Final = "catalogs"
KEY_CHARACTERS_MAX: Final = 200
ITEMS_MAX: Final = 100_000  # of a workspace, for a trial holds them all
ROUNDS: Final = 3  # an item may name another, and that one a third
_NAME: Final = re.compile(r"catalogs\.([\w-]+)")

ItemKey = tuple[int, str]  # catalog, the item's id
Items = Mapping[ItemKey, Mapping[str, Any]]


class Shelf:
    """A catalog as a text sees it: an item by its id, nothing else. Notes in `asked` which are wanted."""

    __slots__ = ("_asked", "_catalog", "_items")

    def __init__(self, catalog: int, items: Items, asked: set[ItemKey]) -> None:
        self._catalog, self._items, self._asked = catalog, items, asked

    def __getitem__(self, name: object) -> Mapping[str, Any]:
        if not isinstance(name, str | int) or not (written := str(name).strip()) or len(written) > KEY_CHARACTERS_MAX:
            raise KeyError(name)
        self._asked.add((self._catalog, written))
        return self._items[(self._catalog, written)]

    def __str__(self) -> str:
        return ""


def make_shelves(
    catalogs: Mapping[tuple[int, str], int], workspace: int, items: Items, asked: set[ItemKey] | None = None
) -> dict[str, object]:
    """The fact `catalogs`: those of a workspace by their keys."""
    noted = set() if asked is None else asked
    return {key: Shelf(id_, items, noted) for (of, key), id_ in catalogs.items() if of == workspace}


def names_catalog(source: str) -> bool:
    """Whether a text may show items."""
    return ROOT in source


@lru_cache(maxsize=512)
def list_names(source: str, is_html: bool = False) -> tuple[tuple[str, int], ...]:
    """The catalogs that a text names, each with its first line; empty for one that it does not name in itself. Of a
    text that does not compile none."""
    try:
        template = compile_template(source, is_html) if names_catalog(source) else None
    except TemplateProblem:
        return ()
    found: dict[str, int] = {}
    for variable in variables(template) if template is not None else ():
        if variable.name.startswith(ROOT):
            match = _NAME.match(variable.name)
            found.setdefault(match[1] if match else "", variable.line)
    return tuple(found.items())


def ask(sources: Iterable[tuple[str, bool]], facts: Mapping[str, object], now: datetime) -> None:
    """Render texts for what they ask of the shelves among their facts; whatever else is wrong with them shows later."""
    for source, is_html in sources:
        try:
            template = compile_template(source, is_html) if names_catalog(source) else None
        except TemplateProblem:
            continue
        if template is not None:
            render(template, facts, now=now, on_missing=OnMissing.DEFAULT)


def find_items(world: World, deliveries: Collection[OpenDelivery]) -> set[ItemKey]:
    """The items that these messages of runs would show and that are not loaded."""
    asked: set[ItemKey] = set()
    for delivery in deliveries:
        run = find_run(world, delivery)
        if run is None:
            continue
        contact = world.contacts[delivery.contact_id]
        sources = [*list_texts(find_wording(world, delivery, contact))]
        if (step := find_step(world, delivery)) is not None:
            sources.append((step.find_link()[1], False))
        if any(names_catalog(source) for source, _ in sources):
            facts = run_facts(world, run, contact)
            facts[ROOT] = make_shelves(world.config.catalogs, delivery.workspace, world.items, asked)
            ask(sources, facts, read_clock(world, contact, find_journey_zone(world, delivery)))
    return asked - world.items.keys()
