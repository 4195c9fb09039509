"""Imports of past events: the check, and the way of the events into the log.

    check   every row is read and looked up; what is not taken is listed. Nothing else is written, so a check that was
            interrupted begins anew
    start   batch after batch goes into the log, each in one transaction with the progress that counts it: after SIGKILL
            the next importer goes on behind the last one, and takes no event twice

The engine decides these events as it decides all others, in the order of their arrival. So that nobody's live events
wait behind a file, only a few of its events lie in the log at any time: the next batch is written when the owners have
passed most of the last one.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from tertulia.actions.ingest import place_events
from tertulia.actions.past_sorting import sort_events
from tertulia.core.import_states import ImportState
from tertulia.core.past_counts import PastCounts, read_counts
from tertulia.core.past_rows import PastEvent, PastProblem
from tertulia.core.tabular import Shape
from tertulia.errors import StoodDown
from tertulia.store.clock import real_now
from tertulia.store.db import Conn
from tertulia.store.import_erased import count_proofs
from tertulia.store.imports import (
    ImportJob,
    advance_import,
    finish_import,
    forget_check,
    hold_check,
    set_shape,
    start_pass,
    tell,
)
from tertulia.store.log import LogWriter, count_undecided
from tertulia.store.past_events import reject_rows
from tertulia.workers.past_reading import Batch, iter_batches, read_options

CHECKED_ROWS: Final = 2_000
TAKEN_ROWS: Final = 500
UNDECIDED_MAX: Final = 500  # events of a file in the log when the next batch is written
LOOK_AGAIN_S: Final = 0.02
HOLD_EVERY_S: Final = 1.0


class Place(Protocol):
    """Where an importer works, and whether it is to stop."""

    @property
    def data(self) -> Path: ...

    def now(self, conn: Conn) -> datetime: ...

    def is_stopping(self) -> bool: ...


class Teller(Protocol):
    """Hints open pages that the import has moved, and the owners that there is work."""

    def tell(self, *, at_once: bool = False) -> None: ...

    def wake_owners(self) -> None: ...


@dataclass(slots=True)
class _Pass:
    """One pass over a file: the import as it was committed last, and what was counted until then."""

    place: Place
    conn: Conn
    job: ImportJob
    teller: Teller
    counts: PastCounts
    erased: bool

    def sort(self, batch: Batch) -> tuple[list[PastEvent], list[PastProblem]]:
        """Look a batch up and count it: what is new, and what is refused."""
        read = [found for found in batch if isinstance(found, PastEvent)]
        problems = [found for found in batch if isinstance(found, PastProblem)]
        country = read_options(self.job).country
        found = sort_events(self.conn, self.job.workspace, read, country=country, erased=self.erased)
        problems += found.problems
        for problem in problems:
            self.counts.add_problem(problem)
        for event in found.events:
            self.counts.add_event(event)
        self.counts.add_there(found.there)
        self.counts.strangers += found.strangers
        return found.events, problems

    def advance(self, cursor: int, rows_done: int) -> None:
        """Store the progress with what it counts. Raises StoodDown when a person or another importer moved it on."""
        counts = msgspec.to_builtins(self.counts)
        now = self.place.now(self.conn)
        if not advance_import(self.conn, self.job, now, cursor=cursor, rows_done=rows_done, counts=counts):
            raise StoodDown("The import was moved on.")
        self.job = msgspec.structs.replace(self.job, cursor=cursor, rows_done=rows_done, counts=counts)

    def finish(self, state: ImportState, **facts: Any) -> None:
        """Leave the working state. Raises StoodDown when somebody was faster."""
        counts = msgspec.to_builtins(self.counts)
        if not finish_import(self.conn, self.job, state.value, counts=counts, rows_total=self.counts.rows, **facts):
            raise StoodDown("The import was moved on.")


def check_past(place: Place, conn: Conn, job: ImportJob, teller: Teller) -> None:
    """Read and look up every row. Raises StoodDown, FileProblem."""
    now = place.now(conn)
    forget_check(conn, job.id)
    work = _Pass(place, conn, job, teller, PastCounts(), count_proofs(conn, job.workspace) > 0)
    rows_done = 0
    for batch in iter_batches(place.data, msgspec.structs.replace(job, cursor=0), now, CHECKED_ROWS):
        events, problems = work.sort(batch)
        reject_rows(conn, job, problems)
        for event in events[:CHECKED_ROWS]:
            work.counts.show(event)
        rows_done += len(batch)
        work.advance(batch[-1].row, rows_done)
        conn.commit()
        teller.tell()
        if place.is_stopping():
            raise StoodDown("The importer stops.")
    work.finish(ImportState.CHECKED)
    conn.commit()


def apply_past(place: Place, conn: Conn, job: ImportJob, teller: Teller) -> None:
    """Bring the file's new events into the log and wait until they are decided. Raises StoodDown, FileProblem."""
    now = place.now(conn)
    log = LogWriter.lease(conn, f"past events {job.id}", real_now())
    begun = job.started_at is not None
    start_pass(conn, job, now, rows_done=job.rows_done if begun else 0, rows_total=job.rows_total or 0)
    if not begun:
        facts = {"import": job.id, "name": job.name, "rows": read_counts(job.counts).new}
        tell(conn, job, "past_started", facts, now)
    counts = read_counts(job.counts) if begun else PastCounts()
    work = _Pass(place, conn, job, teller, counts, count_proofs(conn, job.workspace) > 0)
    rows_done = job.rows_done if begun else 0
    work.advance(job.cursor, rows_done)  # from now on it is counted what is taken, not what the check had found
    conn.commit()
    for batch in iter_batches(place.data, job, job.started_at or now, TAKEN_ROWS):
        _wait_for_owners(work, log, UNDECIDED_MAX)
        rows_done += len(batch)
        _take(work, log, batch, rows_done)
        teller.tell()
    _wait_for_owners(work, log, 0)
    _finish(work)


def _take(work: _Pass, log: LogWriter, batch: Batch, rows_done: int) -> None:
    """One batch into the log, with what it counts, in one transaction."""
    conn, job = work.conn, work.job
    events, problems = work.sort(batch)
    try:
        log.append(conn, _place(conn, job, events), work.place.now(conn))
        reject_rows(conn, job, problems)
        work.advance(batch[-1].row, rows_done)
        conn.commit()
    except BaseException:
        log.rolled_back()
        raise
    log.committed()
    if events:
        work.teller.wake_owners()


def _place(conn: Conn, job: ImportJob, events: Sequence[PastEvent]) -> list[Any]:
    return place_events(conn, [(job.workspace, event.entry) for event in events])


def _wait_for_owners(work: _Pass, log: LogWriter, undecided_max: int) -> None:
    """Until the owners have passed all but so many of this importer's entries. Raises StoodDown when the import is
    cancelled meanwhile, or the importer has to stop."""
    held_at = time.monotonic()
    while count_undecided(work.conn, log) > undecided_max:
        work.conn.commit()
        if work.place.is_stopping():
            raise StoodDown("The importer stops.")
        if time.monotonic() - held_at > HOLD_EVERY_S:
            held_at = time.monotonic()
            if not hold_check(work.conn, work.job, work.place.now(work.conn)):
                raise StoodDown("The import was moved on.")
            work.conn.commit()
        time.sleep(LOOK_AGAIN_S)
    work.conn.commit()


def _finish(work: _Pass) -> None:
    conn, job, counts = work.conn, work.job, work.counts
    now = work.place.now(conn)
    work.finish(ImportState.DONE, ended_at=now)
    shape = msgspec.convert(job.shape, Shape).without_people(has_head=read_options(job).has_head)
    set_shape(conn, job.id, msgspec.to_builtins(shape))
    facts = {"import": job.id, "name": job.name, "new": counts.new, "rejected": counts.rejected}
    tell(conn, job, "past_done", {**facts, "there": counts.there + counts.twice}, now)
    conn.commit()
