"""Imported rows whose address was erased (C5): found by the proofs, set aside on the stage, taken in again or left out.

A proof is a keyed hash that only this installation can make, so the rows' proofs are made here and joined with the
stored ones by their key, a group of shards at a time. A workspace that never erased anybody pays one query a check.
"""

from collections.abc import Mapping, Sequence

from tertulia.core.entries import shard_of_address
from tertulia.ids import SHARDS
from tertulia.store.db import Conn, fetch_all, fetch_one, load, run
from tertulia.store.erasing import prove
from tertulia.store.imports import ImportJob, Key, load_known

Place = tuple[int, int]  # (shard, row)


def count_proofs(conn: Conn, workspace: int) -> int:
    """How many addresses were erased from the workspace. They only become more."""
    row = fetch_one(conn, load("import_erased")["count_proofs"], {"workspace": workspace, "shards": list(SHARDS)})
    return int(row[0]) if row else 0


def find_erased(conn: Conn, job: ImportJob, shards: Sequence[int], *, listed: bool) -> dict[Place, str]:
    """A group's rows with an address that was erased and that nobody has now, and which of their addresses it is: phone
    or email. `listed`: of rows that were checked, but those that are taken in again; or of those that were not yet."""
    args = {"id": job.id, "shards": list(shards), "listed": listed}
    places: dict[Key, list[Place]] = {}
    for shard, row, kind, canonical in fetch_all(conn, load("import_erased")["addresses"], args):
        places.setdefault((kind, canonical), []).append((shard, row))
    keys = {key: shard_of_address(job.workspace, *key) for key in places}
    hits = find_proofs(conn, job.workspace, keys)
    known = load_known(conn, job.workspace, {key: keys[key] for key in hits})
    return {place: key[0] for key in hits if key not in known for place in places[key]}


def find_proofs(conn: Conn, workspace: int, keys: Mapping[Key, int]) -> list[Key]:
    """Those of these addresses and ids (key -> the shard of its proof) that were erased."""
    wanted = list(keys)
    args = {
        "workspace": workspace,
        "shards": list(keys.values()),
        "proofs": [prove(workspace, kind, canonical) for kind, canonical in wanted],
    }
    return [wanted[number - 1] for (number,) in fetch_all(conn, load("import_erased")["proofs"], args)]


def set_aside(conn: Conn, import_id: int, places: Sequence[Place]) -> None:
    """These rows are not applied unless somebody decides so; what they would become is kept on the stage."""
    args = {"id": import_id, "shards": [shard for shard, _ in places], "rows": [row for _, row in places]}
    if places:
        run(conn, load("import_erased")["set_aside"], args)


def take_in_again(conn: Conn, import_id: int) -> None:
    """What was set aside is applied like every other row, by a person's decision."""
    run(conn, load("import_erased")["take_in_again"], {"id": import_id, "shards": list(SHARDS)})


def leave_out(conn: Conn, import_id: int, shards: Sequence[int] = SHARDS) -> None:
    """What was set aside leaves the stage; of its rows only number and reason are kept, not the address."""
    run(conn, load("import_erased")["leave_out"], {"id": import_id, "shards": list(shards)})
