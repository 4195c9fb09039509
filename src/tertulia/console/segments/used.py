"""What uses a segment: other segments and journeys that name it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tertulia.actions import segments as actions
from tertulia.console.routes import route
from tertulia.console.segments.head import describe_segment


def show_used(request: HttpRequest, segment_id: int) -> HttpResponse:
    """By name, each with its page."""
    segment = actions.access_segment(request.workspace, segment_id)
    segments, journeys = actions.find_users(segment)
    context = describe_segment(request, segment, "used") | {"segments": segments, "journeys": journeys}
    return render(request, "segments/used.html", context)


ROUTES = (route("<int:segment_id>/used/", show_used, "segment_used"),)
