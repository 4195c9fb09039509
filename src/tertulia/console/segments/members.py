"""Who is in a segment and since when, page by page; of a list who is put on it and taken off; who came and left."""

from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia.actions import segments as actions
from tertulia.actions.list_people import find_people
from tertulia.actions.problems import Refused
from tertulia.actions.segment_words import ENTERED, name_change_cause
from tertulia.actions.why_segment import explain_membership
from tertulia.console.access import get_now
from tertulia.console.asking import ask_engine
from tertulia.console.contacts.rows import join_name
from tertulia.console.parts import Pager
from tertulia.console.routes import route
from tertulia.console.segments.head import describe_segment
from tertulia.console.toasts import toast
from tertulia.core.search import split_words
from tertulia.data.models import Segment
from tertulia.store.contacts import Filter, list_contacts
from tertulia.store.db import django_conn
from tertulia.store.segments import list_members, list_recent_changes

ROWS = 50
CHANGES = 200
FOUND = 8


def show_members(request: HttpRequest, segment_id: int) -> HttpResponse:
    """A page of them, by when they were added as contacts; with `?q=` contacts of that name or number, each with why it
    is in the segment or not."""
    segment = actions.access_segment(request.workspace, segment_id)
    return render(request, "segments/members.html", describe_members(request, segment))


def describe_members(request: HttpRequest, segment: Segment) -> dict[str, object]:
    """What the page shows."""
    conn = django_conn()
    context = describe_segment(request, segment, "members")
    after = request.GET.get("after", "")
    first = request.GET.get("from", "1")
    place = int(first) if first.isdecimal() and len(first) < 10 else 1
    live = segment.state == "live"
    start = int(after) if after.isdecimal() and len(after) < 19 else 0
    found = list_members(conn, segment.pk, start, ROWS + 1) if live else []
    shown = found[:ROWS]
    onward = f"?after={shown[-1].contact_id}&from={place + ROWS}" if len(found) > ROWS else ""
    total = context["members"]
    assert isinstance(total, int)
    pager = Pager(place if shown else 0, place + len(shown) - 1 if shown else 0, total, "?" if after else "", onward)
    rows = [(join_name(one.name, one.surname), one) for one in shown]
    return context | {"rows": rows, "pager": pager, "query": request.GET.get("q", ""), "found": find(request, segment)}


def find(request: HttpRequest, segment: Segment) -> list[dict[str, object]]:
    """The contacts that are looked for, each with its account."""
    words = split_words(request.GET.get("q", "")[:200].replace("\0", ""))
    if not words:
        return []
    conn, now = django_conn(), get_now(request)
    contacts = list_contacts(conn, request.workspace.pk, Filter(words=words), None, FOUND)
    return [
        {
            "contact": one,
            "name": join_name(one.name, one.surname),
            "answer": explain_membership(conn, request.workspace, one.id, segment, now, settings.PUBLIC_URL),
        }
        for one in contacts
    ]


def add_members(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Put the people of the pasted lines on the list; lines that are nobody come back, each with its number."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    segment = actions.access_segment(request.workspace, segment_id)
    text = request.POST.get("people", "").replace("\r\n", "\n")
    try:
        contact_ids, missed = find_people(django_conn(), request.workspace, text)
    except Refused as refused:
        context = describe_members(request, segment) | {"people": text, "people_error": refused.sentence}
        return render(request, "segments/members.html", context, status=422)
    if contact_ids:
        change_list(request, segment, contact_ids, on=True)
    if not missed:
        return HttpResponseRedirect(reverse("segment_members", args=[segment_id]))
    left = "\n".join(one.text for one in missed)
    context = describe_members(request, segment) | {"people": left, "missed": missed}
    return render(request, "segments/members.html", context, status=422)


def remove_member(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Take one contact off the list; the page's own way back is to put it on again."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    segment = actions.access_segment(request.workspace, segment_id)
    contact_id = request.POST.get("contact", "")
    if contact_id.isdecimal() and len(contact_id) < 19:
        change_list(request, segment, [int(contact_id)], on=False)
    return HttpResponseRedirect(reverse("segment_members", args=[segment_id]))


def change_list(request: HttpRequest, segment: Segment, contact_ids: list[int], *, on: bool) -> None:
    """Ask the engine, wait a moment, and say so. Raises Conflict for what is no published list."""
    now = get_now(request)
    entries = actions.ask_list(segment, request.user, contact_ids, now, uuid4(), on=on)
    done = ask_engine(segment.workspace_id, entries, now)
    count = len(entries)
    if not done:
        toast(request, _("Asked for; done when the engine comes to it"))
    elif on:
        told = ngettext("%(count)s contact is on “%(list)s”", "%(count)s contacts are on “%(list)s”", count)
        toast(request, told % {"count": count, "list": segment.name})
    else:
        told = ngettext("%(count)s contact taken off “%(list)s”", "%(count)s contacts taken off “%(list)s”", count)
        toast(request, told % {"count": count, "list": segment.name})


def show_history(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Who came and left last, when and why."""
    segment = actions.access_segment(request.workspace, segment_id)
    rows = [
        {
            "name": join_name(one.name, one.surname),
            "mover": one,
            "verb": ENTERED[one.entered],
            "cause": name_change_cause(one.cause, one.event),
        }
        for one in list_recent_changes(django_conn(), segment.pk, CHANGES)
    ]
    return render(
        request,
        "segments/history.html",
        describe_segment(request, segment, "history") | {"rows": rows, "most": CHANGES},
    )


ROUTES = (
    route("<int:segment_id>/members/", show_members, "segment_members"),
    route("<int:segment_id>/members/add/", add_members, "add_segment_members"),
    route("<int:segment_id>/members/remove/", remove_member, "remove_segment_member"),
    route("<int:segment_id>/history/", show_history, "segment_history"),
)
