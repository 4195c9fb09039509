"""The list of notifications, and the fragment that brings new ones to whoever is there."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext

from tertulia.console.access import get_now
from tertulia.console.notices.words import tell_notice
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.data.models import Notice

ROWS_MAX = 100
ID_MAX = 2**31 - 1


def show_notices(request: HttpRequest) -> HttpResponse:
    """The newest hundred."""
    found = Notice.objects.filter(workspace=request.workspace).order_by("-pk")[:ROWS_MAX]
    context = {"told": [tell_notice(notice) for notice in found], "now": get_now(request)}
    return render(request, "notices/list.html", context)


def show_new(request: HttpRequest) -> HttpResponse:
    """What came after the notice that the page knows: the newest as a toast, and the count beside the bell."""
    known = request.GET.get("after", "")
    after = min(int(known), ID_MAX) if known.isdecimal() else 0
    newest = Notice.objects.filter(workspace=request.workspace, pk__gt=after).order_by("-pk").first()
    return render(request, "notices/new.html", {"told": tell_notice(newest) if newest else None})


def see_all(request: HttpRequest) -> HttpResponse:
    """Mark every notice as seen."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    unseen = Notice.objects.filter(workspace=request.workspace, seen_at=None)
    count = unseen.update(seen_at=get_now(request))
    toast(request, ngettext("%(n)d notification seen", "%(n)d notifications seen", count) % {"n": count})
    return HttpResponseRedirect(reverse("notices"))


ROUTES = (
    route("", show_notices, "notices"),
    route("new/", show_new, "new_notices"),
    route("seen/", see_all, "see_notices"),
)
