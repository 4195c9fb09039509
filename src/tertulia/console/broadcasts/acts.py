"""Take back, pause, resume, cancel, copy, delete: each one press, the last of a broadcast asked for by a dialog."""

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import broadcasts, journeys
from tertulia.actions.controls import set_control
from tertulia.actions.drafts import NAME_CHARACTERS_MAX
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now
from tertulia.console.broadcasts.form import read_value, write_total
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.documents.edit import replace_part
from tertulia.errors import Conflict


def take_back(request: HttpRequest, journey_id: int) -> HttpResponse:
    """A draft again, while nobody has entered."""
    return _act(request, journey_id, broadcasts.take_back, _("Launch taken back. It is a draft again."))


def pause(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Nothing goes out any more until it is resumed."""
    return _act(request, journey_id, journeys.pause, _("Broadcast paused"), "resume_broadcast")


def resume(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Go on with those who have not got it yet."""
    return _act(request, journey_id, journeys.resume, _("Broadcast goes on"))


def cancel(request: HttpRequest, journey_id: int) -> HttpResponse:
    """What has not gone out never does; there is no undo."""
    return _act(request, journey_id, journeys.cancel, _("Broadcast cancelled"))


def change_budget(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Another budget of a launched broadcast, or none; what is wrong with it is said in a toast."""
    journey = broadcasts.access_broadcast(request.workspace, journey_id)
    if request.method == "POST":
        before = read_value(broadcasts.read_launched(journey)).get("budget")
        budget = write_total(before if isinstance(before, dict) else {}, request.POST.get("budget", "").strip())
        try:
            with transaction.atomic():
                set_control(journey, request.user, get_now(request), "budget", budget)
        except (Refused, Conflict) as error:
            toast(request, error.sentence, failed=True)
        else:
            toast(request, _("Budget saved"))
    return HttpResponseRedirect(reverse("broadcast", args=[journey_id]))


def copy(request: HttpRequest, journey_id: int) -> HttpResponse:
    """A new draft with the same document."""
    journey = broadcasts.access_broadcast(request.workspace, journey_id)
    if request.method != "POST":
        return HttpResponseRedirect(reverse("broadcast", args=[journey_id]))
    name = (_("Copy of %(name)s") % {"name": journey.name})[:NAME_CHARACTERS_MAX]
    text = replace_part(journeys.read_newest(journey) or journey.document, ("name",), name)
    made = journeys.create_journey(request.workspace, request.user, get_now(request), text, name=name)
    toast(request, _("Broadcast copied as a draft"))
    return HttpResponseRedirect(reverse("broadcast", args=[made.pk]))


def delete(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Remove a draft that nobody ever entered."""
    journey = broadcasts.access_broadcast(request.workspace, journey_id)
    if request.method == "POST":
        journeys.delete_draft(journey, request.user, get_now(request))
        toast(request, _("Draft deleted"))
    return HttpResponseRedirect(reverse("broadcasts"))


def _act(request: HttpRequest, journey_id: int, act: Callable[..., None], told: str, undo: str = "") -> HttpResponse:
    journey = broadcasts.access_broadcast(request.workspace, journey_id)
    if request.method == "POST":
        act(journey, request.user, get_now(request))
        toast(request, told, undo=reverse(undo, args=[journey_id]) if undo else "")
    return HttpResponseRedirect(reverse("broadcast", args=[journey_id]))


ROUTES = (
    route("<int:journey_id>/take-back/", take_back, "take_back"),
    route("<int:journey_id>/pause/", pause, "pause_broadcast"),
    route("<int:journey_id>/resume/", resume, "resume_broadcast"),
    route("<int:journey_id>/cancel/", cancel, "cancel_broadcast"),
    route("<int:journey_id>/budget/", change_budget, "broadcast_budget"),
    route("<int:journey_id>/copy/", copy, "copy_broadcast"),
    route("<int:journey_id>/delete/", delete, "delete_broadcast"),
)
