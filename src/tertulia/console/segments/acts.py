"""Archive, bring back, delete: each one press, asked for by a dialog where it cannot be taken back."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import segments as actions
from tertulia.console.access import get_now
from tertulia.console.routes import route
from tertulia.console.toasts import toast


def archive(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Nobody is in it any more; the toast brings it back as a draft."""
    segment = actions.access_segment(request.workspace, segment_id)
    if request.method == "POST":
        actions.archive(segment, request.user, get_now(request))
        toast(request, _("Segment archived"), undo=reverse("restore_segment", args=[segment_id]))
    return HttpResponseRedirect(reverse("segment", args=[segment_id]))


def restore(request: HttpRequest, segment_id: int) -> HttpResponse:
    """A draft again."""
    segment = actions.access_segment(request.workspace, segment_id)
    if request.method == "POST":
        actions.restore(segment, request.user, get_now(request))
        toast(request, _("It is a draft again: publish it to use it"))
    return HttpResponseRedirect(reverse("segment", args=[segment_id]))


def delete(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Remove a draft that was never published."""
    segment = actions.access_segment(request.workspace, segment_id)
    if request.method == "POST":
        actions.delete_draft(segment, request.user, get_now(request))
        toast(request, _("Draft deleted"))
    return HttpResponseRedirect(reverse("segments"))


ROUTES = (
    route("<int:segment_id>/archive/", archive, "archive_segment"),
    route("<int:segment_id>/restore/", restore, "restore_segment"),
    route("<int:segment_id>/delete/", delete, "delete_segment"),
)
