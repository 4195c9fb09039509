"""When contacts opened, clicked and wrote: what their best hours are chosen from."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from tertulia.core.best_hours import KEPT_MAX, keep_newest
from tertulia.core.world import World
from tertulia.ids import shard_of_contact
from tertulia.store.assignments import find_families
from tertulia.store.db import Conn, fetch_all, load, run


class Sampled(NamedTuple):
    """A customer's moments, and what their clock is read by: their zone, the country of their number."""

    moments: Sequence[int]
    zone: str
    region: str


def note_moments(conn: Conn, found: Mapping[tuple[int, int], Collection[int]]) -> None:
    """By workspace and contact; the newest stay. In the order of contacts, so that two owners do not wait for each
    other."""
    if not found:
        return
    rows = sorted((contact_id, workspace, moments) for (workspace, contact_id), moments in found.items())
    args: dict[str, Any] = {
        "shard": [shard_of_contact(contact_id) for contact_id, _, _ in rows],
        "contact_id": [contact_id for contact_id, _, _ in rows],
        "workspace": [workspace for _, workspace, _ in rows],
        "moments": [",".join(map(str, keep_newest(moments))) for _, _, moments in rows],
        "kept": KEPT_MAX,
    }
    run(conn, load("moments")["note"], args)


def load_moments(conn: Conn, world: World, contact_ids: Collection[int]) -> None:
    """Of these contacts and whoever was merged into them (M8)."""
    if not contact_ids:
        return
    roots = find_families(conn, {contact_id: world.follow(contact_id) for contact_id in contact_ids})
    for member, moments in fetch_all(conn, load("moments")["moments_of"], _keys(list(roots))):
        world.moments.setdefault(roots[member], set()).update(moments)


def read_moments(conn: Conn, family: Sequence[int]) -> dict[int, list[int]]:
    """By contact."""
    return dict(fetch_all(conn, load("moments")["moments_of"], _keys(family)))


def sample_moments(conn: Conn, workspace: int, limit: int) -> list[Sampled]:
    """Of some of a workspace's customers."""
    rows = fetch_all(conn, load("moments")["sample"], {"workspace": workspace, "limit": limit})
    return [Sampled(*row) for row in rows]


def set_typical(conn: Conn, workspace: int, day: date, counts: Sequence[int]) -> bool:
    """How often each hour of the day was one of a customer's, looked at on a day; what is decided next is decided by it
    (E7). False where another engine was first."""
    args = {"workspace": workspace, "day": day, "counts": json.dumps(list(counts))}
    return bool(run(conn, load("moments")["set_typical"], args))


def _keys(ids: Sequence[int]) -> dict[str, Any]:
    return {"shards": [shard_of_contact(contact_id) for contact_id in ids], "ids": list(ids)}
