"""What a file of past events comes to, counted row by row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from tertulia.core.past_reasons import PastReason
from tertulia.core.past_rows import PastEvent, PastProblem

NAMES_MAX: Final = 100  # event names that are counted each
PREVIEW_ROWS: Final = 10


class PastCounts(msgspec.Struct):
    """`new` events are taken; `there` are here already, `twice` stand in an earlier row; `rejected` by `reasons`.
    `as_text`: cells that are not of their column's type; `strangers`: new events of ids that nobody has yet. `names`
    counts what is new by event name, `first_at` and `last_at` bound it; `preview` has the first of it, as long as it is
    not imported."""

    rows: int = 0
    new: int = 0
    there: int = 0
    twice: int = 0
    rejected: int = 0
    as_text: int = 0
    strangers: int = 0
    reasons: dict[str, int] = {}
    names: dict[str, int] = {}
    first_at: datetime | None = None
    last_at: datetime | None = None
    preview: list[dict[str, Any]] = []

    def add_problem(self, problem: PastProblem) -> None:
        """A row that is not taken."""
        self.rows += 1
        code = problem.reason.partition("?")[0]
        if code == PastReason.TWICE:
            self.twice += 1
            return
        self.rejected += 1
        self.reasons[code] = self.reasons.get(code, 0) + 1

    def add_there(self, count: int) -> None:
        """Rows whose events are here already."""
        self.rows += count
        self.there += count

    def add_event(self, found: PastEvent) -> None:
        """A row that is taken."""
        self.rows += 1
        self.new += 1
        self.as_text += found.as_text
        entry = found.entry
        name = entry.name or entry.call
        if name in self.names or len(self.names) < NAMES_MAX:
            self.names[name] = self.names.get(name, 0) + 1
        self.first_at = entry.at if self.first_at is None else min(self.first_at, entry.at)
        self.last_at = entry.at if self.last_at is None else max(self.last_at, entry.at)

    def show(self, found: PastEvent) -> None:
        """Keep one of the first rows for the preview."""
        if len(self.preview) < PREVIEW_ROWS:
            entry = found.entry
            who = entry.user_id or entry.anonymous_id or (found.address[1] if found.address else entry.group_id)
            told = entry.traits if entry.call in ("identify", "group") else entry.properties
            row = {"row": found.row, "at": entry.at, "who": who, "call": entry.call, "name": entry.name, "told": told}
            self.preview.append(row)


def read_counts(kept: Mapping[str, Any]) -> PastCounts:
    """The counts that an import keeps."""
    return msgspec.convert(kept, PastCounts, strict=False)
