"""What can happen to catalogs in a scenario."""

from collections.abc import Mapping
from typing import Any

from tertulia.stories.conformance.stage import Stage


def fill_catalog(stage: Stage, told: Mapping[str, Any]) -> None:
    """Put `items`, each with its id, into the catalog with the key `as`, which is made where there is none; take those
    of `without` out."""
    key = told["as"]
    known: list[dict[str, Any]] = stage.api("GET", "/catalogs")
    catalog = next((one for one in known if one["key"] == key), None)
    if catalog is None:
        catalog = stage.api("POST", "/catalogs", {"name": key, "key": key})
    if "items" in told:
        stage.api("PUT", f"/catalogs/{catalog['id']}/items", {"items": told["items"]})
    if "without" in told:
        stage.api("DELETE", f"/catalogs/{catalog['id']}/items", {"ids": told["without"]})
    stage.drain()
