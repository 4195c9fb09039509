"""Before publishing: what changed, what is wrong, and what will happen."""

from dataclasses import dataclass
from datetime import timedelta
from difflib import SequenceMatcher
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import journeys as actions
from tertulia.actions.problems import Refused
from tertulia.actions.revisions import count_choices
from tertulia.console.access import get_now
from tertulia.console.journeys.head import describe_journey
from tertulia.console.journeys.words import name_choice
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.core.journeys import Entry, EventEntry
from tertulia.core.revisions import FINISH
from tertulia.ids import day_of
from tertulia.store.db import django_conn
from tertulia.store.sources import count_named

LOOKED_BACK = timedelta(days=6)  # and today
AROUND_LINES = 3


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of the difference: its numbers before and after, and `add`, `cut`, empty, or `gap` for lines left out."""

    before: int | None
    after: int | None
    sign: str
    text: str


def show_review(request: HttpRequest, journey_id: int) -> HttpResponse:
    """The draft against the newest revision (GET); its publishing (POST)."""
    journey = actions.access_journey(request.workspace, journey_id)
    if journey.kind == "broadcast":
        return HttpResponseRedirect(reverse("broadcast", args=[journey_id]) + "?launch=1")
    if request.method == "POST":
        version = request.POST.get("version", "")
        try:
            made = actions.publish(
                *(journey, request.user, get_now(request)),
                version=int(version) if version.isdecimal() else -1,
                runs=request.POST.get("runs", FINISH),
            )
            toast(request, _("Revision %(number)s published") % {"number": made.number})
            return HttpResponseRedirect(reverse("journey", args=[journey_id]))
        except Refused:
            pass  # what is wrong stands on the page
    document, problems = actions.check_text(request.workspace, journey.document)
    newest = journey.revisions.filter(number=journey.revision).first() if journey.revision else None
    context = describe_journey(request, journey, "review", problems)
    context |= {
        "document": document,
        "number": (journey.revision or 0) + 1,
        "diff": list_difference(newest.document if newest else "", journey.document),
    }
    if newest and document is not None:
        context["runs"] = count_choices(django_conn(), journey, document)
    if document is not None:
        context |= describe_start(request, document.entry)
    return render(request, "journeys/review.html", context, status=422 if request.method == "POST" else 200)


def describe_start(request: HttpRequest, entry: Entry) -> dict[str, Any]:
    """Of an entry by an event how often that came lately; of any whether everybody enters."""
    told: dict[str, Any] = {"everybody": entry.where is None, "kind": str(entry.__struct_config__.tag)}
    if isinstance(entry, EventEntry):
        since = day_of(get_now(request) - LOOKED_BACK)
        told["came"] = count_named(django_conn(), request.workspace.pk, entry.type, entry.event, since)
        told["event"] = entry.event or name_choice(entry.type)
    return told


def list_difference(before: str, after: str) -> list[DiffLine]:
    """Changed lines with a few around them."""
    old, new = before.splitlines(), after.splitlines()
    made: list[DiffLine] = []
    for n, group in enumerate(SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND_LINES)):
        if n:
            made.append(DiffLine(None, None, "gap", ""))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                made += [DiffLine(i + 1, j1 + i - i1 + 1, "", old[i]) for i in range(i1, i2)]
                continue
            made += [DiffLine(i + 1, None, "cut", old[i]) for i in range(i1, i2)]
            made += [DiffLine(None, j + 1, "add", new[j]) for j in range(j1, j2)]
    return made


ROUTES = (route("<int:journey_id>/review/", show_review, "review_journey"),)
