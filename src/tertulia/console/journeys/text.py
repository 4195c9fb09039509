"""The journey as text: the same document, with every mistake beside its line."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import journeys as actions
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now
from tertulia.console.journeys.head import describe_journey
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.errors import Conflict


def show_text(request: HttpRequest, journey_id: int) -> HttpResponse:
    """The text (GET); kept as it was written, right or wrong (POST). What somebody else changed meanwhile is not
    overwritten: both texts are there."""
    journey = actions.access_journey(request.workspace, journey_id)
    text, refusal, status = journey.document, "", 200
    if request.method == "POST":
        text = request.POST.get("document", "").replace("\r\n", "\n")
        version = request.POST.get("version", "")
        try:
            actions.save_draft(
                journey, request.user, get_now(request), text, version=int(version) if version.isdecimal() else -1
            )
            toast(request, _("Draft saved"))
            return HttpResponseRedirect(reverse("journey_text", args=[journey_id]))
        except (Refused, Conflict) as error:
            refusal, status = error.sentence, 409 if isinstance(error, Conflict) else 422
            journey.refresh_from_db()
    _document, problems = actions.check_text(request.workspace, text)
    context = describe_journey(request, journey, "text", problems)
    lines = {problem.line for problem in problems}
    context |= {
        "text": text,
        "refusal": refusal,
        "theirs": journey.document if refusal and text != journey.document else "",
        "lines": [(line, n in lines) for n, line in enumerate(text.split("\n"), 1)],
    }
    return render(request, "journeys/text.html", context, status=status)


ROUTES = (route("<int:journey_id>/text/", show_text, "journey_text"),)
