"""Selected contacts are put on a list: which one is asked here. And a filter of the contact list becomes a segment."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import segments as actions
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now, may_change
from tertulia.console.contacts.filters import NAMES, keep_query, read_filter
from tertulia.console.contacts.segment import describe_filter
from tertulia.console.routes import route
from tertulia.console.segments.members import change_list
from tertulia.documents.edit import write_document
from tertulia.store.contacts import Filter, list_contacts, list_contacts_by_id
from tertulia.store.db import django_conn

CHOSEN_MAX = 10_000


def put_contacts(request: HttpRequest) -> HttpResponse:
    """The lists there are, for the contacts `ids`, or those of a filter of the contact list (GET); they are put on the
    chosen one (POST)."""
    told = request.POST if request.method == "POST" else request.GET
    which = read_filter(told)
    ids = [int(one) for one in told.getlist("ids") if one.isdecimal() and len(one) < 19]
    contacts = find_chosen(request, ids, which)
    lists = [one for one in actions.list_segments(request.workspace) if one.state == "live" and actions.is_list(one)]
    chosen = next((one for one in lists if str(one.pk) == request.POST.get("onto", "")), None)
    too_many = len(contacts) > CHOSEN_MAX
    if request.method == "POST" and chosen is not None and contacts and not too_many:
        change_list(request, chosen, contacts, on=True)
        return HttpResponseRedirect(reverse("segment_members", args=[chosen.pk]))
    context = {
        "count": len(contacts),
        "too_many": CHOSEN_MAX if too_many else 0,
        "ids": ids,
        "kept": {name: told[name] for name in NAMES if told.get(name)},
        "lists": lists,
        "may_change": may_change(request),
    }
    return render(request, "segments/put.html", context, status=422 if request.method == "POST" else 200)


def find_chosen(request: HttpRequest, ids: list[int], which: Filter) -> list[int]:
    """The contacts of the workspace that are meant: these ids, or without any those of the filter, at most one more
    than may be put on a list at once."""
    conn, workspace = django_conn(), request.workspace.pk
    if ids or which == Filter():
        return [one.id for one in list_contacts_by_id(conn, workspace, ids[: CHOSEN_MAX + 1])]
    return [one.id for one in list_contacts(conn, workspace, which, None, CHOSEN_MAX + 1, rare=True)]


def save_filter(request: HttpRequest) -> HttpResponse:
    """What of the contact list's filter a segment can say, and what not (GET); a draft of it (POST)."""
    told = request.POST if request.method == "POST" else request.GET
    which = read_filter(told)
    where, lost = describe_filter(request.workspace, which)
    name, errors = request.POST.get("name", "").strip(), {}
    if request.method == "POST" and where is not None:
        document = write_document({"name": name, "where": where})
        try:
            made = actions.create_segment(request.workspace, request.user, get_now(request), document, name=name)
            return HttpResponseRedirect(reverse("segment", args=[made.pk]))
        except Refused as refused:
            errors = {problem.field: problem.sentence for problem in refused.problems}
    context = {
        "name": name,
        "kept": {key: value for key, value in told.items() if key not in ("name", "csrfmiddlewaretoken")},
        "text": write_document(where) if where is not None else "",
        "lost": lost,
        "errors": errors,
        "back": reverse("contacts") + keep_query(told),
        "may_change": may_change(request),
        "title": _("Save as segment"),
    }
    return render(request, "segments/from_filter.html", context, status=422 if errors else 200)


ROUTES = (
    route("put/", put_contacts, "put_on_list"),
    route("from-filter/", save_filter, "segment_from_filter"),
)
