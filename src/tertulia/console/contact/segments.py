"""The segments and lists in which a contact is, when it came and left, and why it is in one or not."""

from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import segments as actions
from tertulia.actions.contacts import Detail, read_detail
from tertulia.actions.segment_words import ENTERED, name_change_cause
from tertulia.actions.why_segment import explain_membership
from tertulia.console.access import get_now
from tertulia.console.asking import ask_engine
from tertulia.console.toasts import toast
from tertulia.data.models import Segment
from tertulia.store.db import Conn, django_conn
from tertulia.store.segments import list_changes_of, list_segments_of

CHANGES = 100


def describe_segments(request: HttpRequest, conn: Conn, person: Detail) -> dict[str, object]:
    """Where it is since when, and its history; with `?segment=` why it is in that one, or not."""
    known = {one.pk: one for one in Segment.objects.filter(workspace=request.workspace)}
    live = sorted((one for one in known.values() if one.state == "live"), key=lambda one: one.name)
    lists = {one.pk for one in live if actions.is_list(one)}
    inside = [(known[pk], since) for pk, since in list_segments_of(conn, person.family) if known[pk].state == "live"]
    chosen = next((one for one in live if str(one.pk) == request.GET.get("segment", "")), None)
    here = {one.pk for one, _since in inside}
    changes = [
        {
            "segment": known[one.segment_id],
            "verb": ENTERED[one.entered],
            "entered": one.entered,
            "cause": name_change_cause(one.cause, one.name),
            "at": one.at,
        }
        for one in list_changes_of(conn, person.family, None, CHANGES)
    ]
    now = get_now(request)
    contact_id = person.contact.id
    return {
        "tab": "segments",
        "topic": f"contact:{contact_id}",
        "inside": [(one, since, one.pk in lists) for one, since in inside],
        "changes": changes,
        "segments": live,
        "chosen": chosen,
        "answer": explain_membership(conn, request.workspace, contact_id, chosen, now, settings.PUBLIC_URL)
        if chosen
        else None,
        "free_lists": [one for one in live if one.pk in lists and one.pk not in here],
    }


def change_lists(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Put the contact on the list `on`, or take it off the list `off`."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    person = read_detail(django_conn(), request.workspace, contact_id)
    on = "on" in request.POST
    wanted = request.POST.get("on" if on else "off", "")
    segment = actions.access_segment(request.workspace, int(wanted) if wanted.isdecimal() and len(wanted) < 10 else 0)
    now = get_now(request)
    entries = actions.ask_list(segment, request.user, [person.contact.id], now, uuid4(), on=on)
    done = ask_engine(request.workspace.pk, entries, now)
    said = _("Is on “%(list)s” now") if on else _("Taken off “%(list)s”")
    told = {"list": segment.name}
    toast(request, said % told if done else _("Asked for; done when the engine comes to it"))
    return HttpResponseRedirect(reverse("contact_segments", args=[person.contact.id]))
