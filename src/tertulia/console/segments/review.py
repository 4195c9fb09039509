"""Before publishing: what changed, what is wrong, how many will belong, and what uses the segment."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import segments as actions
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now
from tertulia.console.journeys.review import list_difference
from tertulia.console.routes import route
from tertulia.console.segments.head import describe_segment
from tertulia.console.toasts import toast


def show_review(request: HttpRequest, segment_id: int) -> HttpResponse:
    """The draft against the newest revision (GET); its publishing (POST)."""
    segment = actions.access_segment(request.workspace, segment_id)
    if request.method == "POST":
        version = request.POST.get("version", "")
        try:
            made = actions.publish(
                segment, request.user, get_now(request), version=int(version) if version.isdecimal() else -1
            )
            toast(request, _("Revision %(number)s published") % {"number": made.number})
            return HttpResponseRedirect(reverse("segment_members", args=[segment_id]))
        except Refused:
            pass  # what is wrong stands on the page
    context = describe_segment(request, segment, "review")
    context |= {
        "number": segment.revision + 1,
        "diff": list_difference(actions.read_newest(segment) or "", segment.document),
        "users": actions.list_users(segment),
        "may_publish": context["may_change"] and (not context["same"] or segment.state == "draft"),
    }
    return render(request, "segments/review.html", context, status=422 if request.method == "POST" else 200)


ROUTES = (route("<int:segment_id>/review/", show_review, "review_segment"),)
