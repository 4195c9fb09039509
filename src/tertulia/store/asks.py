"""What people ask of the engine: merges, consent, erasure. Each is a log entry, decided by the contact's owner.

A page's own transaction is no place for it: the log's numbers must be used or free again the moment their transaction
ends. So an `Asks` has a connection of its own on which each call is one transaction, and every thread has its own
`Asks`. `wait` answers when the owner has decided, so that the page can show what came of it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tertulia.core.entries import Entry, key_of, route
from tertulia.store.db import Conn
from tertulia.store.log import LogWriter, NewEntry, is_decided, notify

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

    def ask(self, workspace: int, entries: Sequence[Entry], now: datetime) -> list[Asked]:
        """Append the entries in one transaction and hint their owners."""
        new = [NewEntry(route(workspace, entry), workspace, key_of(entry), entry, now) for entry in entries]
        return self.act(lambda _conn, _writer: new, now)

    def act(self, do: Callable[[Conn, int], Sequence[NewEntry]], now: datetime) -> list[Asked]:
        """Do something and append the entries that it gives, in one transaction; then hint their owners. `do` gets
        the connection and this writer's id; what it raises undoes all of it."""
        try:
            with self._conn.transaction():
                new = do(self._conn, self._writer.writer)
                self._writer.append(self._conn, new, now)
        except BaseException:
            self._writer.rolled_back()
            raise
        self._writer.committed()
        if new:
            notify(self._conn)
        return [Asked(item.shard, self._writer.writer, self._writer.last_seq(item.shard)) for item in new]

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
