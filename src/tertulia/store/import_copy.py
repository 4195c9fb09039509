"""The two COPYs of a check: every row's outcome, and the values of those that can be imported.

The lines are made as text by hand: a million rows pass here, and COPY of tuples costs three times as much. Texts come
from `import_rows`, which lets no control character through, so a backslash is the one sign to be escaped.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tertulia.store.db import Conn, load

_NULL = "\\N"


class StageLine(msgspec.Struct, gc=False):
    """One row of `import_stage`, without import and workspace. `attributes` as a mapping, empty for none."""

    shard: int
    row: int
    outcome: str
    contact_id: int | None
    name: str = ""
    surname: str = ""
    phone: str = ""
    phone_key: str = ""
    line_type: str = ""
    phone_country: str = ""
    sms: bool = False
    email: str = ""
    email_key: str = ""
    email_shard: int = 0
    external_id: str = ""
    external_shard: int = 0
    country: str = ""
    locale: str = ""
    zone: str = ""
    attributes: Mapping[str, Any] = {}
    search: str = ""
    consents: bool = True


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


def copy_stage(conn: Conn, import_id: int, workspace: int, lines: Sequence[StageLine]) -> None:
    """Write rows that can be imported."""
    with conn.cursor().copy(load("imports")["copy_stage"]) as copy:
        copy.write("".join(_stage_text(import_id, workspace, line) for line in lines))


def copy_rows(conn: Conn, import_id: int, workspace: int, lines: Sequence[RowLine]) -> None:
    """Write what rows are to become."""
    with conn.cursor().copy(load("imports")["copy_rows"]) as copy:
        copy.write("".join(_row_text(import_id, workspace, line) for line in lines))


def _stage_text(import_id: int, workspace: int, line: StageLine) -> str:
    attributes = msgspec.json.encode(line.attributes).decode() if line.attributes else "{}"
    contact = _NULL if line.contact_id is None else line.contact_id
    texts = (
        f"{line.name}\t{line.surname}\t{line.phone}\t{line.phone_key}\t{line.line_type}\t{line.phone_country}\t"
        f"{'t' if line.sms else 'f'}\t{line.email}\t{line.email_key}\t{line.email_shard}\t{line.external_id}\t"
        f"{line.external_shard}\t{line.country}\t{line.locale}\t{line.zone}\t{attributes}\t{line.search}"
    )
    if "\\" in texts:
        texts = texts.replace("\\", "\\\\")
    consents = "t" if line.consents else "f"
    return f"{line.shard}\t{import_id}\t{line.row}\t{workspace}\t{line.outcome}\t{contact}\t{texts}\t{consents}\n"


def _row_text(import_id: int, workspace: int, line: RowLine) -> str:
    contact = _NULL if line.contact_id is None else line.contact_id
    texts = f"{line.field}\t{line.value}\t{line.reason}\t{line.suggestion}"
    if "\\" in texts:
        texts = texts.replace("\\", "\\\\")
    sms = "t" if line.sms else "f"
    return f"{line.shard}\t{import_id}\t{line.row}\t{workspace}\t{line.outcome}\t{texts}\t{contact}\t{sms}\t{_NULL}\n"
