"""The two COPYs of a check: the values of rows that can be imported, and the reasons of those that cannot.

The lines are made as text by hand: a million rows pass here, and COPY of tuples costs three times as much. Texts come
from `import_rows`, which lets no control character through, so a backslash is the one sign to be escaped.
"""

import msgspec

from tertulia.core.import_opt_outs import OptOut
from tertulia.core.import_rows import CheckedRow
from tertulia.core.search import LINE_CHARACTERS_MAX, fold
from tertulia.store.db import Conn, load
from tertulia.store.imports import ImportJob

_NULL = "\\N"


class Places(msgspec.Struct, gc=False):
    """The shards of a staged row and of its e-mail's and its id's keys; 0 where it has none."""

    row: int
    email: int = 0
    external_id: int = 0


class RowLine(msgspec.Struct, gc=False):
    """One row of `import_row`, without import and workspace."""

    shard: int
    row: int
    outcome: str
    field: str = ""
    value: str = ""
    reason: str = ""
    suggestion: str = ""
    contact_id: int | None = None
    sms: bool = False


def copy_stage(conn: Conn, lines: bytes) -> None:
    """Write rows that can be imported, as `person_line` and `opt_out_line` make them, in UTF-8."""
    with conn.cursor().copy(load("imports")["copy_stage"]) as copy:
        copy.write(lines)


def copy_rows(conn: Conn, lines: bytes) -> None:
    """Write what rows are to become, as `row_line` makes them, in UTF-8."""
    with conn.cursor().copy(load("imports")["copy_rows"]) as copy:
        copy.write(lines)


def person_line(job: ImportJob, row: CheckedRow, places: Places, contact_id: int, reason: str) -> str:
    """A customer's row on the stage, new until it is checked."""
    name, surname, phone, email, external_id = row.name, row.surname, row.phone, row.email, row.external_id
    number, ids = "\t\t\t\tf", "\t\t0\t\t0"
    search = f"{name} {surname}"
    if phone is not None:
        sms = "t" if phone.reachable_by_sms else "f"
        number = "\t".join((phone.e164, phone.key, phone.line, phone.region, sms))
        search = f"{name} {surname} {phone.e164}"
    if email or external_id:
        ids = f"{email}\t{row.email_key if email else ''}\t{places.email}\t{external_id}\t{places.external_id}"
        search += f" {email} {external_id}"
    attributes = msgspec.json.encode(row.attributes).decode() if row.attributes else "{}"
    consents = "f" if row.opt_in is False else "t"
    texts = (
        f"{name}\t{surname}\t{number}\t{ids}\t{row.country}\t{row.language}\t{row.zone}\t{attributes}\t"
        f"{fold(search)[:LINE_CHARACTERS_MAX]}"
    )
    if "\\" in texts:
        texts = texts.replace("\\", "\\\\")
    return f"{places.row}\t{job.id}\t{row.row}\t{job.workspace}\tnew\t{contact_id}\t{texts}\t{consents}\t{reason}\n"


def opt_out_line(job: ImportJob, row: OptOut, shard: int) -> str:
    """An address of an opt-out list on the stage."""
    facts = {"cause": row.cause.value, "at": row.at.isoformat(), "word": row.word}
    by_phone, address = row.kind == "phone", f"{row.value}\t{row.canonical}"
    number, email = (address, "\t") if by_phone else ("\t", address)
    email_shard = 0 if by_phone else shard
    attributes = msgspec.json.encode(facts).decode()
    texts = f"\t\t{number}\t\t\tf\t{email}\t{email_shard}\t\t0\t\t\t\t{attributes}\t"
    texts = texts.replace("\\", "\\\\")
    return f"{shard}\t{job.id}\t{row.row}\t{job.workspace}\tsuppressed\t{_NULL}\t{texts}\tt\t\n"


def row_line(job: ImportJob, line: RowLine) -> str:
    """What a row is to become, as it is copied."""
    contact = _NULL if line.contact_id is None else line.contact_id
    texts = f"{line.field}\t{line.value}\t{line.reason}\t{line.suggestion}"
    if "\\" in texts:
        texts = texts.replace("\\", "\\\\")
    sms = "t" if line.sms else "f"
    return f"{line.shard}\t{job.id}\t{line.row}\t{job.workspace}\t{line.outcome}\t{texts}\t{contact}\t{sms}\t{_NULL}\n"
