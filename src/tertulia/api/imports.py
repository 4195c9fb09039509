"""Imports: a file becomes columns, a check, an apply, an undo."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from tertulia import config
from tertulia.actions import import_files
from tertulia.actions import imports as actions
from tertulia.actions.channels import access_channel
from tertulia.api.csv_lines import write_line
from tertulia.api.paging import read_limit
from tertulia.api.shell import conn_of, now, workspace_of, writing
from tertulia.core.country_names import name_country
from tertulia.core.import_fields import ListKind, targets_of_kind
from tertulia.core.import_reasons import sentence_of_reason, sentence_of_remedy
from tertulia.core.import_states import Options
from tertulia.data.models import Import
from tertulia.errors import Invalid
from tertulia.store import import_rows as rows
from tertulia.store.import_rows import Listing

router = Router(tags=["Imports"])


class OptionsIn(Schema):
    """What is said about the list. `country` of numbers without a country code; `basis` consent, customer, contract or
    none, with its `source` and `text_version`; `consent_channel` a kind, `sms` (for
    e-mail addresses: e-mail) or `*`; `cause` of an opt-out list."""

    country: str = ""
    basis: str = "none"
    source: str = ""
    text_version: str = ""
    consent_channel: str = "sms"
    cause: str = "withdrawn"
    has_head: bool | None = None
    take_suggestions: bool = False


class NewImportIn(OptionsIn):
    """`kind`: customers or opt_outs; `channel_id`: on whose page it was started."""

    kind: str = "customers"
    channel_id: int | None = None


class ColumnsIn(OptionsIn):
    """`targets`: for each column a field's name, `ignore`, or `attribute:<name>`."""

    targets: list[str]


class ApplyIn(Schema):
    """`keep_series`: numbers that differ by one are real. `take_erased`: people who were erased (rows with the reason
    `erased`) are taken in again; without it they are left out. It is recorded in the audit log."""

    keep_series: bool = False
    take_erased: bool = False


class ImportOut(Schema):
    """`state`: uploaded, checking, checked, applying, done, undoing, undone or failed (then `fault` says why).
    `counts` by outcome and reason; `targets` of the columns named in `heads`."""

    id: int
    kind: str
    name: str
    state: str
    fault: str
    size: int
    heads: list[str]
    targets: list[str]
    options: dict[str, Any]
    rows_total: int | None
    rows_done: int
    counts: dict[str, Any]
    warnings: list[Any]
    channel_id: int | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    undone_at: datetime | None


class RowOut(Schema):
    """One row: `outcome` new, updated, unchanged, duplicate, rejected, suppressed or kept; `reason` a code with its
    `sentence`, `suggestion` what would be accepted."""

    row: int
    outcome: str
    field: str
    value: str
    reason: str
    sentence: str
    suggestion: str
    contact_id: int | None
    sms: bool


@router.get("/imports", response=list[ImportOut], summary="Imports")
def list_imports(request: HttpRequest) -> list[dict[str, Any]]:
    """The newest first."""
    return [_write(found) for found in actions.list_imports(workspace_of(request))]


@router.get("/imports/sample.csv", summary="A sample list")
def get_sample(request: HttpRequest) -> HttpResponse:
    """Name, surname and phone, as a list may look."""
    headers = {"Content-Disposition": f'attachment; filename="{import_files.SAMPLE_NAME}"'}
    return HttpResponse(import_files.SAMPLE, content_type="text/csv; charset=utf-8", headers=headers)


@router.get("/imports/fields", response=dict[str, list[str]], summary="What a column may be")
def list_fields(request: HttpRequest) -> dict[str, list[str]]:
    """By kind of list."""
    return {kind.value: [field.value for field in targets_of_kind(kind)] for kind in ListKind}


@router.post("/imports", response={201: ImportOut}, summary="Upload a list")
def post_import(request: HttpRequest, form: Form[NewImportIn], file: File[UploadedFile]) -> Status[dict[str, Any]]:
    """CSV or XLSX, as multipart/form-data. Its columns are proposed; nothing is applied yet."""
    workspace = workspace_of(request)
    kind = _read_kind(form.kind)
    channel = access_channel(workspace, form.channel_id) if form.channel_id is not None else None
    limit = config.read_int("IMPORT_BYTES_MAX")
    saved = import_files.save_file(file.chunks(), config.data_dir(), limit)
    options = _read_options(form, workspace.country)
    shape = import_files.read_shape(config.data_dir(), saved, limit, options.country)
    with writing():
        made = actions.add_import(
            workspace,
            None,
            now(),
            kind=kind,
            name=file.name or "list",
            saved=saved,
            shape=shape,
            options=options,
            channel=channel,
        )
    return Status(201, _write(made))


@router.get("/imports/{import_id}", response=ImportOut, summary="An import")
def get_import(request: HttpRequest, import_id: int) -> dict[str, Any]:
    """How far it is, and what became of its rows."""
    return _write(actions.access_import(workspace_of(request), import_id))


@router.put("/imports/{import_id}/columns", response=ImportOut, summary="Choose the columns")
def put_columns(request: HttpRequest, import_id: int, form: ColumnsIn) -> dict[str, Any]:
    """And what is said about the list. A check that was made before is forgotten."""
    workspace = workspace_of(request)
    with writing():
        found = actions.access_import(workspace, import_id)
        options = _read_options(form, workspace.country, actions.read_options_of(found).has_head)
        actions.set_columns(conn_of(), found, form.targets, options)
    return _write(actions.access_import(workspace, import_id))


@router.post("/imports/{import_id}/check", response=ImportOut, summary="Check a list")
def check_import(request: HttpRequest, import_id: int) -> dict[str, Any]:
    """Says what would happen to every row; nothing does yet. Goes on by itself: read the import."""
    with writing():
        actions.start_check(conn_of(), actions.access_import(workspace_of(request), import_id))
    return get_import(request, import_id)


@router.post("/imports/{import_id}/apply", response=ImportOut, summary="Apply a checked list")
def apply_import(request: HttpRequest, import_id: int, form: ApplyIn) -> dict[str, Any]:
    """Goes on by itself, and on where it was after an interruption: read the import."""
    with writing():
        found = actions.access_import(workspace_of(request), import_id)
        actions.start_apply(found, None, now(), keep_series=form.keep_series, take_erased=form.take_erased)
    return get_import(request, import_id)


@router.post("/imports/{import_id}/undo", response=ImportOut, summary="Undo an import")
def undo_import(request: HttpRequest, import_id: int) -> dict[str, Any]:
    """Within 30 days; an opt-out list stays."""
    with writing():
        actions.start_undo(actions.access_import(workspace_of(request), import_id), None, now())
    return get_import(request, import_id)


@router.get("/imports/{import_id}/rows", response=list[RowOut], summary="Rows of a list")
def list_rows(
    request: HttpRequest, import_id: int, listing: Listing = Listing.REJECTED, after: int = 0, limit: int = 100
) -> list[dict[str, Any]]:
    """By what became of them, in the file's order, from after a row."""
    found = actions.access_import(workspace_of(request), import_id)
    return [_write_row(row) for row in rows.list_rows(conn_of(), found.pk, listing, after, read_limit(limit))]


@router.get("/imports/{import_id}/rows.csv", summary="Rows of a list as CSV")
def download_rows(request: HttpRequest, import_id: int, listing: Listing = Listing.REJECTED) -> StreamingHttpResponse:
    """Row, outcome, field, value, reason and suggestion. Cells that a spreadsheet would calculate are made text."""
    found = actions.access_import(workspace_of(request), import_id)
    name = f"import-{found.pk}-{listing.value}.csv"
    answer = StreamingHttpResponse(_iter_csv(found, listing), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@router.delete("/imports/{import_id}", response={204: None}, summary="Discard an import")
def delete_import(request: HttpRequest, import_id: int) -> Status[None]:
    """Of which nothing was applied."""
    with writing():
        actions.discard(conn_of(), actions.access_import(workspace_of(request), import_id), None, now())
    return Status(204, None)


def _read_kind(kind: str) -> ListKind:
    try:
        return ListKind(kind)
    except ValueError:
        raise Invalid("A list is of customers or of opt_outs.", field="kind") from None


def _read_options(form: OptionsIn, country: str, has_head: bool = True) -> Options:
    """Raises Invalid for a basis or cause that does not exist."""
    told = {name: getattr(form, name) for name in OptionsIn.model_fields}
    told["country"] = form.country or country
    told["has_head"] = has_head if form.has_head is None else form.has_head
    try:
        return msgspec.convert(told, Options)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("`$.")[2].rstrip("`")
        raise Invalid("This is not one of the values it may have.", field=field) from None


def _write_row(row: rows.ListedRow) -> dict[str, Any]:
    sentence, params = sentence_of_reason(row.reason) if row.reason else ("", {})
    remedy, values = sentence_of_remedy(row.suggestion) if row.suggestion else ("", {})
    return {
        "row": row.row,
        "outcome": row.outcome,
        "field": row.field,
        "value": row.value,
        "reason": row.reason.partition("?")[0],
        "sentence": _(sentence) % _name_country(params) if sentence else "",
        "suggestion": _(remedy) % values if remedy else "",
        "contact_id": row.contact_id,
        "sms": row.sms,
    }


def _name_country(params: Mapping[str, Any]) -> dict[str, Any]:
    """The country in words, where a sentence names one."""
    return {**params, **({"country": name_country(str(params["country"]))} if "country" in params else {})}


def _iter_csv(found: Import, listing: Listing) -> Iterator[str]:
    heads = ("row", "outcome", "field", "value", "reason", "sentence", "suggestion")
    yield "\ufeff" + write_line(heads)
    for row in rows.iter_rows(conn_of(), found.pk, listing):
        told = _write_row(row)
        yield write_line([str(told[head]) for head in heads])


def _write(found: Import) -> dict[str, Any]:
    return {
        "id": found.pk,
        "kind": found.kind,
        "name": found.name,
        "state": found.state,
        "fault": found.fault,
        "size": found.size,
        "heads": actions.list_heads(found),
        "targets": actions.read_targets(found),
        "options": found.options,
        "rows_total": found.rows_total,
        "rows_done": found.rows_done,
        "counts": found.counts,
        "warnings": found.warnings,
        "channel_id": found.channel_id,
        "created_at": found.created_at,
        "started_at": found.started_at,
        "ended_at": found.ended_at,
        "undone_at": found.undone_at,
    }
