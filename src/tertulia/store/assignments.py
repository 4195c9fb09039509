"""A1: which way customers go at splits, and on which side of hold-outs they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tertulia.core import entry_effects as ee
from tertulia.core.families import take_assignment
from tertulia.core.rows import AssignmentRow
from tertulia.core.world import World
from tertulia.ids import shard_of_contact
from tertulia.store.db import Conn, fetch_all, load, run


def assign(conn: Conn, group: Sequence[ee.Assign]) -> None:
    """The first word stays."""
    names = ("contact_id", "experiment", "workspace", "way", "bucket", "weight", "at")
    args: dict[str, Any] = {name: [getattr(e, name) for e in group] for name in names}
    run(conn, load("assignments")["assign"], args | {"shard": [shard_of_contact(e.contact_id) for e in group]})


def load_assignments(conn: Conn, world: World) -> None:
    """Of every loaded contact, whose workspace has a split or a hold-out; of those that
    were merged the oldest (A1, M8)."""
    roots = {row.id: world.follow(row.id) for row in world.contacts.values() if row.workspace in world.config.dividing}
    roots = find_families(conn, roots)
    if not roots:
        return
    for member, experiment, way, at in fetch_all(conn, load("assignments")["assignments_of"], _keys(list(roots))):
        take_assignment(world, roots[member], experiment, AssignmentRow(way, at, member))


def find_families(conn: Conn, roots: Mapping[int, int]) -> dict[int, int]:
    """These contacts, each with the one that it is now, and with them whoever was merged into any (M8)."""
    found, level = dict(roots), list(roots)
    while level:
        rows = fetch_all(conn, load("assignments")["absorbed_by"], _keys(level))
        level = [member for _, member in rows if member not in found]
        found |= {member: found[into] for into, member in rows if member not in found}
    return found


@dataclass(frozen=True, slots=True)
class Assignment:
    """A split's way or a hold-out's side, with the weight that it had, of 10000. `experiment`: journey and step, a
    journey alone for its hold-out, `hold_out` for the workspace's."""

    experiment: str
    way: str
    weight: int
    at: datetime


def list_assignments(conn: Conn, family: Sequence[int]) -> list[Assignment]:
    """Of a contact and those who were merged into it, the oldest first."""
    return [Assignment(*row) for row in fetch_all(conn, load("assignments")["assignments_whole"], _keys(family))]


def _keys(ids: Sequence[int]) -> dict[str, Any]:
    return {"shards": [shard_of_contact(contact_id) for contact_id in ids], "ids": list(ids)}
