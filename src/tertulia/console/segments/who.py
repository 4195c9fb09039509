"""Who belongs: the conditions as fields, and beside them how many that is, exactly, while they are changed.

The form holds the whole tree. A button in it adds a condition or takes one away, and the fields come back from the
server; nothing is kept until the draft is saved. The count asks the database about the form as it stands.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tertulia.actions import segments as actions
from tertulia.actions.journeys import list_journeys
from tertulia.actions.problems import Problem, Refused
from tertulia.console.access import get_now
from tertulia.console.contacts.filters import list_attributes
from tertulia.console.journeys.editor import list_events
from tertulia.console.journeys.fields import Around
from tertulia.console.routes import route
from tertulia.console.segments.builder import Form, Part, build_tree, change_tree, read_tree
from tertulia.console.segments.head import describe_segment
from tertulia.console.segments.words import KINDS
from tertulia.console.tags import CHANNEL_MARKS
from tertulia.console.toasts import toast
from tertulia.data.models import Segment
from tertulia.documents import edit
from tertulia.documents.lines import BadDocument, read_lines
from tertulia.errors import Conflict
from tertulia.store.contacts import list_contacts_by_id
from tertulia.store.db import django_conn


def show_who(request: HttpRequest, segment_id: int) -> HttpResponse:
    """The draft's conditions (GET); kept as they are in the form, right or wrong (POST). What somebody else changed
    meanwhile is not overwritten."""
    segment = actions.access_segment(request.workspace, segment_id)
    if request.method == "POST":
        try:
            text = read_form(request, segment)
        except BadDocument:
            return HttpResponseRedirect(reverse("segment_text", args=[segment_id]))
        version = request.POST.get("version", "")
        try:
            now = get_now(request)
            actions.save_draft(segment, request.user, now, text, version=int(version) if version.isdecimal() else -1)
            toast(request, _("Draft saved"))
            return HttpResponseRedirect(reverse("segment", args=[segment_id]))
        except (Refused, Conflict) as error:
            segment.refresh_from_db()
            return render_form(request, segment, text, error.sentence, 409 if isinstance(error, Conflict) else 422)
    return render_form(request, segment, segment.document)


def change_form(request: HttpRequest, segment_id: int) -> HttpResponse:
    """The form after one of its buttons; nothing is kept."""
    segment = actions.access_segment(request.workspace, segment_id)
    if request.method != "POST":
        return HttpResponseRedirect(reverse("segment", args=[segment_id]))
    try:
        text = edit.replace_part(read_form(request, segment), ("where",), change_tree(request.POST))
    except BadDocument:
        return HttpResponseRedirect(reverse("segment_text", args=[segment_id]))
    answer = render_form(request, segment, text)
    answer.headers["HX-Trigger-After-Settle"] = "recount"
    return answer


def count_form(request: HttpRequest, segment_id: int) -> HttpResponse:
    """How many the form as it stands would hold, with eight of them, and its mistakes beside their fields (POST); of
    the draft (GET)."""
    segment = actions.access_segment(request.workspace, segment_id)
    root = None
    text = segment.document
    if request.method == "POST":
        try:
            text = read_form(request, segment)
        except BadDocument:
            text = segment.document
        _document, problems = actions.check_text(segment.workspace, text, segment.key)
        root = build_tree(read_where(text), make_form(request, problems))
    conn, now = django_conn(), get_now(request)
    context: dict[str, Any] = {"root": root, "parts": list(walk(root)) if root else [], "at": timezone.now()}
    try:
        found = actions.preview(conn, request.workspace, text, now, settings.PUBLIC_URL, segment.key)
        people = {row.id: row for row in list_contacts_by_id(conn, request.workspace.pk, found.sample)}
        context |= {"count": found.count, "people": [people[one] for one in found.sample if one in people]}
    except Refused as refused:
        context |= {"problems": refused.problems}
    return render(request, "segments/count.html", context)


def render_form(
    request: HttpRequest, segment: Segment, text: str, refusal: str = "", status: int = 200
) -> HttpResponse:
    """The page, with what a text says in its fields."""
    _document, problems = actions.check_text(segment.workspace, text, segment.key)
    context = describe_segment(request, segment, "who", problems)
    try:
        value = read_lines(text).value
    except BadDocument:
        return render(request, "segments/unreadable.html", context)
    told = value if isinstance(value, dict) else {}
    context |= {
        "root": build_tree(told.get("where"), make_form(request, problems)),
        "name": told.get("name", ""),
        "note": told.get("note", ""),
        "name_error": next((p.sentence for p in problems if p.field == "name"), ""),
        "kinds": [(kind, str(words), icon) for kind, (words, icon) in KINDS.items()],
        "refusal": refusal,
        "list_form": context["is_list"] and "where" not in told,
    }
    return render(request, "segments/who.html", context, status=status)


def read_form(request: HttpRequest, segment: Segment) -> str:
    """The draft's text with what the form says put in; the rest of it stays. Raises BadDocument for a draft that cannot
    be read."""
    text, posted = segment.document, request.POST
    value = read_lines(text).value
    told = value if isinstance(value, dict) else {}
    wanted: dict[str, Any] = {name: posted[name].strip() for name in ("name", "note") if name in posted}
    if "w.parts" in posted:
        wanted["where"] = read_tree(posted)
    for name, part in wanted.items():
        if part == told.get(name, "" if name == "note" else None):
            continue
        text = edit.remove_part(text, (name,)) if part == "" else edit.replace_part(text, (name,), part)
    return text


def read_where(text: str) -> Any:
    """A text's conditions; None where it has none."""
    value = read_lines(text).value
    return value.get("where") if isinstance(value, dict) else None


def make_form(request: HttpRequest, problems: list[Problem]) -> Form:
    """What the fields offer in this workspace."""
    workspace = request.workspace
    segments = [(one.key, one.name) for one in actions.list_segments(workspace) if one.state == "live"]
    journeys = [(one.key, one.name) for one in list_journeys(workspace)]
    known = actions.find_known(workspace)
    kinds = [(kind, str(CHANNEL_MARKS[kind][1]) if kind in CHANNEL_MARKS else kind) for kind in sorted(known.channels)]
    around = Around(events=list_events(request), journeys=journeys, segments=segments)
    return Form(problems, around, kinds, list_attributes(workspace))


def walk(part: Part) -> list[Part]:
    """A part and everything inside it."""
    return [part, *(one for inner in part.inner for one in walk(inner))]


ROUTES = (
    route("<int:segment_id>/", show_who, "segment"),
    route("<int:segment_id>/form/", change_form, "change_segment_form"),
    route("<int:segment_id>/count/", count_form, "count_segment"),
)
