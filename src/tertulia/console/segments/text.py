"""The segment as text: the same document, with every mistake beside its line."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import segments as actions
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now
from tertulia.console.routes import route
from tertulia.console.segments.head import describe_segment
from tertulia.console.toasts import toast
from tertulia.errors import Conflict


def show_text(request: HttpRequest, segment_id: int) -> HttpResponse:
    """The text (GET); kept as it was written, right or wrong (POST). What somebody else changed meanwhile is not
    overwritten: both texts are there."""
    segment = actions.access_segment(request.workspace, segment_id)
    text, refusal, status = segment.document, "", 200
    if request.method == "POST":
        text = request.POST.get("document", "").replace("\r\n", "\n")
        version = request.POST.get("version", "")
        try:
            now = get_now(request)
            actions.save_draft(segment, request.user, now, text, version=int(version) if version.isdecimal() else -1)
            toast(request, _("Draft saved"))
            return HttpResponseRedirect(reverse("segment_text", args=[segment_id]))
        except (Refused, Conflict) as error:
            refusal, status = error.sentence, 409 if isinstance(error, Conflict) else 422
            segment.refresh_from_db()
    _document, problems = actions.check_text(request.workspace, text, segment.key)
    context = describe_segment(request, segment, "text", problems)
    context |= {
        "text": text,
        "refusal": refusal,
        "theirs": segment.document if refusal and text != segment.document else "",
        "rows": len(text.split("\n")) + 2,
    }
    return render(request, "segments/text.html", context, status=status)


ROUTES = (route("<int:segment_id>/text/", show_text, "segment_text"),)
