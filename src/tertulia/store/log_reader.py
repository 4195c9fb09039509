"""Reading the log, as an owner does: dense per (shard, writer), in the order of arrival over all of them.

A part is taken from what was read ahead. Of each (shard, writer) a few entries are read at a time, and where one has
more than was read, nothing that arrived after its last one is taken yet: what was read of the others stays for the next
part, and is not read again.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

import msgspec

from tertulia.store.db import Conn, fetch_all, load, run

Place = tuple[int, int]  # shard, writer
EACH_LEAST = 8  # entries read of one place at a time


class LogRow(msgspec.Struct, frozen=True):
    """An entry as it stands in the log."""

    shard: int
    writer: int
    seq: int
    workspace: int
    kind: str
    key: str
    contact_id: int | None
    occurred_at: datetime
    received_at: datetime
    payload: str  # JSON, as `entries.encode` wrote it


@dataclass(frozen=True, slots=True)
class LogPart:
    """The next entries in the order of their arrival. `more`: there are others."""

    rows: list[LogRow]
    more: bool


class LogReader:
    """Reads on from the positions of these shards. `each` is how many entries of one (shard, writer) are read at a
    time; it follows what is there: a few of every shard when all are busy, as many as a part takes when one is."""

    def __init__(self, conn: Conn, shards: Iterable[int], *, each: int = EACH_LEAST) -> None:
        self._shards = list(shards)
        self._each = each
        rows = fetch_all(conn, load("log_reader")["positions"], {"shards": self._shards})
        self._read: dict[Place, int] = {(shard, writer): seq for shard, writer, seq in rows}  # the last that was read
        self._arrived: dict[Place, datetime] = {}  # when that one did
        self._ahead: list[tuple[datetime, int, int, int, LogRow]] = []  # read and not taken, in the order of arrival
        self._waiting: Counter[Place] = Counter()  # how many those are

    def read(self, conn: Conn, limit: int) -> LogPart:
        """The next entries, at most `limit`, never past a gap."""
        cut_off = self._read_ahead(conn)
        until = min((self._arrived[place] for place in cut_off), default=None)
        ready = self._ahead
        if until is not None:
            ready = [keyed for keyed in ready if keyed[0] <= until]
        taken = ready[:limit]
        self._ahead = self._ahead[len(taken) :]
        self._waiting.subtract((keyed[2], keyed[1]) for keyed in taken)
        more = bool(cut_off) or bool(self._ahead)
        if more and len(taken) <= limit // 2:
            self._each = min(self._each * 2, limit)
        elif len(taken) == limit:
            self._each = max(self._each // 2, EACH_LEAST)
        return LogPart([keyed[-1] for keyed in taken], more)

    def _read_ahead(self, conn: Conn) -> set[Place]:
        """Read the next entries of every place that has not enough waiting. The places that may have more."""
        writers = [row[0] for row in fetch_all(conn, load("log_reader")["writers"], {})]
        places = [(shard, writer) for shard in self._shards for writer in writers]
        cut_off = {place for place, count in self._waiting.items() if count >= self._each}
        asked = [place for place in places if place not in cut_off] if cut_off else places
        args = {
            "shards": [shard for shard, _ in asked],
            "writers": [writer for _, writer in asked],
            "seqs": [self._read.get(place, 0) for place in asked],
            "each": self._each,
        }
        counts: Counter[Place] = Counter()
        for raw in fetch_all(conn, load("log_reader")["read_log"], args):
            row = LogRow(*raw)
            place = (row.shard, row.writer)
            if row.seq != self._read.get(place, 0) + 1:
                continue
            # A writer's clock may step back; its numbers never do, and a later one must not be decided first.
            arrived = max(row.received_at, self._arrived.get(place, row.received_at))
            self._arrived[place], self._read[place] = arrived, row.seq
            self._ahead.append((arrived, row.writer, row.shard, row.seq, row))
            counts[place] += 1
        if counts:
            self._waiting.update(counts)
            self._ahead.sort(key=_arrival_of)
            cut_off |= {place for place, count in counts.items() if count == self._each}
        return cut_off


_arrival_of = itemgetter(0, 1, 2, 3)


def move_positions(conn: Conn, rows: Iterable[LogRow]) -> None:
    """These entries are decided."""
    last: dict[Place, int] = {}
    for row in rows:
        place = (row.shard, row.writer)
        last[place] = max(row.seq, last.get(place, 0))
    args = {
        "shards": [shard for shard, _ in last],
        "writers": [writer for _, writer in last],
        "seqs": list(last.values()),
    }
    run(conn, load("log_reader")["move_positions"], args)
