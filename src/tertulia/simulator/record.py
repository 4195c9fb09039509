"""What happened, for the stories to check: the simulator's memory is the only witness besides the public API.

Four tables. `outgoing`: every send the platform asked for, accepted or refused. `webhooks`: every call that a
provider made, each attempt with the platform's answer. `taps`: every request for a link, by people and by machines.
`inbound`: everything that people did in an app. In quiet mode only the counts are kept.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

WIRE_ROWS_MAX = 5000
TABLES = ("outgoing", "webhooks", "taps", "inbound")
Row = dict[str, Any]


@dataclass(slots=True)
class Wire:
    """The last exchanges, for the page's wire log. `direction` is seen from the platform: out or in."""

    rows: deque[Row] = field(default_factory=lambda: deque(maxlen=WIRE_ROWS_MAX))
    total: int = 0
    refused: int = 0

    def add(self, row: Row) -> None:
        self.total += 1
        self.refused += row["refused"]
        row["n"] = self.total
        self.rows.append(row)

    def latest(self, show: str = "all", limit: int = 50) -> list[Row]:
        """Newest first. `show` is all, out, in or refused."""
        chosen = (row for row in reversed(self.rows) if is_shown(row, show))
        return [row for row, _ in zip(chosen, range(limit), strict=False)]


def is_shown(row: Row, show: str) -> bool:
    if show == "refused":
        return bool(row["refused"])
    return show not in ("out", "in") or row["direction"] == show


@dataclass(slots=True)
class Record:
    """Append-only tables and running counts. Rows of `outgoing` are live: their `state` follows the receipts."""

    quiet: bool = False
    tables: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES})
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, table: str, count: str, row: Row) -> Row:
        """Keep `row` (numbered from 1 within its table) and count it under `table.count` and by kind."""
        self.counts[f"{table}.{count}"] += 1
        self.counts[f"{table}.{count}.{row['kind']}"] += 1
        if not self.quiet:
            rows = self.tables[table]
            row["n"] = len(rows) + 1
            rows.append(row)
        return row

    def count(self, name: str, kind: str) -> None:
        """Count without a row: quiet mode, and states of messages."""
        self.counts[name] += 1
        self.counts[f"{name}.{kind}"] += 1

    def find(self, table: str, wanted: dict[str, str], after: int = 0, limit: int = 1000) -> list[Row]:
        """Rows numbered above `after` whose fields equal `wanted` (compared as text), oldest first."""
        return [row for row, _ in zip(self._matching(table, wanted, after), range(limit), strict=False)]

    def _matching(self, table: str, wanted: dict[str, str], after: int) -> Iterator[Row]:
        for row in self.tables[table][after:]:
            if all(str(row.get(name, "")) == value for name, value in wanted.items()):
                yield row
