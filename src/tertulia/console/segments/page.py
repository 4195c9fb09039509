"""The list of segments and lists, a new one, and the addresses of everything below."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from tertulia.actions import segments as actions
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now, may_change
from tertulia.console.routes import route
from tertulia.console.segments import acts, members, put, review, text, used, who
from tertulia.console.segments.head import find_progress
from tertulia.console.segments.words import describe_state
from tertulia.documents.edit import write_document
from tertulia.store.db import django_conn
from tertulia.store.segments import count_members


def show_segments(request: HttpRequest) -> HttpResponse:
    """Every segment and list by name, with how many are in it now and what uses it; `?archived=1`: the others."""
    archived = request.GET.get("archived") == "1"
    find = actions.list_archived if archived else actions.list_segments
    segments = find(request.workspace)
    counts = count_members(django_conn(), [one.pk for one in segments if one.state == "live"])
    users = actions.map_users(request.workspace)
    rows = [
        {
            "segment": one,
            "state": describe_state(one),
            "is_list": actions.is_list(one),
            "members": counts.get(one.pk, 0) if one.state == "live" else None,
            "counted": find_progress(one),
            "users": [row.name for part in users.get(one.key, ()) for row in part],
        }
        for one in segments
    ]
    context = {
        "rows": rows,
        "archived": archived,
        "others": not archived and bool(actions.list_archived(request.workspace)),
        "now": get_now(request),
        "may_change": may_change(request),
    }
    return render(request, "segments/list.html", context)


def add_segment(request: HttpRequest) -> HttpResponse:
    """Its name, and whether conditions decide or people are put on it (GET); a draft of that (POST)."""
    name, kind = request.POST.get("name", "").strip(), request.POST.get("kind", "segment")
    errors: dict[str, str] = {}
    if request.method == "POST":
        document = {"name": name} if kind == "list" else {"name": name, "where": {"all": []}}
        try:
            made = actions.create_segment(
                request.workspace, request.user, get_now(request), write_document(document), name=name
            )
            return HttpResponseRedirect(reverse("segment", args=[made.pk]))
        except Refused as refused:
            errors = {problem.field: problem.sentence for problem in refused.problems}
    context = {"name": name, "kind": kind, "errors": errors, "may_change": may_change(request)}
    return render(request, "segments/new.html", context, status=422 if errors else 200)


ROUTES = (
    route("", show_segments, "segments"),
    route("new/", add_segment, "new_segment"),
    *put.ROUTES,
    *who.ROUTES,
    *text.ROUTES,
    *members.ROUTES,
    *used.ROUTES,
    *review.ROUTES,
    *acts.ROUTES,
)
