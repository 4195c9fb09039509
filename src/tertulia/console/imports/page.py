"""The four steps of an import: file, columns, check, result. Each step is an address; the import's state says which."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.import_files import SAMPLE, SAMPLE_NAME
from tertulia.actions.imports import (
    access_import,
    discard,
    list_heads,
    list_imports,
    may_set_columns,
    read_options_of,
    read_shape_of,
    read_targets,
    set_columns,
    start_apply,
    start_check,
    start_undo,
)
from tertulia.console.access import get_now
from tertulia.console.imports.check import build_check, progress_of, read_listing
from tertulia.console.imports.csv_lines import encode_lines, write_csv_line
from tertulia.console.imports.forms import (
    keep_answers,
    list_channels,
    read_columns,
    read_said,
    show_said,
    shown_answers,
    take_file,
)
from tertulia.console.imports.words import BASES, CAUSES, FIELDS, STATES, show_row
from tertulia.console.parts import StepperStep, build_stepper
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.core.country_names import list_countries, name_country
from tertulia.core.import_fields import ATTRIBUTE, IGNORE, ListKind, targets_of_kind
from tertulia.core.import_states import ImportState, may_undo
from tertulia.data.models import Import
from tertulia.errors import Conflict, Invalid
from tertulia.store.db import django_conn
from tertulia.store.import_rows import iter_rows


def show_imports(request: HttpRequest) -> HttpResponse:
    """Every import of the workspace, the newest first."""
    rows = [
        {
            "found": found,
            "state": STATES[found.state][0],
            "tone": STATES[found.state][1],
            "imported": found.counts.get("new", 0) + found.counts.get("updated", 0) + found.counts.get("suppressed", 0),
        }
        for found in list_imports(request.workspace)
    ]
    return render(request, "imports/list.html", {"rows": rows, "now": get_now(request)})


def choose_file(request: HttpRequest) -> HttpResponse:
    """The first step: a file, and what is said about it."""
    error: Invalid | None = None
    if request.method == "POST":
        try:
            found = take_file(request, get_now(request))
            return lead_to(request, reverse("import_columns", args=[found.pk]))
        except Invalid as invalid:
            error = invalid
    country = name_country(request.workspace.country)
    answers = shown_answers(request.POST if error else request.GET)
    if error is None:
        answers["country"] = country
    context = {
        "steps": make_steps(0),
        "answers": answers,
        "error": error,
        "bases": BASES.items(),
        "causes": CAUSES.items(),
        "channels": list_channels(request),
        "countries": list_countries(),
    }
    return render(request, "imports/file.html", context, status=422 if error else 200)


def lead_to(request: HttpRequest, address: str) -> HttpResponse:
    """To another page; htmx, which follows redirects unseen, is told to go there."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def show_import(request: HttpRequest, import_id: int) -> HttpResponse:
    """To the step at which the import is."""
    found = access_import(request.workspace, import_id)
    return HttpResponseRedirect(reverse(_step_of(found), args=[found.pk]))


def choose_columns(request: HttpRequest, import_id: int) -> HttpResponse:
    """The second step: what each column is. Who comes back too late is led to where the import is."""
    found = access_import(request.workspace, import_id)
    if request.method != "POST" and not may_set_columns(found):
        return show_import(request, import_id)
    kind = ListKind(found.kind)
    heads, targets, options = list_heads(found), read_targets(found), read_options_of(found)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            options = keep_answers(
                read_said(request.POST, kind), has_head=bool(request.POST.get("has_head")), keep_series=False
            )
            targets = read_columns(request.POST, len(heads), heads)
            set_columns(django_conn(), found, targets, options)
            start_check(django_conn(), found)
            return HttpResponseRedirect(reverse("import_check", args=[found.pk]))
        except Invalid as invalid:
            error = invalid
        except Conflict as conflict:
            toast(request, conflict.sentence, failed=True)
            return HttpResponseRedirect(reverse("import", args=[found.pk]))
    shape = read_shape_of(found)
    samples = shape.samples if options.has_head else (shape.first, *shape.samples)
    columns = [
        {
            "number": column,
            "head": head,
            "target": target,
            "attribute": target.removeprefix(ATTRIBUTE) if target.startswith(ATTRIBUTE) else "",
            "samples": [row[column] for row in samples[:3] if column < len(row) and row[column].strip()],
        }
        for column, (head, target) in enumerate(zip(heads, targets, strict=True))
    ]
    context = {
        "found": found,
        "steps": make_steps(1, found),
        "columns": columns,
        "targets": [(field.value, FIELDS[field.value]) for field in targets_of_kind(kind)],
        "ignore": IGNORE,
        "options": options,
        "answers": show_said(options),
        "country": name_country(options.country) if options.country else "",
        "shape": shape,
        "error": error,
        "bases": BASES.items(),
        "causes": CAUSES.items(),
    }
    return render(request, "imports/columns.html", context, status=422 if error else 200)


def show_check(request: HttpRequest, import_id: int) -> HttpResponse:
    """The third step: what will happen, before anything does."""
    found = access_import(request.workspace, import_id)
    if found.state not in (ImportState.CHECKING, ImportState.CHECKED):
        return HttpResponseRedirect(reverse(_step_of(found), args=[found.pk]))
    context = {"found": found, "steps": make_steps(2, found), **build_check(request, found, "import_check")}
    return render(request, "imports/check.html", context)


def check_again(request: HttpRequest, import_id: int) -> HttpResponse:
    """Check with the suggestions taken, or left."""
    found = access_import(request.workspace, import_id)
    taken = keep_answers(read_options_of(found), take_suggestions=request.POST.get("suggestions") == "take")
    return _steer(request, found, lambda: start_check(django_conn(), found, taken))


def apply_import(request: HttpRequest, import_id: int) -> HttpResponse:
    """Do what the check has shown."""
    found = access_import(request.workspace, import_id)
    keep, take = request.POST.get("series") == "keep", request.POST.get("erased") == "take"
    now = get_now(request)
    return _steer(request, found, lambda: start_apply(found, request.user, now, keep_series=keep, take_erased=take))


def undo_import(request: HttpRequest, import_id: int) -> HttpResponse:
    """Take an import back."""
    found = access_import(request.workspace, import_id)
    return _steer(request, found, lambda: start_undo(found, request.user, get_now(request)))


def discard_import(request: HttpRequest, import_id: int) -> HttpResponse:
    """Give up an import of which nothing was applied."""
    found = access_import(request.workspace, import_id)
    try:
        discard(django_conn(), found, request.user, get_now(request))
    except Conflict as conflict:
        toast(request, conflict.sentence, failed=True)
        return HttpResponseRedirect(reverse("import", args=[found.pk]))
    toast(request, _("Import discarded"))
    return HttpResponseRedirect(reverse("imports"))


def show_result(request: HttpRequest, import_id: int) -> HttpResponse:
    """The fourth step: progress while it works, then what has happened."""
    found = access_import(request.workspace, import_id)
    now = get_now(request)
    context = {
        "found": found,
        "steps": make_steps(3, found, wrong=found.state == ImportState.FAILED),
        "state": STATES[found.state][0],
        "tone": STATES[found.state][1],
        "working": found.state in (ImportState.APPLYING, ImportState.UNDOING),
        "may_undo": may_undo(found.state, found.kind, found.ended_at, now)
        or (found.state == ImportState.FAILED and found.started_at is not None and found.kind == ListKind.CUSTOMERS),
        **build_check(request, found, "import_result"),
    }
    return render(request, "imports/result.html", context)


def show_progress(request: HttpRequest, import_id: int) -> HttpResponse:
    """The progress alone; when the work is over, the page that shows what came of it."""
    found = access_import(request.workspace, import_id)
    if found.state not in (ImportState.CHECKING, ImportState.APPLYING, ImportState.UNDOING):
        return HttpResponse(headers={"HX-Redirect": reverse(_step_of(found), args=[found.pk])})
    return render(request, "imports/progress.html", {"found": found, **progress_of(found)})


def download_rows(request: HttpRequest, import_id: int) -> HttpResponseBase:
    """The rows of a listing as CSV, safe to open in a spreadsheet."""
    found = access_import(request.workspace, import_id)
    listing = read_listing(request)
    lines = [write_csv_line([_("Row"), _("Field"), _("In the file"), _("Reason"), _("Suggestion")])]
    for row in iter_rows(django_conn(), found.pk, listing):
        shown = show_row(row)
        lines.append(write_csv_line([str(shown.row), shown.field, shown.value, shown.reason, shown.suggestion]))
    answer = StreamingHttpResponse(encode_lines(lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="import-{found.pk}-{listing.value}.csv"'
    return answer


def download_sample(request: HttpRequest) -> HttpResponse:
    """A list as it should look."""
    answer = HttpResponse(SAMPLE, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{SAMPLE_NAME}"'
    return answer


def make_steps(current: int, found: Import | None = None, *, wrong: bool = False) -> list[StepperStep]:
    """The stepper; the way back ends where something was applied."""
    names = [_("File"), _("Columns"), _("Check"), _("Result")]
    back = [reverse("new_import")]
    if found is not None and found.started_at is None:
        back += [reverse("import_columns", args=[found.pk]), reverse("import_check", args=[found.pk])]
    return build_stepper(names, current, back if found is None or found.started_at is None else (), wrong)


def _step_of(found: Import) -> str:
    if found.state == ImportState.UPLOADED:
        return "import_columns"
    if found.state in (ImportState.CHECKING, ImportState.CHECKED):
        return "import_check"
    return "import_result"


def _steer(request: HttpRequest, found: Import, act) -> HttpResponse:
    try:
        act()
    except Conflict as conflict:
        toast(request, conflict.sentence, failed=True)
    return HttpResponseRedirect(reverse("import", args=[found.pk]))


ROUTES = (
    route("", show_imports, "imports"),
    route("new/", choose_file, "new_import"),
    route("sample.csv", download_sample, "import_sample"),
    route("<int:import_id>/", show_import, "import"),
    route("<int:import_id>/columns/", choose_columns, "import_columns"),
    route("<int:import_id>/check/", show_check, "import_check"),
    route("<int:import_id>/check/again/", check_again, "import_check_again"),
    route("<int:import_id>/apply/", apply_import, "import_apply"),
    route("<int:import_id>/result/", show_result, "import_result"),
    route("<int:import_id>/progress/", show_progress, "import_progress"),
    route("<int:import_id>/rows.csv", download_rows, "import_rows"),
    route("<int:import_id>/undo/", undo_import, "import_undo"),
    route("<int:import_id>/discard/", discard_import, "import_discard"),
)
