"""Past events of a source: the list of imports, and the four steps of one: file, fields, check, result. Each step is an
address; the import's state says which."""

from collections.abc import Callable
from typing import Any
from zoneinfo import available_timezones

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.past_events import (
    SAMPLE,
    SAMPLE_NAME,
    access_past,
    cancel_past,
    discard_past,
    list_past,
    may_set_fields,
    set_fields,
    start_past,
    start_past_check,
)
from tertulia.actions.past_words import explain_past
from tertulia.actions.sources import access_source
from tertulia.console.access import get_now, may_change
from tertulia.console.imports.csv_lines import encode_lines, write_csv_line
from tertulia.console.imports.page import lead_to
from tertulia.console.imports.words import STATES
from tertulia.console.pages import get_page
from tertulia.console.parts import StepperStep, build_stepper
from tertulia.console.past_events.forms import (
    is_messages,
    list_fields,
    list_message_fields,
    read_fields,
    read_now,
    read_said,
    show_said,
    take_past_file,
)
from tertulia.console.past_events.view import build_outcome, progress_of, read_listing
from tertulia.console.routes import route
from tertulia.console.sources.head import describe_source
from tertulia.console.toasts import toast
from tertulia.core.country_names import list_countries
from tertulia.core.import_fields import IGNORE
from tertulia.core.import_states import WORKING_STATES, ImportState
from tertulia.core.past_counts import read_counts
from tertulia.data.models import Import, Source
from tertulia.errors import Conflict, Invalid
from tertulia.store.db import django_conn
from tertulia.store.import_rows import iter_rows
from tertulia.store.sources import read_last_event


def show_past_events(request: HttpRequest, source_id: int) -> HttpResponse:
    """Every import of past events of a source, the newest first."""
    source = access_source(request.workspace, source_id)
    rows = [
        {
            "found": found,
            "state": STATES[found.state][0],
            "tone": STATES[found.state][1],
            "counts": read_counts(found.counts),
        }
        for found in list_past(source)
    ]
    return render(request, "past_events/list.html", _describe(request, source) | {"rows": rows})


def choose_file(request: HttpRequest, source_id: int) -> HttpResponse:
    """The first step: a file."""
    source = access_source(request.workspace, source_id)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            found = take_past_file(request, source, get_now(request))
            return lead_to(request, reverse("past_fields", args=[source_id, found.pk]))
        except Invalid as invalid:
            error = invalid
    context = _describe(request, source) | {"steps": make_steps(0, source), "error": error}
    return render(request, "past_events/file.html", context, status=422 if error else 200)


def show_import(request: HttpRequest, source_id: int, import_id: int) -> HttpResponse:
    """To the step at which the import is."""
    return _lead_to_step(access_past(request.workspace, source_id, import_id))


def choose_fields(request: HttpRequest, source_id: int, import_id: int) -> HttpResponse:
    """The second step: what each column is. Who comes back too late is led to where the import is."""
    found = access_past(request.workspace, source_id, import_id)
    if request.method != "POST" and not may_set_fields(found):
        return _lead_to_step(found)
    targets, options = read_now(found)
    said, error = show_said(options), None
    if request.method == "POST":
        said |= {name: request.POST.get(name, "") for name in said}
        try:
            options = read_said(request.POST, options)
            targets = targets if is_messages(found) else read_fields(request.POST, found, options)
            set_fields(django_conn(), found, targets, options)
            start_past_check(django_conn(), found)
            return HttpResponseRedirect(reverse("past_check", args=[source_id, import_id]))
        except Invalid as invalid:
            error = invalid
        except Conflict as conflict:
            toast(request, conflict.sentence, failed=True)
            return _lead_to_step(access_past(request.workspace, source_id, import_id))
    messages = is_messages(found)
    context = _describe(request, found.source) | {
        "found": found,
        "steps": make_steps(1, found.source, found),
        "messages": messages,
        "table": found.shape["kind"] in ("csv", "sheet"),
        "columns": list_message_fields(found) if messages else list_fields(found, targets, options),
        "ignore": IGNORE,
        "options": options,
        "said": said,
        "zones": sorted(available_timezones()),
        "countries": list_countries(),
        "error": error,
    }
    return render(request, "past_events/fields.html", context, status=422 if error else 200)


def show_check(request: HttpRequest, source_id: int, import_id: int) -> HttpResponse:
    """The third step: what will happen, before anything does."""
    found = access_past(request.workspace, source_id, import_id)
    if found.state not in (ImportState.CHECKING, ImportState.CHECKED):
        return _lead_to_step(found)
    context = _describe(request, found.source) | {"found": found, "steps": make_steps(2, found.source, found)}
    return render(request, "past_events/check.html", context | build_outcome(request, found, "past_check"))


def start_import(request: HttpRequest, source_id: int, import_id: int) -> HttpResponse:
    """Do what the check has shown, or go on with it."""
    return _steer(request, source_id, import_id, lambda found: start_past(found, request.user, get_now(request)))


def cancel_import(request: HttpRequest, source_id: int, import_id: int) -> HttpResponse:
    """Stop what is at work."""
    return _steer(request, source_id, import_id, lambda found: cancel_past(found, request.user, get_now(request)))


def discard_import(request: HttpRequest, source_id: int, import_id: int) -> HttpResponse:
    """Give up an import of which nothing was taken."""
    found = access_past(request.workspace, source_id, import_id)
    if request.method == "POST":
        try:
            discard_past(django_conn(), found, request.user, get_now(request))
        except Conflict as conflict:
            toast(request, conflict.sentence, failed=True)
            return _lead_to_step(found)
        toast(request, _("Import discarded"))
    return HttpResponseRedirect(reverse("past_events", args=[source_id]))


def show_result(request: HttpRequest, source_id: int, import_id: int) -> HttpResponse:
    """The fourth step: progress while it works, then what has happened."""
    found = access_past(request.workspace, source_id, import_id)
    context = _describe(request, found.source) | {
        "found": found,
        "steps": make_steps(3, found.source, found, wrong=found.state == ImportState.FAILED),
        "state_words": STATES[found.state][0],
        "tone": STATES[found.state][1],
    }
    return render(request, "past_events/result.html", context | build_outcome(request, found, "past_result"))


def show_progress(request: HttpRequest, source_id: int, import_id: int) -> HttpResponse:
    """The progress alone; when the work is over, the page that shows what came of it."""
    found = access_past(request.workspace, source_id, import_id)
    if found.state not in WORKING_STATES:
        return HttpResponse(headers={"HX-Redirect": reverse(_step_of(found), args=[source_id, import_id])})
    return render(request, "past_events/progress.html", {"found": found, **progress_of(found)})


def download_rows(request: HttpRequest, source_id: int, import_id: int) -> HttpResponseBase:
    """The rows that are not taken as CSV, with their reasons, safe to open in a spreadsheet."""
    found = access_past(request.workspace, source_id, import_id)
    listing = read_listing(request, read_counts(found.counts))
    lines = [write_csv_line([_("Row"), _("Field"), _("In the file"), _("Reason")])]
    for row in iter_rows(django_conn(), found.pk, listing):
        lines.append(write_csv_line([str(row.row), row.field, row.value, explain_past(row.reason)]))
    answer = StreamingHttpResponse(encode_lines(lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="past-events-{found.pk}-{listing.value}.csv"'
    return answer


def download_sample(request: HttpRequest, source_id: int) -> HttpResponse:
    """A file as it may look."""
    answer = HttpResponse(SAMPLE, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{SAMPLE_NAME}"'
    return answer


def make_steps(current: int, source: Source, found: Import | None = None, *, wrong: bool = False) -> list[StepperStep]:
    """The stepper; the way back ends where something was taken."""
    names = [_("File"), _("Fields"), _("Check"), _("Result")]
    back = [reverse("new_past_import", args=[source.pk])]
    if found is not None:
        back += [reverse(step, args=[source.pk, found.pk]) for step in ("past_fields", "past_check")]
    return build_stepper(names, current, back if found is None or found.started_at is None else (), wrong)


def _describe(request: HttpRequest, source: Source) -> dict[str, Any]:
    """The head of a source's page. Whoever may import may not change the source because of that."""
    last_at = read_last_event(django_conn(), request.workspace.pk, source.pk)
    told = describe_source(request, source, last_at, "past")
    return told | {"may_import": may_change(request), "may_change": request.role in get_page("sources").change}


def _step_of(found: Import) -> str:
    if found.state == ImportState.UPLOADED:
        return "past_fields"
    if found.state in (ImportState.CHECKING, ImportState.CHECKED):
        return "past_check"
    return "past_result"


def _lead_to_step(found: Import) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse(_step_of(found), args=[found.source_id, found.pk]))


def _steer(request: HttpRequest, source_id: int, import_id: int, act: Callable[[Import], None]) -> HttpResponse:
    found = access_past(request.workspace, source_id, import_id)
    if request.method == "POST":
        try:
            act(found)
        except Conflict as conflict:
            toast(request, conflict.sentence, failed=True)
    return HttpResponseRedirect(reverse("past_import", args=[source_id, import_id]))


ROUTES = (
    route("", show_past_events, "past_events"),
    route("new/", choose_file, "new_past_import"),
    route("sample.csv", download_sample, "past_sample"),
    route("<int:import_id>/", show_import, "past_import"),
    route("<int:import_id>/fields/", choose_fields, "past_fields"),
    route("<int:import_id>/check/", show_check, "past_check"),
    route("<int:import_id>/start/", start_import, "past_start"),
    route("<int:import_id>/cancel/", cancel_import, "past_cancel"),
    route("<int:import_id>/result/", show_result, "past_result"),
    route("<int:import_id>/progress/", show_progress, "past_progress"),
    route("<int:import_id>/rows.csv", download_rows, "past_rows"),
    route("<int:import_id>/discard/", discard_import, "past_discard"),
)
