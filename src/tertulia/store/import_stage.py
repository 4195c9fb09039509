"""The stage of an import: its rows between check and apply.

The reader of a file copies rows into the shard of their own phone (else e-mail, else id), where the directory keeps
that key too; so a group of shards is checked against the contacts there with a join, without a look-up for each row.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from tertulia.ids import SHARDS
from tertulia.store.db import Conn, fetch_all, load, run
from tertulia.store.imports import ImportJob

Place = tuple[int, int]  # (shard, row)


class Staged(msgspec.Struct, frozen=True, gc=False):
    """A row of the stage. Texts are empty where the file has nothing; `reason` is what the file alone says about it."""

    row: int
    outcome: str
    contact_id: int | None
    name: str
    surname: str
    phone: str
    phone_key: str
    line_type: str
    phone_country: str
    sms: bool
    email: str
    email_key: str
    external_id: str
    country: str
    locale: str
    zone: str
    attributes: dict[str, Any]
    shard: int
    reason: str

    @property
    def place(self) -> Place:
        """Where the row lies."""
        return self.shard, self.row


class Finding(msgspec.Struct, frozen=True, gc=False):
    """What the check found out about a row: the fields it changes, what is to be said, whether its address is
    suppressed."""

    row: int
    field: str
    reason: str
    suppressed: bool


def analyze_stage(conn: Conn) -> None:
    """Let the planner know how many rows have been copied."""
    conn.execute(load("import_stage")["analyze"])


def list_staged_shards(conn: Conn, import_id: int) -> set[int]:
    """The shards in which an import has rows on the stage."""
    args = {"shards": list(SHARDS), "id": import_id}
    return {row[0] for row in fetch_all(conn, load("import_stage")["shards"], args)}


def load_owned(conn: Conn, job: ImportJob, shards: Sequence[int], *, listed: bool) -> list[Staged]:
    """A group's new rows whose address or id somebody has: of those that were checked (`listed`), or were not yet."""
    args = {**_group(job, shards), "listed": listed}
    return [_staged(row) for row in fetch_all(conn, load("import_stage")["owned"], args)]


def load_updated(conn: Conn, job: ImportJob, shards: Sequence[int]) -> list[Staged]:
    """A group's rows that change a contact, locked, in file order."""
    return [_staged(row) for row in fetch_all(conn, load("import_stage")["updated"], _group(job, shards))]


def find_suppressed(conn: Conn, job: ImportJob, shards: Sequence[int]) -> dict[Place, str]:
    """A group's rows whose address is suppressed, with the cause; the phone's before the e-mail's."""
    found: dict[Place, str] = {}
    for query in ("suppressed_by_email", "suppressed"):
        for shard, row, cause in fetch_all(conn, load("import_stage")[query], _group(job, shards)):
            found[shard, row] = cause
    return found


def restage(conn: Conn, import_id: int, rows: Sequence[tuple[Staged, str, int | None]]) -> None:
    """Give rows another outcome and contact: (row, outcome, contact)."""
    args = {
        "id": import_id,
        "staged": [row.shard for row, _, _ in rows],
        "rows": [row.row for row, _, _ in rows],
        "outcomes": [outcome for _, outcome, _ in rows],
        "contacts": [contact_id for _, _, contact_id in rows],
    }
    run(conn, load("import_stage")["restage"], args)


def move_rows(conn: Conn, import_id: int, rows: Sequence[tuple[Staged, int]]) -> None:
    """Bring rows to their contact's shard: (row, shard)."""
    args = {
        "id": import_id,
        "froms": [row.shard for row, _ in rows],
        "rows": [row.row for row, _ in rows],
        "shards": [shard for _, shard in rows],
    }
    run(conn, load("import_stage")["move"], args)


def list_group(conn: Conn, job: ImportJob, shards: Sequence[int], findings: Sequence[Finding]) -> int:
    """Write what the rows of these shards are to become, where that is not written yet; how many."""
    args = {
        **_group(job, shards),
        "found": [finding.row for finding in findings],
        "fields": [finding.field for finding in findings],
        "reasons": [finding.reason for finding in findings],
        "suppressed": [finding.suppressed for finding in findings],
    }
    return run(conn, load("import_stage")["list_rows"], args)


def _group(job: ImportJob, shards: Sequence[int]) -> dict[str, Any]:
    return {"id": job.id, "workspace": job.workspace, "shards": list(shards)}


def _staged(row: Sequence[Any]) -> Staged:
    attributes = row[16]
    read = msgspec.json.decode(attributes) if isinstance(attributes, str | bytes) else attributes
    values = [*row[:16], read, *row[17:]]
    return Staged(*values)
