"""The rows of a list on their way to the stage: read, checked by themselves, and written as the stage takes them.

A short list is read by a thread beside the one that copies. The rows of a long one go to two processes, a batch to each
in turn, for reading is Python's work alone (11 of 14 us a row) and one process does it on one core only. The batches
come back in the order of the file. A process ends when its pipe does, so a worker that is killed leaves none behind.
"""

import contextlib
import gc
import queue
import signal
import threading
import zoneinfo
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tertulia.actions.import_apply import read_options
from tertulia.actions.import_check import Prepared, Result, prepare_opt_outs, prepare_people
from tertulia.actions.import_files import open_file
from tertulia.core.import_opt_outs import OptOutReader
from tertulia.core.import_reasons import Remedy
from tertulia.core.import_rows import RowProblem, RowReader
from tertulia.core.tabular import Broken, Piece, Plain, Shape, iter_pieces, split_pieces
from tertulia.store.db import connect
from tertulia.store.imports import ImportJob, take_serials

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

BATCH_ROWS = 4_000
BATCHES_AHEAD = 2
PROCESSES = 2
PROCESSES_FROM_ROWS = 50_000  # below, starting them takes longer than they save


class _Task(msgspec.Struct):
    """A batch to be read, and serial numbers for its contacts."""

    pieces: list[Piece]
    serials: list[int]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read, by which mapping, at which moment."""

    url: str
    data: Path
    job: ImportJob
    now: datetime

    @property
    def shape(self) -> Shape:
        """How the file is taken apart."""
        return msgspec.convert(self.job.shape, Shape)


def read_ahead(reading: Reading) -> Iterator[Prepared]:
    """Batches made by a thread of their own, at most `BATCHES_AHEAD` waiting; what it raises is raised here."""
    waiting: queue.Queue[Prepared | BaseException | None] = queue.Queue(BATCHES_AHEAD)
    stop = threading.Event()

    def put(item: Prepared | BaseException | None) -> bool:
        while not stop.is_set():
            with contextlib.suppress(queue.Full):
                waiting.put(item, timeout=0.2)
                return True
        return False

    def produce() -> None:
        try:
            with contextlib.closing(_iter_prepared(reading)) as batches:
                for batch in batches:
                    if not put(batch):
                        return
            put(None)
        except BaseException as error:
            put(error)

    thread = threading.Thread(target=produce, name="import reader", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()


def _iter_prepared(reading: Reading) -> Iterator[Prepared]:
    job = reading.job
    with connect(reading.url, autocommit=True, name="tertulia importer reader") as conn:
        batches = _iter_batches(reading)
        if job.kind == "opt_outs":
            read = make_reader(job, reading.shape, reading.now)
            for pieces, _ in batches:
                yield prepare_opt_outs(conn, job, _read(read, pieces, reading.shape.delimiter))
            return
        tasks = (_Task(pieces, take_serials(conn, rows)) for pieces, rows in batches)
        if reading.shape.lines < PROCESSES_FROM_ROWS:
            read = make_reader(job, reading.shape, reading.now)
            for task in tasks:
                yield prepare_people(job, _read(read, task.pieces, reading.shape.delimiter), task.serials)
            return
        with _start_processes(reading) as pipes:
            yield from _share_out(tasks, pipes)


def _iter_batches(reading: Reading) -> Iterator[tuple[list[Piece], int]]:
    """The rows behind the import's cursor, in batches, and how many each has."""
    head = reading.shape.first_row if read_options(reading.job).has_head else 0
    last = max(reading.job.cursor, head)
    batch: list[Piece] = []
    room = BATCH_ROWS
    with open_file(reading.data, reading.job.path) as file:
        for piece in iter_pieces(file, reading.shape):
            if isinstance(piece, Plain):
                at = max(last + 1 - piece.row, 0)
                while lines := piece.lines[at : at + room]:
                    batch.append(Plain(piece.row + at, lines))
                    at += len(lines)
                    room -= len(lines)
                    if not room:
                        yield batch, BATCH_ROWS
                        batch, room = [], BATCH_ROWS
            elif (piece.row if isinstance(piece, Broken) else piece[0]) > last:
                batch.append(piece)
                room -= 1
                if not room:
                    yield batch, BATCH_ROWS
                    batch, room = [], BATCH_ROWS
    if batch:
        yield batch, BATCH_ROWS - room


def make_reader(job: ImportJob, shape: Shape, now: datetime) -> Callable[[int, list[str]], Result]:
    """What reads a row's cells by the import's mapping."""
    options = read_options(job)
    targets = [job.mapping.get(str(column), "ignore") for column in range(shape.width)]
    if job.kind == "opt_outs":
        return OptOutReader(targets, country=options.country, cause=options.cause, now=now).read
    zones = frozenset(zoneinfo.available_timezones())
    return RowReader(
        targets,
        country=options.country,
        zones=zones,
        today=now.date(),
        take_suggestions=options.take_suggestions,
    ).read


def _read(read: Callable[[int, list[str]], Result], pieces: Sequence[Piece], delimiter: str) -> list[Result]:
    records = split_pieces(pieces, delimiter)
    return [_refuse_broken(record) if isinstance(record, Broken) else read(*record) for record in records]


def _refuse_broken(record: Broken) -> RowProblem:
    return RowProblem(record.row, "", record.text, record.reason, record.params, Remedy.LEAVE_OUT)


# -- processes of their own ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _start_processes(reading: Reading) -> Iterator[list[Connection]]:
    """Processes that read batches, each behind a pipe."""
    context = get_context("spawn")
    pipes: list[Connection] = []
    processes: list[BaseProcess] = []
    try:
        for _ in range(PROCESSES):
            ours, theirs = context.Pipe()
            args = (theirs, reading.job, reading.now)
            process = context.Process(target=_serve, args=args, name="import reader", daemon=True)
            process.start()
            theirs.close()
            pipes.append(ours)
            processes.append(process)
        yield pipes
    finally:
        for pipe in pipes:
            pipe.close()
        for process in processes:
            process.join()


def _share_out(tasks: Iterator[_Task], pipes: Sequence[Connection]) -> Iterator[Prepared]:
    """Hand batches to the processes in turn; what they make of them, in the same order. A process has one batch at a
    time, so that neither side waits for the other to read while the other writes."""
    sent = 0
    for task in tasks:
        pipe = pipes[sent % len(pipes)]
        letter = msgspec.msgpack.encode(task)
        answer = pipe.recv_bytes() if sent >= len(pipes) else b""
        pipe.send_bytes(letter)
        sent += 1
        if answer:
            yield msgspec.msgpack.decode(answer, type=Prepared)
    for number in range(max(sent - len(pipes), 0), sent):
        yield msgspec.msgpack.decode(pipes[number % len(pipes)].recv_bytes(), type=Prepared)


def _serve(pipe: Connection, job: ImportJob, now: datetime) -> None:
    """A process: read batches until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    shape = msgspec.convert(job.shape, Shape)
    read = make_reader(job, shape, now)
    decoder = msgspec.msgpack.Decoder(_Task)
    gc.freeze()  # what is loaded stays; looking through it again and again takes 5 % of the time
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            task = decoder.decode(pipe.recv_bytes())
            made = prepare_people(job, _read(read, task.pieces, shape.delimiter), task.serials)
            pipe.send_bytes(msgspec.msgpack.encode(made))
