"""The log: appended by many, read by each shard's owner.

Numbered densely per (shard, writer): each appending process leases a fresh writer id and counts up only after its
commit; the owner keeps one position per (shard, writer) and never passes a gap. So a reader misses nothing that
commits late, and no append waits for another.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec

from tertulia.core.entries import Entry, encode, kind_of
from tertulia.store.arrays import Utf8Texts
from tertulia.store.db import Conn, fetch_one, load, run

CHANNEL = "tertulia_log"
WRITER_LOCKS = 0x7E27  # the space of the writers' advisory locks


class NewEntry(msgspec.Struct, frozen=True):
    """An entry on its way into the log. `key` makes it the same entry when it comes again (E1): for a webhook the
    provider's id, for a forwarded entry an id derived from the first one."""

    shard: int
    workspace: int
    key: str
    entry: Entry
    occurred_at: datetime
    contact_id: int | None = None


class LogWriter:
    """One appender with its own numbers. Not for use by several threads: each thread leases its own.

    `append` numbers and inserts; the caller commits and then says `committed`, or rolls back and says `rolled_back`.
    """

    def __init__(self, writer: int) -> None:
        self.writer = writer
        self._next: Counter[int] = Counter()
        self._pending: Counter[int] = Counter()

    @classmethod
    def lease(cls, conn: Conn, name: str, now: datetime) -> "LogWriter":
        """A writer with a fresh id, for this connection alone. The caller commits before the first append."""
        row = fetch_one(conn, load("log")["lease_writer"], {"name": name, "now": now})
        assert row is not None
        fetch_one(conn, load("log")["hold_writer"], {"space": WRITER_LOCKS, "writer": row[0]})
        return cls(row[0])

    def append(self, conn: Conn, entries: Sequence[NewEntry], received_at: datetime) -> None:
        """Insert the entries in their order, in the caller's transaction."""
        if not entries:
            return
        seqs = []
        for entry in entries:
            self._pending[entry.shard] += 1
            seqs.append(self._next[entry.shard] + self._pending[entry.shard])
        run(
            conn,
            load("log")["append"],
            {
                "writer": self.writer,
                "shards": [entry.shard for entry in entries],
                "seqs": seqs,
                "workspaces": [entry.workspace for entry in entries],
                "kinds": [kind_of(entry.entry) for entry in entries],
                "keys": [entry.key for entry in entries],
                "contacts": [entry.contact_id for entry in entries],
                "occurred": [entry.occurred_at for entry in entries],
                "received": received_at,
                "payloads": Utf8Texts([encode(entry.entry) for entry in entries]),
            },
        )

    def committed(self) -> None:
        """The transaction of the last appends has committed: their numbers are used."""
        self._next.update(self._pending)
        self._pending.clear()

    def last_seq(self, shard: int) -> int:
        """The number of this writer's last committed entry in a shard, 0 before the first."""
        return self._next[shard]

    def last_seqs(self) -> tuple[list[int], list[int]]:
        """The shards that this writer has written to, and the number of its last committed entry in each."""
        return list(self._next), list(self._next.values())

    def rolled_back(self) -> None:
        """The transaction is gone: its numbers are free again."""
        self._pending.clear()


def count_undecided(conn: Conn, writer: LogWriter) -> int:
    """How many of this writer's committed entries their owners have not passed yet."""
    shards, seqs = writer.last_seqs()
    row = fetch_one(conn, load("log")["undecided"], {"writer": writer.writer, "shards": shards, "seqs": seqs})
    return int(row[0]) if row else 0


def is_decided(conn: Conn, shard: int, writer: int, seq: int) -> bool:
    """Whether the shard's owner has passed an entry: decided or parked it."""
    row = fetch_one(conn, load("log")["position"], {"shard": shard, "writer": writer})
    return row is not None and row[0] >= seq


def notify(conn: Conn) -> None:
    """Hint the owners that there is work. On a connection of its own, after the commit, at most every 10 ms: inside
    every commit it would take a database-wide lock."""
    conn.execute(load("log")["notify"])
