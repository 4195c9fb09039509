"""What if of a broadcast: whom it would reach, when and at what cost, or how synthetic customers would take it."""

from django.http import HttpRequest, HttpResponse

from tertulia.actions.broadcasts import access_broadcast
from tertulia.console.journeys.what_if import show_draft
from tertulia.console.routes import route


def show_what_if(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Of a broadcast's draft."""
    return show_draft(request, access_broadcast(request.workspace, journey_id), "broadcasts/what_if.html")


ROUTES = (route("<int:journey_id>/what-if/", show_what_if, "broadcast_what_if"),)
