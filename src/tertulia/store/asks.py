"""What people ask of the engine: merges, consent, erasure. Each is a log entry, decided by the contact's owner.

A page's own transaction is no place for it: the log's numbers must be used or free again the moment their transaction
ends. So an `Asks` has a connection of its own on which each call is one transaction, and every thread has its own
`Asks`. `wait` answers when the owner has decided, so that the page can show what came of it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tertulia.core.entries import Entry, decode, key_of, route
from tertulia.store.db import Conn
from tertulia.store.log import LogWriter, NewEntry, is_decided, notify
from tertulia.store.parked import take_parked

POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """Where an entry stands in the log."""

    shard: int
    writer: int
    seq: int


class Asks:
    """One thread's appender. `conn` commits by itself (autocommit) and belongs to nobody else."""

    def __init__(self, conn: Conn, name: str, now: datetime) -> None:
        self._conn = conn
        self._writer = LogWriter.lease(conn, name, now)

    def ask(
        self, workspace: int, entries: Sequence[Entry], now: datetime, keys: Sequence[str] | None = None
    ) -> list[Asked]:
        """Append the entries in one transaction and hint their owners. `keys` where an entry is to count as another
        one than before (E1)."""
        keys = keys or [key_of(entry) for entry in entries]
        new = [
            NewEntry(route(workspace, entry), workspace, key, entry, now)
            for entry, key in zip(entries, keys, strict=True)
        ]
        try:
            with self._conn.transaction():
                self._writer.append(self._conn, new, now)
        except BaseException:
            self._writer.rolled_back()
            raise
        self._writer.committed()
        notify(self._conn)
        return [Asked(item.shard, self._writer.writer, self._writer.last_seq(item.shard)) for item in new]

    def try_again(self, workspace: int, shard: int, parked_id: UUID, now: datetime) -> Asked | None:
        """Settle a parked entry and append it once more, under a key of its own, for the first one was used up by
        its first try. None when it was settled already."""
        try:
            with self._conn.transaction():
                payload = take_parked(self._conn, workspace, shard, parked_id, now)
                if payload is None:
                    return None
                again = NewEntry(shard, workspace, f"again:{parked_id}", decode(payload), now)
                self._writer.append(self._conn, [again], now)
        except BaseException:
            self._writer.rolled_back()
            raise
        self._writer.committed()
        notify(self._conn)
        return Asked(shard, self._writer.writer, self._writer.last_seq(shard))

    def wait(self, asked: Sequence[Asked], timeout_s: float, sleep: Callable[[float], None] = time.sleep) -> bool:
        """Whether all were decided within `timeout_s` of real time."""
        until = time.monotonic() + timeout_s
        waiting = list(asked)
        while waiting:
            waiting = [item for item in waiting if not is_decided(self._conn, item.shard, item.writer, item.seq)]
            if waiting and time.monotonic() >= until:
                return False
            if waiting:
                sleep(POLL_S)
        return True
