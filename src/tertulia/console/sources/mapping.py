"""The mapping of a source of webhooks: its text, and beside it what it makes of a sample or of pasted JSON.

Trying sends nothing and keeps nothing, and tries the text as it stands in the editor, saved or not. Which sample is
chosen lives in the address.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import hooks as actions
from tertulia.actions.problems import Problem, Refused
from tertulia.console.access import get_now
from tertulia.console.routes import route
from tertulia.console.sources.head import describe_source
from tertulia.console.sources.words import name_call, name_event
from tertulia.console.toasts import toast
from tertulia.core.hook_presets import fill_preset
from tertulia.data.models import Source
from tertulia.errors import Invalid, NotFound
from tertulia.store.db import django_conn
from tertulia.store.hook_samples import Sample
from tertulia.store.sources import read_last_event

SAMPLES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """An event that would be made, or an item that would change: its name and call in words, whether it would be taken,
    and its JSON."""

    name: str
    call: str
    taken: bool
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the page's fields."""

    text: str
    payload: str
    headers: str
    sample: Sample | None


def show_mapping(request: HttpRequest, source_id: int) -> HttpResponse:
    """The page (GET); another sample beside what is being written, a try of it, or its saving (POST)."""
    source = actions.access_hook(request.workspace, source_id)
    form = read_form(request, source)
    if request.method != "POST" or "pick" in request.POST:
        return show_page(request, source, form, None, ())
    if request.POST.get("act") == "save":
        try:
            actions.save_mapping(source, request.user, get_now(request), form.text)
        except Refused as refused:
            return show_page(request, source, form, None, refused.problems, status=422)
        toast(request, _("Mapping saved. It reads every webhook from now on."))
        return HttpResponseRedirect(reverse("source_mapping", args=[source_id]) + write_query(form.sample))
    try:
        headers = actions.read_header_lines(form.headers)
    except Invalid as invalid:
        problem = Problem(invalid.code, invalid.sentence, invalid.field, invalid.line)
        return show_page(request, source, form, actions.Tried(), (problem,))
    tried = actions.try_mapping(source, get_now(request), form.text, form.payload, headers)
    return show_page(request, source, form, tried, tried.problems)


def read_form(request: HttpRequest, source: Source) -> Form:
    """What was sent, else what is stored and the sample that the address names, or the newest one."""
    sample = find_sample(request, source)
    if request.method == "POST":
        text = request.POST.get("text", "").replace("\r\n", "\n")
        if "pick" in request.POST:
            return Form(text, *show_sample(sample), sample)
        payload, headers = request.POST.get("payload", ""), request.POST.get("headers", "")
        return Form(text, payload, headers, sample)
    text = fill_preset(source.kind, source.pk) if request.GET.get("preset") == "1" else source.mapping
    return Form(text, *show_sample(sample), sample)


def show_sample(sample: Sample | None) -> tuple[str, str]:
    """Its payload as people read it, and its headers one a line; both empty without a sample."""
    return (show_json(sample.body), write_headers(sample)) if sample else ("", "")


def find_sample(request: HttpRequest, source: Source) -> Sample | None:
    """The sample that is asked for; the newest one where none is. None where there is none."""
    asked = request.GET.get("sample", "")
    if asked:
        try:
            return actions.find_sample(django_conn(), source, UUID(asked))
        except (ValueError, NotFound):
            return None
    newest = actions.list_newest(django_conn(), source, 1)
    return newest[0] if newest else None


def show_page(
    request: HttpRequest,
    source: Source,
    form: Form,
    tried: actions.Tried | None,
    problems: Any,
    status: int = 200,
) -> HttpResponse:
    """The tab with what was tried and what is wrong; each line of the mapping that is wrong stands beside its fault."""
    conn = django_conn()
    lines = form.text.split("\n")
    context = describe_source(request, source, read_last_event(conn, source.workspace_id, source.pk), "mapping")
    messages = tried.messages if tried else []
    item_count = sum("catalog" in message for message in messages)
    context |= {
        "form": form,
        "samples": actions.list_newest(conn, source, SAMPLES_SHOWN),
        "tried": tried,
        "event_count": len(messages) - item_count,
        "item_count": item_count,
        "events": [show_message(*pair) for pair in zip(tried.messages, tried.taken, strict=True)] if tried else [],
        "problems": [
            (problem, lines[problem.line - 1].strip() if 0 < problem.line <= len(lines) else "")
            if problem.field == "mapping"
            else (problem, "")
            for problem in problems
        ],
        "saving": status == 422,
        "wrong_lines": sorted({p.line for p in problems if p.line and p.field == "mapping"}),
        "numbers": range(1, len(lines) + 1),
    }
    return render(request, "sources/mapping.html", context, status=status)


def show_message(message: Any, taken: bool) -> Shown:
    """One event or item in words and whole."""
    call = str(message.get("type", ""))
    name = message.get("event") or (f"{message['catalog']}: {message['id']}" if "catalog" in message else "")
    words = name_call(call)
    shown = name_event(call, name if isinstance(name, str) else "")
    text = msgspec.json.format(msgspec.json.encode(message), indent=2).decode()
    return Shown(shown, "" if words == shown else words, taken, text)


def show_json(body: str) -> str:
    """A payload as people read it; what is no JSON as it came."""
    try:
        return msgspec.json.format(body.encode(), indent=2).decode()
    except (msgspec.DecodeError, RecursionError):
        return body


def write_headers(sample: Sample) -> str:
    """The kept headers, one a line."""
    return "\n".join(f"{name}: {value}" for name, value in sample.headers.items())


def write_query(sample: Sample | None) -> str:
    """The query that chooses a sample."""
    return f"?sample={sample.id}" if sample else ""


ROUTES = (route("<int:source_id>/mapping/", show_mapping, "source_mapping"),)
