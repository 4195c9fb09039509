"""What an import of past events looks up, many rows at once, and the list of rows that it does not take."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from uuid import UUID

from tertulia.core.past_reasons import PastReason
from tertulia.core.past_rows import PastProblem
from tertulia.ids import SHARDS, index_of_value, shard_of_contact, shard_of_index
from tertulia.store.db import Conn, fetch_all, load, run
from tertulia.store.imports import ImportJob, Key, shards_of_keys


def find_owners(conn: Conn, workspace: int, keys: Iterable[Key]) -> dict[Key, dict[int, int]]:
    """The contacts that have addresses, as (kind, canonical): each with whom it was merged into, itself otherwise."""
    wanted = shards_of_keys(workspace, keys)
    if not wanted:
        return {}
    names = list(wanted)
    args = {
        "workspace": workspace,
        "contact_shards": list(SHARDS),
        "shards": list(wanted.values()),
        "kinds": [kind for kind, _ in names],
        "canonicals": [canonical for _, canonical in names],
    }
    found: dict[Key, dict[int, int]] = {}
    for number, contact_id, root in fetch_all(conn, load("past_events")["owners"], args):
        found.setdefault(names[number - 1], {})[contact_id] = root
    return found


def find_roots(conn: Conn, contact_ids: Collection[int]) -> dict[int, int]:
    """Whom contacts were merged into (M8); who was not is left out."""
    ids = list(contact_ids)
    if not ids:
        return {}
    args = {"shards": [shard_of_contact(contact_id) for contact_id in ids], "ids": ids}
    return dict(fetch_all(conn, load("past_events")["roots"], args))


def find_stored(conn: Conn, places: Sequence[tuple[int, date, UUID, int]]) -> set[int]:
    """Of (shard, day, id, number) the numbers whose event is stored at any of its places."""
    if not places:
        return set()
    args = {
        "shards": [place[0] for place in places],
        "days": [place[1] for place in places],
        "ids": [place[2] for place in places],
        "numbers": [place[3] for place in places],
    }
    return {row[0] for row in fetch_all(conn, load("past_events")["stored"], args)}


def find_seen(conn: Conn, keys: Sequence[tuple[int, date, UUID]]) -> set[int]:
    """Of (shard, day, id) the places in the list, from 0, that were decided within the last week (E1)."""
    if not keys:
        return set()
    args = {"shards": [k[0] for k in keys], "days": [k[1] for k in keys], "ids": [k[2] for k in keys]}
    return {row[0] - 1 for row in fetch_all(conn, load("past_events")["seen"], args)}


def reject_rows(conn: Conn, job: ImportJob, problems: Sequence[PastProblem]) -> None:
    """List rows that are not taken, each once. They have no contact, so they lie where import and row say."""
    if not problems:
        return
    places = [index_of_value(job.workspace, "import", str(job.id), str(problem.row)) for problem in problems]
    args = {
        "import_id": job.id,
        "workspace": job.workspace,
        "shards": [shard_of_index(place) for place in places],
        "rows": [problem.row for problem in problems],
        "outcomes": ["duplicate" if problem.reason == PastReason.TWICE else "rejected" for problem in problems],
        "fields": [problem.field for problem in problems],
        "values": [problem.value for problem in problems],
        "reasons": [problem.reason for problem in problems],
    }
    run(conn, load("past_events")["reject_rows"], args)
