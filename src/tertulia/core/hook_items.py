"""What a shop's webhook says about a product: an item of a catalog as it is from then on, or that there is none."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from tertulia.core.catalog_items import is_item
from tertulia.core.hook_mapping import Rule
from tertulia.core.hook_values import Payload, write_text
from tertulia.core.ingest_time import read_time


class ItemChange(msgspec.Struct, frozen=True):
    """An item of the catalog with the key `catalog`: its `fields`, or None where it is taken out. `at`: since when, by
    the shop's word (as it came, before it is read); `line`: of the mapping."""

    catalog: str
    id: str
    fields: dict[str, Any] | None
    at: Any
    line: int

    @property
    def is_right(self) -> bool:
        """Whether a catalog takes it."""
        return is_item(self.id, self.fields or {})

    def find_instant(self, received_at: datetime) -> datetime:
        """Since when it is so: what comes later by this is the last word. Nothing is so before it came."""
        told = read_time(self.at)
        return min(told, received_at) if told is not None else received_at

    def show(self) -> dict[str, Any]:
        """As a try of the mapping shows it."""
        kind = "item" if self.fields is not None else "no_item"
        told: dict[str, Any] = {"type": kind, "catalog": self.catalog, "id": self.id}
        return told if self.fields is None else {**told, "fields": self.fields}


def make_item(rule: Rule, payload: Payload, fields: Mapping[str, Any]) -> ItemChange:
    """What a rule says of a payload. Raises Failed."""
    at = rule.time.read(payload) if rule.time is not None else None
    item_id = write_text(rule.item.read(payload)) if rule.item is not None else ""
    return ItemChange(rule.catalog, item_id, dict(fields) if rule.do == "item" else None, at, rule.line)
