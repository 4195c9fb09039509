"""Imports in the database: an import's own row, what its check looks up, its stage, and its settling.

The check writes each row twice, by COPY: its outcome (`import_row`, for people) and, if it can be imported, its values
(`import_stage`, for the apply). Both lie in the shard of the contact that the row is or will be.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tertulia.core.entries import shard_of_address
from tertulia.core.import_people import FileRow, Known
from tertulia.ids import SHARDS, shard_of_contact
from tertulia.store.db import Conn, fetch_all, fetch_one, load, run

SERIALS_PER_BLOCK = 1000
LISTS = ("customers", "opt_outs")
PAST_EVENTS = "events"
KINDS = (*LISTS, PAST_EVENTS)
RETAKEN = ("done", "undone", "failed", "cancelled")  # states after which contacts may be others
Key = tuple[str, str]  # (kind, canonical) of an address, or ("external_id", id)


class ImportJob(msgspec.Struct, frozen=True):
    """An import as its worker needs it. `path` is in the data folder; `cursor` counts the rows that are committed."""

    id: int
    workspace: int
    kind: str
    name: str
    path: str
    size: int
    shape: dict[str, Any]
    mapping: dict[str, Any]
    options: dict[str, Any]
    state: str
    rows_total: int | None
    rows_done: int
    cursor: int
    counts: dict[str, Any]
    warnings: list[Any]
    user_id: int | None
    started_at: datetime | None
    ended_at: datetime | None
    source_id: int | None = None

    @property
    def link(self) -> str:
        """Its page in the console."""
        return f"/imports/{self.id}/" if self.source_id is None else f"/sources/{self.source_id}/past/{self.id}/"

    @property
    def source(self) -> str:
        """How rows say where they come from: `import:7`."""
        return f"import:{self.id}"


def claim_import(conn: Conn, only: int = 0, kinds: Sequence[str] = KINDS) -> int | None:
    """An import of some kinds that waits for work and that no living worker has, or None. It is held until
    `release_import`, or until the session ends. `only`: that one or none."""
    for (import_id,) in fetch_all(conn, load("imports")["waiting"], {"kinds": list(kinds)}):
        if only in (0, import_id):
            row = fetch_one(conn, load("imports")["lock"], {"id": import_id})
            if row and row[0]:
                return int(import_id)
    return None


def tune_session(conn: Conn) -> None:
    """Let this session's commits reach the disk a moment later, its plans fit each batch, and its work have room. Holds
    from the caller's next commit on."""
    for query in ("relax", "widen", "plan_each"):
        conn.execute(load("imports")[query])


def release_import(conn: Conn, import_id: int) -> None:
    """Let another worker have it."""
    fetch_one(conn, load("imports")["unlock"], {"id": import_id})


def read_import(conn: Conn, import_id: int) -> ImportJob:
    """The import as it stands. Raises LookupError when it is gone."""
    row = fetch_one(conn, load("imports")["read"], {"id": import_id})
    if row is None:
        raise LookupError(f"import {import_id}")
    parts = [msgspec.json.decode(part) if isinstance(part, str | bytes) else part for part in (*row[6:9], *row[13:15])]
    return ImportJob(*row[:6], *parts[:3], *row[9:13], *parts[3:], *row[15:])


def advance_import(
    conn: Conn, job: ImportJob, now: datetime, *, cursor: int, rows_done: int, counts: Mapping[str, Any]
) -> bool:
    """Store a pass's progress. False: another worker has it, so nothing of this batch may be committed."""
    args = {"id": job.id, "state": job.state, "expected": job.cursor, "cursor": cursor, "rows_done": rows_done}
    touched = run(conn, load("imports")["advance"], {**args, "counts": _json(counts), "now": now})
    return touched == 1


def hold_check(conn: Conn, job: ImportJob, now: datetime) -> bool:
    """Say that a check goes on behind its last row, and keep people from moving the import until the commit. False:
    it is no longer ours, or was begun anew."""
    args = {"id": job.id, "state": job.state, "expected": job.cursor, "now": now}
    return run(conn, load("imports")["beat"], args) == 1


def count_done(conn: Conn, job: ImportJob, rows: int, now: datetime) -> bool:
    """Add to the progress of an apply or undo, whose groups commit in any order. False: it is no longer ours."""
    return run(conn, load("imports")["count_done"], {"id": job.id, "state": job.state, "rows": rows, "now": now}) == 1


def start_pass(conn: Conn, job: ImportJob, now: datetime, *, rows_done: int, rows_total: int) -> None:
    """Note that an apply or undo begins, and how much it has before it."""
    args = {"id": job.id, "state": job.state, "now": now, "rows_done": rows_done, "rows_total": rows_total}
    run(conn, load("imports")["start"], args)


def set_shape(conn: Conn, import_id: int, shape: Mapping[str, Any]) -> None:
    """Replace what is kept of the file's shape."""
    run(conn, load("imports")["set_shape"], {"id": import_id, "shape": _json(shape)})


def finish_import(
    conn: Conn,
    job: ImportJob,
    following: str,
    *,
    counts: Mapping[str, Any],
    warnings: Sequence[Any] = (),
    fault: str = "",
    rows_total: int | None = None,
    ended_at: datetime | None = None,
    undone_at: datetime | None = None,
) -> bool:
    """Leave a working state. False: another worker or a person has done so first. What a list has changed is not told
    contact by contact, so the workspace's segments look anew who belongs."""
    args = {
        "id": job.id,
        "state": job.state,
        "next": following,
        "fault": fault[:300],
        "rows_total": rows_total,
        "counts": _json(counts),
        "warnings": _json(list(warnings)),
        "ended_at": ended_at,
        "undone_at": undone_at,
    }
    if run(conn, load("imports")["finish"], args) != 1:
        return False
    if following in RETAKEN:
        run(conn, load("imports")["retake_segments"], {"workspace": job.workspace})
    return True


def tell(conn: Conn, job: ImportJob, kind: str, facts: Mapping[str, Any], now: datetime) -> None:
    """A notice in the console: `import_started`, `import_done`, `import_failed`, `import_undone`, `past_started`,
    `past_done`."""
    args = {"workspace": job.workspace, "kind": kind, "facts": _json(facts), "link": job.link, "now": now}
    run(conn, load("imports")["notice"], args)


def notify_live(conn: Conn, import_id: int) -> None:
    """Hint open pages that this import has moved. On a connection of its own, after the commit."""
    conn.execute(load("imports")["notify_live"], {"topic": f"import:{import_id}"})


def forget_check(conn: Conn, import_id: int) -> None:
    """Remove what a check has written: before a new one, and when an import is given up."""
    run(conn, load("imports")["forget_stage"], {"id": import_id})
    run(conn, load("imports")["forget_rows"], {"id": import_id})


def shards_of_keys(workspace: int, keys: Iterable[Key]) -> dict[Key, int]:
    """Where the directory keeps each key."""
    return {key: shard_of_address(workspace, *key) for key in keys}


def load_known(conn: Conn, workspace: int, wanted: Mapping[Key, int]) -> dict[Key, list[Known]]:
    """The contacts behind keys (key -> shard), the oldest first. Merged ones are read as whom they were merged into."""
    if not wanted:
        return {}
    keys = list(wanted)
    args = {**_key_columns(wanted), "workspace": workspace, "contact_shards": list(SHARDS)}
    owners: dict[int, list[Key]] = defaultdict(list)
    for number, contact_id in fetch_all(conn, load("imports")["owners"], args):
        owners[contact_id].append(keys[number - 1])
    found: dict[Key, list[Known]] = defaultdict(list)
    if owners:
        ids = list(owners)
        args = {"shards": [shard_of_contact(contact_id) for contact_id in ids], "ids": ids}
        for row in fetch_all(conn, load("imports")["known"], args):
            for key in dict.fromkeys(owners[row[0]]):
                found[key].append(known_of(row))
    return found


def load_suppressed(conn: Conn, workspace: int, wanted: Mapping[Key, int]) -> dict[Key, str]:
    """What stands against addresses (key -> shard): key -> cause."""
    if not wanted:
        return {}
    keys = list(wanted)
    args = {**_key_columns(wanted), "workspace": workspace}
    return {keys[number - 1]: cause for number, cause in fetch_all(conn, load("imports")["suppressed"], args)}


def known_of(row: Sequence[Any]) -> Known:
    """A contact from its row and its addresses (`phone:+55...`, `email:...`)."""
    contact_id, name, surname, country, locale, zone, external_id, attributes, addresses = row[:9]
    phones = tuple(address[6:] for address in addresses if address.startswith("phone:"))
    emails = tuple(address[6:] for address in addresses if address.startswith("email:"))
    read = msgspec.json.decode(attributes) if isinstance(attributes, str | bytes) else attributes
    return Known(contact_id, name, surname, country, locale, zone, external_id, phones, emails, read)


def take_serials(conn: Conn, count: int) -> list[int]:
    """At least `count` serial numbers for new contacts; those of a transaction that rolls back are lost."""
    blocks = -(-count // SERIALS_PER_BLOCK)
    rows = fetch_all(conn, load("imports")["serials"], {"blocks": blocks})
    return [first + offset for (first,) in rows for offset in range(SERIALS_PER_BLOCK)]


class StagedRow(msgspec.Struct, frozen=True):
    """A row of the file among those that share a key with it: where it lies, and what is compared."""

    shard: int
    contact_id: int | None
    compared: FileRow


TWIN_KEYS = ("external", "phone", "email")


def load_twin_groups(conn: Conn, import_id: int, key: str) -> list[list[StagedRow]]:
    """Groups of staged rows that share an external id, a phone or an e-mail (`TWIN_KEYS`), each in file order."""
    by_key: dict[str, list[StagedRow]] = defaultdict(list)
    for value, shard, *compared, contact_id in fetch_all(conn, load("imports")[f"twins_by_{key}"], {"id": import_id}):
        by_key[value].append(StagedRow(shard, contact_id, FileRow(*compared)))
    return list(by_key.values())


def set_duplicates(conn: Conn, import_id: int, rows: Sequence[tuple[StagedRow, str, int | None]]) -> None:
    """These rows are persons of earlier rows: (row, reason, the earlier row's contact). They leave the stage."""
    args = {
        "id": import_id,
        "shards": [row.shard for row, _, _ in rows],
        "rows": [row.compared.row for row, _, _ in rows],
        "reasons": [reason for _, reason, _ in rows],
        "contacts": [contact_id for _, _, contact_id in rows],
    }
    run(conn, load("imports")["set_duplicates"], args)


def set_reasons(conn: Conn, import_id: int, rows: Sequence[tuple[StagedRow, str]]) -> None:
    """Something to be known about rows that have no reason yet."""
    args = {
        "id": import_id,
        "shards": [row.shard for row, _ in rows],
        "rows": [row.compared.row for row, _ in rows],
        "reasons": [reason for _, reason in rows],
    }
    run(conn, load("imports")["set_reasons"], args)


def mark_series(conn: Conn, import_id: int, first_row: int, last_row: int, reason: str) -> None:
    """The rows of a series of numbers say so."""
    args = {"id": import_id, "first": first_row, "last": last_row, "reason": reason}
    run(conn, load("imports")["mark_series"], args)


def reject_series(conn: Conn, import_id: int, reason: str) -> None:
    """Leave out the rows of series."""
    run(conn, load("imports")["reject_series"], {"id": import_id, "reason": reason})


def count_staged(conn: Conn, import_id: int) -> int:
    """How many rows are still to be applied."""
    row = fetch_one(conn, load("imports")["staged"], {"id": import_id})
    return int(row[0]) if row else 0


def tally(conn: Conn, import_id: int) -> dict[str, Any]:
    """The counts of an import, from its rows: by outcome, without SMS, fields that change, suggestions, by reason."""
    counts: dict[str, Any] = dict.fromkeys(("new", "updated", "unchanged", "duplicate", "rejected", "suppressed"), 0)
    counts |= {"without_sms": 0, "fields": 0, "suggestions": 0, "rows": 0, "reasons": {}}
    for outcome, reason, sms, fixable, count, fields in fetch_all(conn, load("imports")["tally"], {"id": import_id}):
        counts[outcome] = counts.get(outcome, 0) + count
        counts["rows"] += count
        counts["fields"] += int(fields or 0)
        if outcome in ("new", "updated", "unchanged") and not sms:
            counts["without_sms"] += count
        if outcome == "rejected" and fixable:
            counts["suggestions"] += count
        if reason:
            counts["reasons"][reason] = counts["reasons"].get(reason, 0) + count
    return counts


def _key_columns(wanted: Mapping[Key, int]) -> dict[str, list[Any]]:
    return {
        "shards": list(wanted.values()),
        "kinds": [kind for kind, _ in wanted],
        "canonicals": [canonical for _, canonical in wanted],
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def list_needed_files(conn: Conn) -> set[str]:
    """The kept files that an import has still to read."""
    return {row[0] for row in fetch_all(conn, load("imports")["needed_files"], {})}
