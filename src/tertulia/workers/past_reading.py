"""The rows of a file of past events on their way into the log: read, checked by themselves, in batches.

A file is always read from its first row, also when an import goes on behind a later one: what makes equal rows
different is their number among their like, and that has to be counted again.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from tertulia import config
from tertulia.actions.import_files import open_file
from tertulia.core.import_reasons import pack_note
from tertulia.core.past_lines import MESSAGES, is_json, iter_objects, spread_inner
from tertulia.core.past_reasons import PastReason
from tertulia.core.past_rows import (
    SHOWN_CHARACTERS_MAX,
    PastEvent,
    PastOptions,
    PastProblem,
    PastReader,
    Sorter,
    Terms,
)
from tertulia.core.tabular import ROW_CHARACTERS_MAX, Broken, Shape, iter_pieces, split_pieces
from tertulia.ids import day_of
from tertulia.store.imports import ImportJob

Found = PastEvent | PastProblem
Batch = list[Found]


@cache
def find_zone(name: str) -> tzinfo | None:
    """The time zone of an IANA name, or None."""
    try:
        return ZoneInfo(name.strip()) if name.strip() else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def read_options(job: ImportJob) -> PastOptions:
    """What was said about the file."""
    return msgspec.convert(job.options, PastOptions, strict=False)


def make_terms(job: ImportJob, now: datetime) -> Terms:
    """What holds for every row of an import that began at `now`. Raises ConfigError for a wrong setting."""
    options, kept = read_options(job), config.read_days("EVENTS_KEPT_DAYS")
    zone = find_zone(options.zone) or ZoneInfo("UTC")
    oldest = None if kept is None else day_of(now - timedelta(days=kept))
    return Terms(job.source_id or 0, now, oldest, kept, options, zone, find_zone)


def iter_batches(data: Path, job: ImportJob, now: datetime, rows_max: int) -> Iterator[Batch]:
    """The rows behind the import's cursor, in the order of the file, `rows_max` at a time."""
    sorter, batch = Sorter(), []
    for found in _iter_rows(data, job, now):
        told = sorter.sort(found) if isinstance(found, PastEvent) else found
        if told.row <= job.cursor:
            continue
        batch.append(told)
        if len(batch) == rows_max:
            yield batch
            batch = []
    if batch:
        yield batch


def _iter_rows(data: Path, job: ImportJob, now: datetime) -> Iterator[Found]:
    shape, terms = msgspec.convert(job.shape, Shape), make_terms(job, now)
    targets = [job.mapping.get(str(column), "ignore") for column in range(shape.width)]
    reader = PastReader(targets, shape.first, terms)
    with open_file(data, job.path) as file:
        if is_json(shape):
            for row, value, text in iter_objects(file, shape):
                if len(text) > ROW_CHARACTERS_MAX:
                    reason = pack_note(PastReason.NOT_TAKEN, {"code": "message_too_large"})
                    yield PastProblem(row, "", text[:SHOWN_CHARACTERS_MAX], reason)
                elif value is None:
                    yield PastProblem(row, "", text[:SHOWN_CHARACTERS_MAX], PastReason.NOT_JSON.value)
                elif shape.kind == MESSAGES:
                    yield reader.read_message(row, value)
                else:
                    yield reader.read_fields(row, spread_inner(value, shape.sheet))
            return
        head = shape.first_row if terms.options.has_head else 0
        for record in split_pieces(iter_pieces(file, shape), shape.delimiter):
            if isinstance(record, Broken):
                yield PastProblem(record.row, "", record.text, pack_note(record.reason, record.params))
            elif record[0] > head:
                yield reader.read_cells(*record)
