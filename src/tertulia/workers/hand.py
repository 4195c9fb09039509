"""One connection that decides entries of the log and what is due, a cycle at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any, Final

import psycopg
import structlog

from tertulia.actions import cycle
from tertulia.core.world import Config
from tertulia.errors import Conflict, StoodDown
from tertulia.store import world as loader
from tertulia.store.clock import real_now
from tertulia.store.db import Conn
from tertulia.store.identities import tune_lookups
from tertulia.store.log import LogWriter
from tertulia.store.log_reader import LogRow, move_positions
from tertulia.workers.acts import find_work
from tertulia.workers.log_places import place_of

CONFLICTS_MAX: Final = 5

log = structlog.get_logger("tertulia.engine")


class Hand:
    """A connection that decides, with its own numbers for what it appends and for new contacts. Its cycles are
    committed, or None comes back: it failed and nothing was written. `fence` comes before whatever
    is written. They raise StoodDown."""

    def __init__(self, conn: Conn, owner: str) -> None:
        self.conn = conn
        tune_lookups(conn)
        self.writer = LogWriter.lease(conn, f"engine {owner}", real_now())
        conn.commit()
        self.serials: Iterator[int] = loader.iter_serials(conn)

    def decide(
        self, config: Config, rows: Sequence[LogRow], now: datetime, owned: Mapping[int, int], fence: Callable[[], None]
    ) -> cycle.Batch | None:
        """One cycle over these entries."""

        def work() -> cycle.Batch:
            batch = cycle.decide_entries(self.conn, config, rows, now, self.serials, owned)
            move_positions(self.conn, rows)
            return batch

        return self._try(work, fence, "cycle_failed", len(rows))

    def act(
        self, name: str, config: Config, rows: Sequence[Any], now: datetime, owner: str, fence: Callable[[], None]
    ) -> cycle.Batch | None:
        """One cycle of an act over these rows, which are due. `owner`: whose part of shared totals it spends."""
        work = find_work(name, owner)

        def work_again() -> cycle.Batch:
            fresh = [copy(row) for row in rows]  # a cycle changes them, and this one may be done again
            return work(self.conn, config, fresh, now, self.serials)

        return self._try(work_again, fence, "due_failed", len(rows))

    def _try(
        self, work: Callable[[], cycle.Batch], fence: Callable[[], None], failed: str, count: int
    ) -> cycle.Batch | None:
        for _ in range(CONFLICTS_MAX):
            try:
                fence()
                batch = work()
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
                log.warning(failed, rows=count, error=type(error).__name__, at=place_of(error))
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
