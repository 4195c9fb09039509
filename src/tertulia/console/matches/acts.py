"""Pause, resume, stop, copy, delete: each one press, the last two of a launched match and of a draft."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import matches as actions
from tertulia.console.access import get_now
from tertulia.console.routes import route
from tertulia.console.toasts import toast


def pause(request: HttpRequest, match_id: int) -> HttpResponse:
    """Hand over nothing more for now."""
    return _act(request, match_id, actions.pause, _("Match paused"), "resume_match")


def resume(request: HttpRequest, match_id: int) -> HttpResponse:
    """Go on."""
    return _act(request, match_id, actions.resume, _("Match resumed"), "pause_match")


def stop(request: HttpRequest, match_id: int) -> HttpResponse:
    """End it for good; asked for by a dialog, for there is no undo."""
    return _act(request, match_id, actions.stop, _("Match stopped"), "")


def _act(request: HttpRequest, match_id: int, act: Callable[..., None], told: str, undo: str) -> HttpResponse:
    match = actions.access_match(request.workspace, match_id)
    if request.method == "POST":
        act(match, request.user, get_now(request))
        toast(request, told, undo=reverse(undo, args=[match_id]) if undo else "")
    return HttpResponseRedirect(reverse("match", args=[match_id]))


def copy(request: HttpRequest, match_id: int) -> HttpResponse:
    """A new draft with the same content."""
    match = actions.access_match(request.workspace, match_id)
    if request.method != "POST":
        return HttpResponseRedirect(reverse("match", args=[match_id]))
    name = _("Copy of %(name)s") % {"name": match.name}
    made = actions.copy_match(match, request.user, get_now(request), name[:200])
    toast(request, _("Match copied as a draft"))
    return HttpResponseRedirect(reverse("edit_match", args=[made.pk]))


def delete(request: HttpRequest, match_id: int) -> HttpResponse:
    """Remove a draft that never went out."""
    match = actions.access_match(request.workspace, match_id)
    if request.method == "POST":
        actions.delete_draft(match, request.user, get_now(request))
        toast(request, _("Draft deleted"))
    return HttpResponseRedirect(reverse("matches"))


ROUTES = (
    route("<int:match_id>/pause/", pause, "pause_match"),
    route("<int:match_id>/resume/", resume, "resume_match"),
    route("<int:match_id>/stop/", stop, "stop_match"),
    route("<int:match_id>/copy/", copy, "copy_match"),
    route("<int:match_id>/delete/", delete, "delete_match"),
)
