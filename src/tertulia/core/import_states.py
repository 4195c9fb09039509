"""An import from upload to undo: its states, what may follow, and the options a person sets.

    uploaded -> checking -> checked -> applying -> done -> undoing -> undone
       ^           |           |
       +-----------+-----------+   back to the columns; any working state may also end as failed

Working states belong to the importer; it goes on with them after a crash. `failed` keeps what is committed: a failed
check is checked again from the columns, a failed apply is taken up again or undone. An import of past events is not
undone, but it may be stopped half-way: then it is `cancelled`, and what was taken stays.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from tertulia.core.consent import Basis, Cause

UNDO_DAYS = 30


class ImportState(StrEnum):
    """Where an import stands."""

    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"
    CANCELLED = "cancelled"


NEXT_STATES: Mapping[ImportState, frozenset[ImportState]] = {
    ImportState.UPLOADED: frozenset({ImportState.CHECKING}),
    ImportState.CHECKING: frozenset({ImportState.CHECKED, ImportState.UPLOADED, ImportState.FAILED}),
    ImportState.CHECKED: frozenset({ImportState.APPLYING, ImportState.UPLOADED, ImportState.CHECKING}),
    ImportState.APPLYING: frozenset({ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED}),
    ImportState.DONE: frozenset({ImportState.UNDOING}),
    ImportState.UNDOING: frozenset({ImportState.UNDONE, ImportState.FAILED}),
    ImportState.UNDONE: frozenset(),
    ImportState.CANCELLED: frozenset(),
    ImportState.FAILED: frozenset({ImportState.UPLOADED, ImportState.APPLYING, ImportState.UNDOING}),
}
WORKING_STATES = frozenset({ImportState.CHECKING, ImportState.APPLYING, ImportState.UNDOING})


class Options(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the importer said about a list. `country` of numbers without a country code; `basis`, `source` and
    `text_version` are the proof of consent; `consent_channel` a channel kind, `sms` (for e-mail
    addresses it means e-mail) or `*`; `cause` that of an opt-out list.
    `keep_series`: numbers that differ by one are real; `take_suggestions`: rows are imported as suggested;
    `take_erased`: people who were erased are taken in again (C5)."""

    country: str = ""
    basis: Basis = Basis.NONE
    source: str = ""
    text_version: str = ""
    consent_channel: str = "sms"
    cause: Cause = Cause.WITHDRAWN
    has_head: bool = True
    keep_series: bool = False
    take_suggestions: bool = False
    take_erased: bool = False


def may_follow(state: str, following: ImportState) -> bool:
    """Whether an import may go from one state to another."""
    return following in NEXT_STATES[ImportState(state)]


def may_undo(state: str, kind: str, ended_at: datetime | None, now: datetime) -> bool:
    """A customer list, done, within 30 days of its end. An opt-out list is never undone (C4)."""
    if kind != "customers" or ended_at is None:
        return False
    return may_follow(state, ImportState.UNDOING) and now < ended_at + timedelta(days=UNDO_DAYS)
