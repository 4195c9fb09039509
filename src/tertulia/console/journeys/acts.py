"""Pause, resume, close, open, cancel, copy, delete: each one press, the last of a journey asked for by a dialog."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import journeys as actions
from tertulia.actions.drafts import NAME_CHARACTERS_MAX
from tertulia.console.access import get_now
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.documents.edit import replace_part
from tertulia.documents.lines import BadDocument


def pause(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Timers freeze, nothing is sent, nobody enters."""
    return _act(request, journey_id, actions.pause, _("Journey paused"), "resume_journey")


def resume(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Go on, by default with every wait put off by the length of the pause."""

    def act(journey: actions.Journey, user: object, now: object) -> None:
        actions.resume(journey, user, now, request.POST.get("how", "shift"))  # type: ignore[arg-type]

    return _act(request, journey_id, act, _("Journey goes on"), "")


def end_canary(request: HttpRequest, journey_id: int) -> HttpResponse:
    """What is new goes to everybody."""
    return _act(request, journey_id, actions.end_canary, _("It goes to everybody now"), "")


def close(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Nobody enters any more."""
    return _act(request, journey_id, actions.close_entry, _("Nobody enters any more"), "open_journey")


def reopen(request: HttpRequest, journey_id: int) -> HttpResponse:
    """People enter again."""
    return _act(request, journey_id, actions.open_entry, _("People enter again"), "close_journey")


def cancel(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Close every run; there is no undo."""
    return _act(request, journey_id, actions.cancel, _("Journey cancelled"), "")


def copy(request: HttpRequest, journey_id: int) -> HttpResponse:
    """A new draft with the same document."""
    journey = actions.access_journey(request.workspace, journey_id)
    if request.method != "POST":
        return HttpResponseRedirect(reverse("journey", args=[journey_id]))
    name = (_("Copy of %(name)s") % {"name": journey.name})[:NAME_CHARACTERS_MAX]
    try:
        text = replace_part(journey.document, ("name",), name)
    except (BadDocument, LookupError, TypeError):
        text = journey.document
    made = actions.create_journey(request.workspace, request.user, get_now(request), text, name=name)
    toast(request, _("Journey copied as a draft"))
    return HttpResponseRedirect(reverse("journey", args=[made.pk]))


def delete(request: HttpRequest, journey_id: int) -> HttpResponse:
    """Remove a draft that was never published."""
    journey = actions.access_journey(request.workspace, journey_id)
    if request.method == "POST":
        actions.delete_draft(journey, request.user, get_now(request))
        toast(request, _("Draft deleted"))
    return HttpResponseRedirect(reverse("journeys"))


def _act(request: HttpRequest, journey_id: int, act: Callable[..., None], told: str, undo: str) -> HttpResponse:
    journey = actions.access_journey(request.workspace, journey_id)
    if request.method == "POST":
        act(journey, request.user, get_now(request))
        toast(request, told, undo=reverse(undo, args=[journey_id]) if undo else "")
    return HttpResponseRedirect(reverse("journey", args=[journey_id]))


ROUTES = (
    route("<int:journey_id>/pause/", pause, "pause_journey"),
    route("<int:journey_id>/resume/", resume, "resume_journey"),
    route("<int:journey_id>/canary/end/", end_canary, "end_canary"),
    route("<int:journey_id>/close/", close, "close_journey"),
    route("<int:journey_id>/open/", reopen, "open_journey"),
    route("<int:journey_id>/cancel/", cancel, "cancel_journey"),
    route("<int:journey_id>/copy/", copy, "copy_journey"),
    route("<int:journey_id>/delete/", delete, "delete_journey"),
)
