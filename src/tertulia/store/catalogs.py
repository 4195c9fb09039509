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
class ToldItem:
    """What a webhook says of an item of the catalog with the key `catalog`; without `fields` it is taken out. `at`:
    since when that is so."""

    workspace: int
    catalog: str
    id: str
    fields: Mapping[str, Any] | None
    at: datetime


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


def put_told(conn: Conn, told: Sequence[ToldItem], most: int) -> list[str]:
    """What webhooks say, in the caller's transaction: of each item the word of the latest `at`, also against what
    stands there. Of each in order the code of why it is not kept, or nothing. `most`: items of a workspace."""
    args = {"workspaces": [one.workspace for one in told], "keys": [one.catalog for one in told]}
    known = {(row[0], row[1]): row[2] for row in fetch_all(conn, load("catalogs")["by_key"], args)}
    last: dict[tuple[int, str], ToldItem] = {}
    for one in sorted(told, key=lambda one: one.at):
        if (catalog_id := known.get((one.workspace, one.catalog))) is not None:
            last[(catalog_id, one.id)] = one
    put = {key: one for key, one in sorted(last.items()) if one.fields is not None}
    gone = {key: one for key, one in sorted(last.items()) if one.fields is None}
    standing = {(row[0], row[1]) for row in _run_told(conn, "standing", put)}
    new = {key: one.workspace for key, one in put.items() if key not in standing}
    room = {w: most - sum(n for n, _ in count_items(conn, w).values()) for w in set(new.values())}
    full = set()
    for key, workspace in new.items():
        room[workspace] -= 1
        full |= {key} if room[workspace] < 0 else set()
    _run_told(conn, "put_told", {key: one for key, one in put.items() if key not in full})
    _run_told(conn, "drop_told", gone)

    def judge(one: ToldItem) -> str:
        catalog_id = known.get((one.workspace, one.catalog))
        return "no_catalog" if catalog_id is None else "catalog_full" if (catalog_id, one.id) in full else ""

    return [judge(one) for one in told]


def _run_told(conn: Conn, name: str, told: Mapping[tuple[int, str], ToldItem]) -> list[Any]:
    args = {
        "shards": [shard_of_item(*key) for key in told],
        "catalogs": [key[0] for key in told],
        "ids": [key[1] for key in told],
        "workspaces": [one.workspace for one in told.values()],
        "fields": [msgspec.json.encode(one.fields).decode() for one in told.values()],
        "at": [one.at for one in told.values()],
    }
    return fetch_all(conn, load("catalogs")[name], args) if told else []


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
