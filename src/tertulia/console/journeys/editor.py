"""The editor: the journey as a graph, and beside it the fields of what is chosen in it.

Every change is a change of the draft's text, in the part that it concerns; what others wrote around it stays. A draft
is kept right or wrong: its mistakes stand at their nodes and fields.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from tertulia.actions import coupons
from tertulia.actions import journeys as actions
from tertulia.actions.endpoints import list_endpoints
from tertulia.actions.problems import Problem
from tertulia.actions.segments import list_segments
from tertulia.actions.templates import list_templates
from tertulia.console.access import get_now
from tertulia.console.files.page import list_addresses
from tertulia.console.journeys import fields
from tertulia.console.journeys.entry import build_entry, describe_entry, read_entry
from tertulia.console.journeys.flow import Figures, Path, draw_flow, read_path, write_path
from tertulia.console.journeys.head import describe_journey
from tertulia.console.journeys.words import describe_condition
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.core.journeys import Journey
from tertulia.core.sessions import ENDED, STARTED
from tertulia.core.steps.registry import list_kinds
from tertulia.data.models import Journey as JourneyModel
from tertulia.documents import edit
from tertulia.documents.lines import BadDocument, read_lines
from tertulia.ids import day_of
from tertulia.store.clicks import count_clicks
from tertulia.store.db import django_conn
from tertulia.store.journeys import count_now, count_steps
from tertulia.store.sources import list_event_names

NAMES_FROM = timedelta(days=30)
ENTRY = "entry"
WHOLE = "journey"
NOT_IN_FORM = ("steps", "entry", "kind")
POSTED = "f."  # what the names of posted fields begin with
BEFORE = "journey:%d"  # the session's key of a draft before the last change


def show_editor(request: HttpRequest, journey_id: int) -> HttpResponse:
    """The graph, and the fields of `?at=`: a step's path, `entry`, or `journey` for what holds for all of it."""
    journey = actions.access_journey(request.workspace, journey_id)
    if journey.kind == "broadcast":
        return HttpResponseRedirect(reverse("broadcast", args=[journey_id]))
    document, problems = actions.check_text(request.workspace, journey.document)
    context = describe_journey(request, journey, "graph", problems)
    try:
        value = read_lines(journey.document).value
    except BadDocument:
        return render(request, "journeys/unreadable.html", context)
    figures = read_figures(journey)
    chosen = request.GET.get("at", "")
    panel = describe_panel(request, journey, value, chosen, problems)
    context |= {
        "nodes": draw_flow(value, figures, problems),
        "figures": figures,
        "entry": describe_entry(value),
        "exceptions": describe_exceptions(value),
        "goal": describe_goal(value),
        "exit_when": describe_condition(value.get("exit_when")) if isinstance(value, dict) else "",
        "hold_out": str(value.get("hold_out") or "") if isinstance(value, dict) else "",
        "entry_problems": sum(problem.field.split(".")[0] == ENTRY for problem in problems),
        "chosen": chosen,
        "kinds": [(name, _(kind.TITLE), _(kind.ABOUT), kind.ICON) for name, kind in list_kinds().items()],
        "panel": panel,
        "here_now": figures.now.get(panel["step"], 0) if panel else 0,
        "came_here": figures.reached(panel["step"]) if panel else 0,
        "opened": list_opened(journey, panel["step"]) if panel else [],
        "document": document,
    }
    return render(request, "journeys/editor.html", context)


def read_figures(journey: JourneyModel) -> Figures:
    """What its runs came to; nothing while it was never published."""
    if journey.revision is None:
        return Figures()
    conn = django_conn()
    return Figures(count_now(conn, journey.pk), count_steps(conn, [journey.pk]))


def list_opened(journey: JourneyModel, step: str) -> list[tuple[str, int]]:
    """The links of a step's messages, by name, each with in how many people opened it, the most first."""
    if journey.revision is None or not step:
        return []
    found = [(link, n) for (at, link), n in count_clicks(django_conn(), journey.pk).items() if at == step and link]
    return sorted(found, key=lambda one: (-one[1], one[0]))


def describe_exceptions(value: Any) -> list[str]:
    """What ends a run at once, by its event."""
    rules = value.get("exceptions") if isinstance(value, dict) else None
    return [str(rule.get("event", "")) for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []


def describe_goal(value: Any) -> str:
    """The goal's event and its window; empty without one."""
    goal = value.get("goal") if isinstance(value, dict) else None
    if not isinstance(goal, dict):
        return ""
    return _("%(event)s within %(time)s") % {"event": goal.get("event", ""), "time": goal.get("within", "")}


def describe_panel(
    request: HttpRequest, journey: JourneyModel, value: Any, chosen: str, problems: list[Problem]
) -> dict[str, Any] | None:
    """The fields of what is chosen; None for nothing, or for what is not there any more."""
    around = fields.Around(
        *(list_channels(request), list_events(request), list_keys(request, journey.pk), list_wordings(request)),
        [(one.key, one.name) for one in list_segments(request.workspace) if one.state == "live"],
        list_endpoint_keys(request),
        list_pools(request),
        list_addresses(request.workspace),
    )
    if chosen == WHOLE:
        made = fields.build(Journey, value, POSTED, "", problems, around, leave=NOT_IN_FORM)
        return {"title": _("The whole journey"), "icon": "workflow", "fields": made, "step": ""}
    if chosen == ENTRY:
        made = build_entry(value.get(ENTRY), POSTED, ENTRY, problems, around)
        return {"title": _("Starts when"), "icon": "zap", "fields": made, "step": ""}
    try:
        raw = edit.read_part(value, read_path(chosen)) if chosen else None
    except LookupError:
        return None
    if not isinstance(raw, dict):
        return None
    kind = list_kinds().get(str(raw.get("kind")))
    others = [p.sentence for p in problems if p.field in (chosen, f"{chosen}.id", f"{chosen}.kind")]
    made = fields.build(kind, raw, POSTED, chosen, problems, around) if kind else []
    return {
        "title": _(kind.TITLE) if kind else _("Unknown step"),
        "about": _(kind.ABOUT) if kind else "",
        "icon": kind.ICON if kind else "circle-alert",
        "fields": made,
        "step": str(raw.get("id", "")),
        "errors": others,
    }


def list_endpoint_keys(request: HttpRequest) -> list[tuple[str, str]]:
    """Every endpoint that a step may call, by its key."""
    return [(row.key, f"{row.key} ({row.name})") for row in list_endpoints(request.workspace)]


def list_events(request: HttpRequest) -> list[str]:
    """Names of events that came lately, and those that are derived."""
    since = day_of(get_now(request) - NAMES_FROM)
    found = list_event_names(django_conn(), request.workspace.pk, since)
    return list(dict.fromkeys((*found, STARTED, ENDED)))


def list_keys(request: HttpRequest, journey_id: int) -> list[tuple[str, str]]:
    """The workspace's other journeys, by their keys, with their names."""
    return [(other.key, other.name) for other in actions.list_journeys(request.workspace) if other.pk != journey_id]


def list_wordings(request: HttpRequest) -> list[tuple[str, str]]:
    """The workspace's published templates, by their keys, with their names."""
    return [(one.key, one.name) for one in list_templates(request.workspace) if one.revision is not None]


def list_pools(request: HttpRequest) -> list[tuple[str, str]]:
    """The workspace's pools of coupons, by their keys, with their names."""
    return [(pool.key, pool.name) for pool in coupons.list_pools(request.workspace)]


def list_channels(request: HttpRequest) -> list[tuple[str, str]]:
    """What a message may be sent on: kinds first, then channels by their names."""
    known = actions.find_around(request.workspace).channels
    kinds = list(dict.fromkeys(known.values()))
    named = [name for name in known if name not in kinds]
    return [*((kind, _("%(kind)s (the first)") % {"kind": kind}) for kind in kinds), *((name, name) for name in named)]


# changes


def save_part(request: HttpRequest, journey_id: int) -> HttpResponse:
    """The fields of what is chosen."""

    def change(text: str, value: Any, at: str) -> tuple[str, str]:
        if at == WHOLE:
            made = fields.read(Journey, request.POST, POSTED, value, leave=NOT_IN_FORM)
            for name in [*made, *[known for known in value if known not in made]]:
                if name in NOT_IN_FORM or value.get(name) == made.get(name):
                    continue
                part = (name,)
                text = edit.replace_part(text, part, made[name]) if name in made else edit.remove_part(text, part)
            return text, at
        if at == ENTRY:
            return edit.replace_part(text, (ENTRY,), read_entry(request.POST, POSTED, value.get(ENTRY))), at
        raw = edit.read_part(value, read_path(at))
        kind = list_kinds()[str(raw["kind"])]
        return edit.replace_part(text, read_path(at), fields.read(kind, request.POST, POSTED, raw)), at

    return _change(request, journey_id, change, "")


def insert_step(request: HttpRequest, journey_id: int) -> HttpResponse:
    """A new step of a kind, where its button was pressed."""

    def change(text: str, value: Any, at: str) -> tuple[str, str]:
        kind = list_kinds()[request.POST["kind"]]
        place = int(request.POST["place"])
        sequence = read_path(at)
        step = {"id": find_free_id(value, kind.KIND), "kind": kind.KIND, **kind.SAMPLE}
        if kind.KIND == "message":
            step["channels"] = [name for name, _label in list_channels(request)[:1]] or ["sms"]
        if kind.KIND == "coupon":
            step["pool"] = next((key for key, _name in list_pools(request)), "")
        if kind.KIND == "start":
            step["journey"] = next((key for key, _name in list_keys(request, journey_id)), "")
        return edit.insert_part(text, sequence, place, step), write_path((*sequence, place))

    return _change(request, journey_id, change, "")


def delete_step(request: HttpRequest, journey_id: int) -> HttpResponse:
    """With the steps inside it; the toast takes it back."""
    told = _("Step deleted")
    return _change(request, journey_id, lambda text, _value, at: (edit.remove_part(text, read_path(at)), ""), told)


def move_step(request: HttpRequest, journey_id: int) -> HttpResponse:
    """One place up or down in its sequence."""

    def change(text: str, value: Any, at: str) -> tuple[str, str]:
        path: Path = read_path(at)
        sequence, place = path[:-1], int(path[-1])
        to = place + (-1 if request.POST.get("by") == "-1" else 1)
        if not 0 <= to < len(edit.read_part(value, sequence)):
            return text, at
        step = edit.read_part(value, path)
        return edit.insert_part(edit.remove_part(text, path), sequence, to, step), write_path((*sequence, to))

    return _change(request, journey_id, change, "")


def undo(request: HttpRequest, journey_id: int) -> HttpResponse:
    """The draft as it was before the last change that somebody made here."""
    journey = actions.access_journey(request.workspace, journey_id)
    before = request.session.pop(BEFORE % journey_id, None)
    if request.method == "POST" and before is not None:
        actions.save_draft(journey, request.user, get_now(request), before, version=journey.version)
        toast(request, _("Change taken back"))
    return HttpResponseRedirect(reverse("journey", args=[journey_id]))


Change = Callable[[str, Any, str], tuple[str, str]]


def _change(request: HttpRequest, journey_id: int, change: Change, told: str) -> HttpResponse:
    """Change the draft, then show what was changed. What the draft does not have any more is left as it is."""
    journey = actions.access_journey(request.workspace, journey_id)
    at = request.POST.get("at", "")
    if request.method == "POST":
        version = request.POST.get("version", "")
        try:
            text, at = change(journey.document, read_lines(journey.document).value, at)
        except (LookupError, ValueError):
            toast(request, _("This part of the journey is not there any more. Nothing was changed."), failed=True)
            return HttpResponseRedirect(reverse("journey", args=[journey_id]))
        before = journey.document
        actions.save_draft(
            journey, request.user, get_now(request), text, version=int(version) if version.isdecimal() else -1
        )
        request.session[BEFORE % journey_id] = before
        if told:
            toast(request, told, undo=reverse("undo_journey", args=[journey_id]))
    query = f"?{urlencode({'at': at})}" if at else ""
    return HttpResponseRedirect(reverse("journey", args=[journey_id]) + query)


def find_free_id(value: Any, kind: str) -> str:
    """An id that no step of the document has: `wait`, `wait-2`, ..."""
    taken = set(_list_ids(value))
    return next(name for name in (kind, *(f"{kind}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)


def _list_ids(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [str(value["id"])] if "id" in value else []
        return own + [id_ for one in value.values() for id_ in _list_ids(one)]
    return [id_ for one in value for id_ in _list_ids(one)] if isinstance(value, list) else []


ROUTES = (
    route("<int:journey_id>/", show_editor, "journey"),
    route("<int:journey_id>/part/", save_part, "save_journey_part"),
    route("<int:journey_id>/insert/", insert_step, "insert_step"),
    route("<int:journey_id>/delete-step/", delete_step, "delete_step"),
    route("<int:journey_id>/move/", move_step, "move_step"),
    route("<int:journey_id>/undo/", undo, "undo_journey"),
)
