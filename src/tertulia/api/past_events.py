"""Past events of a source: a file becomes fields, a check, a start; it may be cancelled, and triggers nothing."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from django.http import HttpRequest, StreamingHttpResponse
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from tertulia import config
from tertulia.actions import past_events as actions
from tertulia.actions.import_files import save_file
from tertulia.actions.imports import list_heads, read_shape_of, read_targets
from tertulia.actions.past_words import explain_past
from tertulia.actions.sources import access_source
from tertulia.api.csv_lines import write_line
from tertulia.api.paging import read_limit
from tertulia.api.shell import conn_of, now, workspace_of, writing
from tertulia.core.past_counts import read_counts
from tertulia.core.past_fields import override_past_mapping
from tertulia.core.past_rows import PastOptions
from tertulia.data.models import Import
from tertulia.store import import_rows as rows
from tertulia.store.import_rows import Listing

router = Router(tags=["Past events"])
PATH = "/sources/{source_id}/past-events"


class NewPastIn(Schema):
    """`event` is the name of rows that have none."""

    event: str = ""


class PastFieldsIn(Schema):
    """`fields`: by column or key what it is (`user_id`, `anonymous_id`, `email`, `phone`, `event`, `time`, `zone`,
    `message_id`, `properties`, `property`, `property:TYPE:NAME` or `ignore`); what is not named stays as proposed.
    `zone` of times without one, `country` of phones without a country code, `month_first`: 03/04/2026 is in March."""

    fields: dict[str, str] = {}
    event: str | None = None
    zone: str | None = None
    country: str | None = None
    month_first: bool | None = None
    has_head: bool | None = None


class PastImportOut(Schema):
    """`state`: uploaded, checking, checked, applying, done, cancelled or failed (then `fault` says why). `format`: csv,
    sheet, lines (objects) or messages (of tracking SDKs). `new` events are, or will be, taken; `there` are here
    already; `twice` stand in an earlier row; `rejected` rows by `reasons`. `strangers`: new events of ids that
    nobody had."""

    id: int
    source_id: int
    name: str
    state: str
    fault: str
    size: int
    format: str
    heads: list[str]
    fields: list[str]
    options: dict[str, Any]
    rows_total: int | None
    rows_done: int
    rows: int
    new: int
    there: int
    twice: int
    rejected: int
    as_text: int
    strangers: int
    reasons: dict[str, int]
    names: dict[str, int]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class PastRowOut(Schema):
    """A row that is not taken: the field, what stands there, and why, as a code and in words."""

    row: int
    field: str
    value: str
    reason: str
    sentence: str


@router.get(PATH, response=list[PastImportOut], summary="Imports of past events")
def list_past_events(request: HttpRequest, source_id: int) -> list[dict[str, Any]]:
    """The newest first."""
    return [_write(found) for found in actions.list_past(access_source(workspace_of(request), source_id))]


@router.post(PATH, response={201: PastImportOut}, summary="Upload past events")
def post_past_events(
    request: HttpRequest, source_id: int, form: Form[NewPastIn], file: File[UploadedFile]
) -> Status[dict[str, Any]]:
    """CSV, XLSX or JSON Lines, as multipart/form-data. Its fields are proposed; nothing is taken yet."""
    source = access_source(workspace_of(request), source_id)
    limit = config.read_int("IMPORT_BYTES_MAX")
    saved = save_file(file.chunks(), config.data_dir(), limit)
    shape = actions.read_past_shape(config.data_dir(), saved, limit, source.workspace.country)
    with writing():
        name = file.name or "past events"
        made = actions.add_past(source, None, now(), name=name, saved=saved, shape=shape, event=form.event)
    return Status(201, _write(made))


@router.get(f"{PATH}/{{import_id}}", response=PastImportOut, summary="An import of past events")
def get_past_events(request: HttpRequest, source_id: int, import_id: int) -> dict[str, Any]:
    """How far it is, and what became of its rows."""
    return _write(actions.access_past(workspace_of(request), source_id, import_id))


@router.put(f"{PATH}/{{import_id}}/fields", response=PastImportOut, summary="Choose the fields of past events")
def put_past_fields(request: HttpRequest, source_id: int, import_id: int, form: PastFieldsIn) -> dict[str, Any]:
    """And what is said about the file. A check that was made before is forgotten."""
    with writing():
        found = actions.access_past(workspace_of(request), source_id, import_id)
        options = _read_options(form, actions.read_past_options(found))
        samples = read_shape_of(found).samples
        targets = override_past_mapping(read_targets(found), list_heads(found), samples, form.fields)
        actions.set_fields(conn_of(), found, targets, options)
    return get_past_events(request, source_id, import_id)


@router.post(f"{PATH}/{{import_id}}/check", response=PastImportOut, summary="Check past events")
def check_past_events(request: HttpRequest, source_id: int, import_id: int) -> dict[str, Any]:
    """Says what would become of every row; nothing does yet. Goes on by itself: read the import."""
    with writing():
        actions.start_past_check(conn_of(), actions.access_past(workspace_of(request), source_id, import_id))
    return get_past_events(request, source_id, import_id)


@router.post(f"{PATH}/{{import_id}}/start", response=PastImportOut, summary="Take checked past events")
def start_past_events(request: HttpRequest, source_id: int, import_id: int) -> dict[str, Any]:
    """Goes on by itself at the pace that live events leave, and on where it was after an interruption."""
    with writing():
        actions.start_past(actions.access_past(workspace_of(request), source_id, import_id), None, now())
    return get_past_events(request, source_id, import_id)


@router.post(f"{PATH}/{{import_id}}/cancel", response=PastImportOut, summary="Cancel past events")
def cancel_past_events(request: HttpRequest, source_id: int, import_id: int) -> dict[str, Any]:
    """A check leads back to the fields; of an import what was taken stays."""
    with writing():
        actions.cancel_past(actions.access_past(workspace_of(request), source_id, import_id), None, now())
    return get_past_events(request, source_id, import_id)


@router.get(f"{PATH}/{{import_id}}/rows", response=list[PastRowOut], summary="Past events that are not taken")
def list_past_rows(
    request: HttpRequest, source_id: int, import_id: int, twice: bool = False, after: int = 0, limit: int = 100
) -> list[dict[str, Any]]:
    """In the file's order, from after a row; `twice`: those whose message id stands in an earlier row."""
    found = actions.access_past(workspace_of(request), source_id, import_id)
    listed = rows.list_rows(conn_of(), found.pk, _choose(twice), after, read_limit(limit))
    return [_write_row(row) for row in listed]


@router.get(f"{PATH}/{{import_id}}/rows.csv", summary="Past events that are not taken, as CSV")
def download_past_rows(
    request: HttpRequest, source_id: int, import_id: int, twice: bool = False
) -> StreamingHttpResponse:
    """Row, field, value and reason. Cells that a spreadsheet would calculate are made text."""
    found = actions.access_past(workspace_of(request), source_id, import_id)
    answer = StreamingHttpResponse(_iter_csv(found, _choose(twice)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="past-events-{found.pk}-rows.csv"'
    return answer


@router.delete(f"{PATH}/{{import_id}}", response={204: None}, summary="Discard past events")
def delete_past_events(request: HttpRequest, source_id: int, import_id: int) -> Status[None]:
    """Of which nothing was taken."""
    with writing():
        found = actions.access_past(workspace_of(request), source_id, import_id)
        actions.discard_past(conn_of(), found, None, now())
    return Status(204, None)


def _read_options(form: PastFieldsIn, before: PastOptions) -> PastOptions:
    """What was said, with what is said now."""
    names = ("event", "zone", "country", "month_first", "has_head")
    told = {name: getattr(form, name) for name in names if getattr(form, name) is not None}
    return msgspec.structs.replace(before, **told)


def _choose(twice: bool) -> Listing:
    return Listing.DUPLICATE if twice else Listing.REJECTED


def _write_row(row: rows.ListedRow) -> dict[str, Any]:
    return {
        "row": row.row,
        "field": row.field,
        "value": row.value,
        "reason": row.reason.partition("?")[0],
        "sentence": explain_past(row.reason),
    }


def _iter_csv(found: Import, listing: Listing) -> Iterator[str]:
    heads = ("row", "field", "value", "reason", "sentence")
    yield "\ufeff" + write_line(heads)
    for row in rows.iter_rows(conn_of(), found.pk, listing):
        told = _write_row(row)
        yield write_line([str(told[head]) for head in heads])


def _write(found: Import) -> dict[str, Any]:
    counts = read_counts(found.counts)
    figures = ("rows", "new", "there", "twice", "rejected", "as_text", "strangers", "reasons", "names")
    same = ("source_id", "name", "state", "fault", "size", "options", "rows_total", "rows_done")
    return {
        "id": found.pk,
        "format": found.shape.get("kind", ""),
        "heads": list_heads(found),
        "fields": read_targets(found),
        "created_at": found.created_at,
        "started_at": found.started_at,
        "ended_at": found.ended_at,
        **{name: getattr(found, name) for name in same},
        **{name: getattr(counts, name) for name in figures},
    }
