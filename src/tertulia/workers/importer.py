"""The importer: does what imports wait for (check, apply, undo), and takes up what another left.

    check   rows are read (`import_reading`) while others are copied to the stage; then two connections compare groups
            of shards with the contacts that are there, each group in one transaction
    apply   two connections again, a transaction for each group
    undo    like apply

Files of past events have a way of their own (`past_importer`), and a thread of their own: the engine sets their pace,
and no list waits for that.

A batch or a group commits with its progress, so after SIGKILL the next worker goes on behind the last one. The import
is held by a session's advisory lock, which a dead process cannot keep.
"""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from tertulia.actions.import_apply import (
    GROUPS,
    apply_group,
    leave_out_erased,
    prepare_apply,
    read_options,
    was_somebody_erased,
)
from tertulia.actions.import_check import check_group, settle_check, stage_batch
from tertulia.actions.import_files import forget_files
from tertulia.actions.import_undo import undo_group
from tertulia.core.import_people import Series, SeriesWatch
from tertulia.core.import_reasons import FileProblem
from tertulia.core.import_states import ImportState
from tertulia.core.tabular import Shape
from tertulia.errors import StoodDown
from tertulia.store.clock import decision_now
from tertulia.store.db import Conn, connect
from tertulia.store.import_erased import count_proofs
from tertulia.store.import_stage import analyze_stage, list_staged_shards
from tertulia.store.import_undo import count_rows, tally_undo
from tertulia.store.imports import (
    KINDS,
    LISTS,
    PAST_EVENTS,
    ImportJob,
    advance_import,
    claim_import,
    count_done,
    finish_import,
    hold_check,
    list_needed_files,
    notify_live,
    read_import,
    release_import,
    set_shape,
    start_pass,
    tally,
    tell,
    tune_session,
)
from tertulia.store.log import notify
from tertulia.workers.import_reading import Reading, read_ahead
from tertulia.workers.past_importer import apply_past, check_past

log = logging.getLogger(__name__)

CONNECTIONS = 2
IDLE_S = 0.5
LIVE_EVERY_S = 0.5
TRIES = 5
SWEEP_EVERY_S = 300.0
STOP_LIMIT_S = 5.0
UPLOAD_LIMIT_S = 3600.0  # a file is older than that before it is removed: its import may be on its way

_FAULT = "The import stopped on an error of the system. What was applied stays; start it again to go on."


@dataclass(frozen=True, slots=True)
class Setup:
    """What an importer needs: where the database and the files are, and which clock decides."""

    url: str
    data: Path
    test_clock: bool = False
    stop: threading.Event | None = None

    def is_stopping(self) -> bool:
        """Whether the importer was told to stop."""
        return self.stop is not None and self.stop.is_set()

    def now(self, conn: Conn) -> datetime:
        """The instant that decisions use."""
        return decision_now(conn, test_clock=self.test_clock)


def serve(setup: Setup, stop: threading.Event) -> None:
    """Work until told to stop: lists here, past events in a thread beside."""
    setup = replace(setup, stop=stop)
    beside = threading.Thread(target=_serve_past, args=(setup, stop), name="past events", daemon=True)
    beside.start()
    _serve_kinds(setup, stop, LISTS)
    beside.join(STOP_LIMIT_S)


def _serve_past(setup: Setup, stop: threading.Event) -> None:
    """Whatever happens to one import is told in the log, and the next look takes up what there is: nobody would start
    this thread again."""
    while not stop.is_set():
        try:
            _serve_kinds(setup, stop, (PAST_EVENTS,))
        except Exception:
            log.exception("importer: past events begin anew")
            stop.wait(IDLE_S)


def _serve_kinds(setup: Setup, stop: threading.Event, kinds: Sequence[str]) -> None:
    """Between imports look again every half second, and now and then remove what is read."""
    swept = 0.0
    while not stop.is_set():
        try:
            worked = work_once(setup, kinds=kinds)
            if kinds is LISTS and time.monotonic() - swept > SWEEP_EVERY_S:
                sweep_files(setup)
                swept = time.monotonic()
        except psycopg.OperationalError:
            log.warning("importer: the database is away; trying again")
            worked = False
        if not worked:
            stop.wait(IDLE_S)


def sweep_files(setup: Setup) -> int:
    """Remove the files of imports that are done, undone or discarded; how many."""
    with connect(setup.url, name="tertulia importer files") as conn:
        needed = list_needed_files(conn)
    return forget_files(setup.data, needed, time.time() - UPLOAD_LIMIT_S)


def work_once(setup: Setup, only: int = 0, kinds: Sequence[str] = KINDS) -> bool:
    """One pass of one import of some kinds that waits; whether there was any. `only`: of that import or none."""
    with connect(setup.url, autocommit=True, name="tertulia importer lock") as holder:
        import_id = claim_import(holder, only, kinds)
        if import_id is None:
            return False
        teller = _Teller(holder, import_id)
        try:
            _work(setup, import_id, teller)
        finally:
            with contextlib.suppress(psycopg.Error):
                teller.tell(at_once=True)
                release_import(holder, import_id)
    return True


def _work(setup: Setup, import_id: int, teller: "_Teller") -> None:
    with connect(setup.url, name="tertulia importer") as conn:
        tune_session(conn)
        job = read_import(conn, import_id)
        conn.commit()
        try:
            if job.kind == PAST_EVENTS:
                _work_past(setup, conn, job, teller)
            elif job.state == ImportState.CHECKING:
                _check(setup, conn, job, teller)
            elif job.state == ImportState.APPLYING:
                _apply(setup, conn, job, teller)
            elif job.state == ImportState.UNDOING:
                _undo(setup, conn, job, teller)
        except StoodDown:
            conn.rollback()
        except FileProblem as problem:
            conn.rollback()
            _fail(setup, conn, job, problem.sentence)
        except psycopg.OperationalError:
            raise
        except Exception:
            log.exception("import %s failed while %s", import_id, job.state)
            conn.rollback()
            _fail(setup, conn, job, _FAULT)


def _work_past(setup: Setup, conn: Conn, job: ImportJob, teller: "_Teller") -> None:
    if job.state == ImportState.CHECKING:
        check_past(setup, conn, job, teller)
    elif job.state == ImportState.APPLYING:
        apply_past(setup, conn, job, teller)


def _fail(setup: Setup, conn: Conn, job: ImportJob, sentence: str) -> None:
    now = setup.now(conn)
    job = read_import(conn, job.id)
    if finish_import(conn, job, ImportState.FAILED.value, counts=job.counts, warnings=job.warnings, fault=sentence):
        tell(conn, job, "import_failed", {"import": job.id, "name": job.name, "fault": sentence}, now)
    conn.commit()


# -- check -----------------------------------------------------------------------------------------------------------


def _check(setup: Setup, conn: Conn, job: ImportJob, teller: "_Teller") -> None:
    series = [msgspec.convert(found, Series) for found in job.counts.get("series", [])]
    watch = SeriesWatch(job.counts.get("watch", ()))
    counts: dict[str, Any] = {"repaired": 0, **job.counts}
    rows_done, cursor = job.rows_done, job.cursor
    for batch in read_ahead(Reading(setup.url, setup.data, job, setup.now(conn))):
        stage_batch(conn, batch)
        counts["repaired"] += batch.repaired
        rows_done += batch.count
        series += watch.feed(batch.numbers)
        counts["watch"], counts["series"] = list(watch.state), [msgspec.to_builtins(found) for found in series]
        advanced = advance_import(
            conn,
            msgspec.structs.replace(job, cursor=cursor),
            setup.now(conn),
            cursor=batch.last_row,
            rows_done=rows_done,
            counts=counts,
        )
        if not advanced:
            raise StoodDown("The import was moved on.")
        conn.commit()
        cursor = batch.last_row
        teller.tell()
    last = watch.end()
    counts["proofs"] = count_proofs(conn, job.workspace)
    job = msgspec.structs.replace(job, cursor=cursor, counts=counts)
    _compare(setup, conn, job, teller)
    _settle(setup, conn, job, [*series, last] if last else series)


def _compare(setup: Setup, conn: Conn, job: ImportJob, teller: "_Teller") -> None:
    """Check what is on the stage against the contacts that are there; an opt-out list has been while it was read."""
    if job.kind == "opt_outs":
        return
    analyze_stage(conn)
    conn.commit()

    def check(each: Conn, shards: Sequence[int]) -> int:
        check_group(each, job, shards)
        if not hold_check(each, job, setup.now(each)):
            raise StoodDown("The import was moved on.")
        return 0

    _work_groups(setup, job, _groups_of(conn, job), check, teller)


def _settle(setup: Setup, conn: Conn, job: ImportJob, series: Sequence[Series]) -> None:
    settle_check(conn, job, series)
    kept = {name: job.counts[name] for name in ("repaired", "proofs")}
    found = {**tally(conn, job.id), **kept}
    warnings = [{"kind": "series", **msgspec.to_builtins(one)} for one in series]
    total = int(found["rows"])
    if not hold_check(conn, job, setup.now(conn)):
        raise StoodDown("The import was moved on.")
    finish_import(conn, job, ImportState.CHECKED.value, counts=found, warnings=warnings, rows_total=total)
    conn.commit()


# -- apply and undo --------------------------------------------------------------------------------------------------


def _apply(setup: Setup, conn: Conn, job: ImportJob, teller: "_Teller") -> None:
    now = setup.now(conn)
    left = prepare_apply(conn, job)
    done = int(job.rows_done) if job.started_at else 0
    start_pass(conn, job, now, rows_done=done, rows_total=done + left)
    if job.started_at is None:
        tell(conn, job, "import_started", {"import": job.id, "name": job.name, "rows": left}, now)
    conn.commit()
    moment = job.started_at or now
    groups, erased = _groups_of(conn, job), was_somebody_erased(conn, job)
    conn.commit()

    def apply(each: Conn, shards: Sequence[int]) -> int:
        if erased:
            leave_out_erased(each, job, shards)
        return apply_group(each, job, shards, moment)

    _work_groups(setup, job, groups, apply, teller)
    _finish_apply(setup, conn, job)


def _finish_apply(setup: Setup, conn: Conn, job: ImportJob) -> None:
    now = setup.now(conn)
    counts = {**tally(conn, job.id), "repaired": job.counts.get("repaired", 0)}
    state = ImportState.DONE.value
    if not finish_import(conn, job, state, counts=counts, warnings=job.warnings, ended_at=now):
        raise StoodDown("The import was moved on.")
    shape = msgspec.convert(job.shape, Shape).without_people(has_head=read_options(job).has_head)
    set_shape(conn, job.id, msgspec.to_builtins(shape))
    facts = {"import": job.id, "name": job.name, **{key: counts[key] for key in ("new", "updated", "rejected")}}
    tell(conn, job, "import_done", {**facts, "suppressed": counts["suppressed"]}, now)
    conn.commit()


def _undo(setup: Setup, conn: Conn, job: ImportJob, teller: "_Teller") -> None:
    now = setup.now(conn)
    left = count_rows(conn, job.id)
    start_pass(conn, job, now, rows_done=job.rows_done, rows_total=job.rows_done + left)
    conn.commit()
    _work_groups(setup, job, GROUPS, lambda each, shards: undo_group(each, job, shards, now), teller)
    now = setup.now(conn)
    counts = {**job.counts, **tally_undo(conn, job.id)}
    if not finish_import(conn, job, ImportState.UNDONE.value, counts=counts, warnings=job.warnings, undone_at=now):
        raise StoodDown("The import was moved on.")
    facts = {"import": job.id, "name": job.name, "undone": counts["undone"], "kept": counts["kept"]}
    tell(conn, job, "import_undone", facts, now)
    conn.commit()


def _groups_of(conn: Conn, job: ImportJob) -> list[Sequence[int]]:
    """The groups in which the import has rows on the stage."""
    shards = list_staged_shards(conn, job.id)
    conn.commit()
    return [group for group in GROUPS if not shards.isdisjoint(group)]


def _work_groups(
    setup: Setup,
    job: ImportJob,
    groups: Iterable[Sequence[int]],
    work: Callable[[Conn, Sequence[int]], int],
    teller: "_Teller",
) -> None:
    """Groups of shards, each in a transaction of its own, on a few connections at once."""
    waiting: queue.SimpleQueue[Sequence[int]] = queue.SimpleQueue()
    for group in groups:
        waiting.put(group)
    faults: list[BaseException] = []

    def run() -> None:
        try:
            with connect(setup.url, name="tertulia importer") as conn:
                tune_session(conn)
                while not faults:
                    _work_group(setup, conn, job, waiting.get_nowait(), work)
        except queue.Empty:
            return
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=run, name="import groups", daemon=True) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(LIVE_EVERY_S)
            teller.tell()
    if faults:
        raise faults[0]


def _work_group(
    setup: Setup, conn: Conn, job: ImportJob, shards: Sequence[int], work: Callable[[Conn, Sequence[int]], int]
) -> None:
    for attempt in range(TRIES):
        try:
            rows = work(conn, shards)
            if rows and not count_done(conn, job, rows, setup.now(conn)):
                raise StoodDown("The import was moved on.")
            conn.commit()
            return
        except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
            conn.rollback()
            if attempt == TRIES - 1:
                raise


class _Teller:
    """Hints open pages that an import has moved, at most twice a second."""

    def __init__(self, conn: Conn, import_id: int) -> None:
        self._conn = conn
        self._import_id = import_id
        self._last = 0.0

    def tell(self, *, at_once: bool = False) -> None:
        """Hint now, unless it was done a moment ago."""
        if at_once or time.monotonic() - self._last >= LIVE_EVERY_S:
            self._last = time.monotonic()
            notify_live(self._conn, self._import_id)

    def wake_owners(self) -> None:
        """Hint the engines that there is work in the log."""
        notify(self._conn)
