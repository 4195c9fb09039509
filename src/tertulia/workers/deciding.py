"""How an engine decides what it read from its log: as one cycle, or as two at once.

A long part is split by shards between the engine's own connection and a second one in a thread of its own: while
PostgreSQL looks up and writes for one, Python decides for the other. The two are to each other what two owners are.
Each locks the rows of its own shards only, numbers what it appends by a writer of its own, and sends what is another
shard's through the log; both are done before anything else is.

A short part is one cycle, for then an answer would only come later, and what is forwarded among its shards is decided
at once. Nor is the second hand given a shard in whose entries somebody unknown is named, or people are merged: of two
who meet the same newcomer one has to begin again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from functools import partial
from typing import Final

import psycopg
import structlog

from tertulia.actions import cycle
from tertulia.core.world import Config
from tertulia.errors import Conflict, StoodDown
from tertulia.ids import INDEX_OF_SHARD
from tertulia.store import ownership
from tertulia.store import world as loader
from tertulia.store.clock import real_now
from tertulia.store.db import Conn
from tertulia.store.identities import tune_lookups
from tertulia.store.log import LogWriter
from tertulia.store.log_reader import LogRow, move_positions
from tertulia.workers.log_places import place_of

CONFLICTS_MAX: Final = 5
SPLIT_LEAST: Final = 500  # entries; fewer are one cycle

Decided = tuple[Sequence[LogRow], cycle.Batch | None]

log = structlog.get_logger("tertulia.engine")


class Hand:
    """A connection that decides, with its own numbers for what it appends and for new contacts."""

    def __init__(self, conn: Conn, owner: str) -> None:
        self.conn = conn
        tune_lookups(conn)
        self.writer = LogWriter.lease(conn, f"engine {owner}", real_now())
        conn.commit()
        self.serials: Iterator[int] = loader.iter_serials(conn)

    def decide(
        self, config: Config, rows: Sequence[LogRow], now: datetime, owned: Mapping[int, int], fence: Callable[[], None]
    ) -> cycle.Batch | None:
        """One cycle over these entries, committed. None when it failed and nothing was written. Raises StoodDown."""
        for _ in range(CONFLICTS_MAX):
            try:
                fence()
                batch = cycle.decide_entries(self.conn, config, rows, now, self.serials, owned)
                move_positions(self.conn, rows)
                self.commit(batch)
            except (Conflict, psycopg.errors.DeadlockDetected):
                self.roll_back()
                continue
            except StoodDown:
                self.roll_back()
                raise
            except psycopg.OperationalError:
                raise
            except Exception as error:
                self.roll_back()
                log.warning("cycle_failed", entries=len(rows), error=type(error).__name__, at=place_of(error))
                return None
            return batch
        return None

    def commit(self, batch: cycle.Batch) -> None:
        """Forwarded entries go into the log in the same transaction."""
        self.writer.append(self.conn, batch.forwards, real_now())
        self.conn.commit()
        self.writer.committed()

    def roll_back(self) -> None:
        """Nothing of the transaction happened, and its numbers are free again."""
        self.conn.rollback()
        self.writer.rolled_back()


class Hands:
    """An engine's first hand, which does everything, and a second one for long parts of the log, if it has the
    connection for one."""

    def __init__(self, conn: Conn, beside: Conn | None, owner: str) -> None:
        self.first = Hand(conn, owner)
        self.least = SPLIT_LEAST
        self._owner = owner
        self._second = Hand(beside, owner) if beside is not None else None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="second hand")

    def decide(
        self,
        config: Config,
        rows: Sequence[LogRow],
        now: datetime,
        epochs: Mapping[int, int],
        fence: Callable[[], None],
    ) -> list[Decided]:
        """These entries in one part or two, each with what came of it; None: it failed, and nothing of it was written.
        `fence` locks all of the owner's shards. Raises StoodDown."""
        theirs = _find_theirs(rows, epochs) if self._second is not None and len(rows) >= self.least else {}
        parts = [row for row in rows if row.shard not in theirs], [row for row in rows if row.shard in theirs]
        if self._second is None or not all(parts):
            return [(rows, self.first.decide(config, rows, now, epochs, fence))]
        ours = {shard: epoch for shard, epoch in epochs.items() if shard not in theirs}
        other = self._thread.submit(
            self._second.decide, config, parts[1], now, theirs, self._make_fence(self._second, theirs)
        )
        try:
            batch = self.first.decide(config, parts[0], now, ours, self._make_fence(self.first, ours))
        finally:
            wait([other])
        return [(parts[0], batch), (parts[1], other.result())]

    def close(self) -> None:
        """End the thread; the connections are their opener's."""
        self._thread.shutdown()

    def _make_fence(self, hand: Hand, epochs: Mapping[int, int]) -> Callable[[], None]:
        return partial(ownership.fence, hand.conn, self._owner, epochs)


def _find_theirs(rows: Sequence[LogRow], epochs: Mapping[int, int]) -> dict[int, int]:
    """The shards of an owner that the second hand may have, with their epochs: half of them, but for those that have
    other entries than of known contacts."""
    held = {row.shard for row in rows if row.kind not in _ALONE and (row.kind != "event" or row.contact_id is None)}
    return {shard: epoch for shard, epoch in epochs.items() if INDEX_OF_SHARD[shard] % 2 == 1 and shard not in held}


_ALONE: Final = ("receipt", "outcome", "click")  # kinds of entries that concern their own contact
