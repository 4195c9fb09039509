"""Catalogs and their items, which texts look up by id."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from tertulia.core.catalogs import ItemKey
from tertulia.ids import shard_of_kind
from tertulia.store.db import Conn, fetch_all, load, read_json, run


@dataclass(frozen=True, slots=True)
class Item:
    """One of a catalog, as it is."""

    id: str
    fields: Mapping[str, Any]
    changed_at: datetime


def shard_of_item(catalog_id: int, item_id: str) -> int:
    """Where an item lies."""
    return shard_of_kind(catalog_id, "catalog", "item", item_id)


# decisions


def read_catalogs(conn: Conn) -> dict[tuple[int, str], int]:
    """Every catalog, by workspace and key (E7)."""
    return {(workspace, key): id_ for id_, workspace, key in fetch_all(conn, load("catalogs")["catalogs"], {})}


def load_items(conn: Conn, wanted: Collection[ItemKey]) -> dict[ItemKey, Mapping[str, Any]]:
    """Those that are there, with the fields that are not empty."""
    if not wanted:
        return {}
    keys = list(wanted)
    args = {
        "shards": [shard_of_item(*key) for key in keys],
        "catalogs": [key[0] for key in keys],
        "ids": [key[1] for key in keys],
    }
    return {(row[0], row[1]): _without_empty(row[2]) for row in fetch_all(conn, load("catalogs")["items"], args)}


def load_all_items(conn: Conn, workspace: int) -> dict[ItemKey, Mapping[str, Any]]:
    """Every item of a workspace: for a trial, which asks for none."""
    rows = fetch_all(conn, load("catalogs")["all_items"], {"workspace": workspace})
    return {(row[0], row[1]): _without_empty(row[2]) for row in rows}


def _without_empty(fields: Any) -> dict[str, Any]:
    return {name: value for name, value in read_json(fields).items() if value is not None and value != ""}


# what people see and change


def count_items(conn: Conn, workspace: int) -> dict[int, tuple[int, datetime]]:
    """How many items each catalog has, and when one was changed last; without those that have none."""
    return {row[0]: (row[1], row[2]) for row in fetch_all(conn, load("catalogs")["counts"], {"workspace": workspace})}


def list_items(conn: Conn, catalog_id: int, limit: int, *, after: str = "", begin: str = "") -> list[Item]:
    """The items whose ids begin so, by id, from after one on."""
    pattern = begin.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    args = {"catalog": catalog_id, "after": after, "begin": pattern, "limit": limit}
    return [Item(row[0], read_json(row[1]), row[2]) for row in fetch_all(conn, load("catalogs")["page"], args)]


def put_items(
    conn: Conn, workspace: int, catalog_id: int, items: Mapping[str, Mapping[str, Any]], now: datetime
) -> tuple[int, int]:
    """Items by id, each as it is from now on; how many are new, and how many others changed."""
    ids = sorted(items)  # one order for all who write them
    args = {
        "workspace": workspace,
        "catalog": catalog_id,
        "shards": [shard_of_item(catalog_id, id_) for id_ in ids],
        "ids": ids,
        "fields": [msgspec.json.encode(items[id_]).decode() for id_ in ids],
        "now": now,
    }
    written = fetch_all(conn, load("catalogs")["put"], args)
    new = sum(row[1] for row in written)
    return new, len(written) - new


def drop_items(conn: Conn, catalog_id: int, ids: Sequence[str]) -> int:
    """Take items out; how many there were of them."""
    args = {"catalog": catalog_id, "shards": [shard_of_item(catalog_id, id_) for id_ in ids], "ids": list(ids)}
    return run(conn, load("catalogs")["drop"], args)


def drop_others(conn: Conn, catalog_id: int, ids: Sequence[str]) -> int:
    """Take out every item but these; how many."""
    return run(conn, load("catalogs")["drop_others"], {"catalog": catalog_id, "ids": list(ids)})


def drop_all(conn: Conn, catalog_id: int) -> int:
    """Take out every item; how many."""
    return run(conn, load("catalogs")["drop_all"], {"catalog": catalog_id})
