"""The template as text: the same document, with every mistake beside its line."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import templates as actions
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now
from tertulia.console.routes import route
from tertulia.console.templates.editor import describe_template
from tertulia.console.toasts import toast
from tertulia.errors import Conflict


def show_text(request: HttpRequest, template_id: int) -> HttpResponse:
    """The text (GET); kept as it was written, right or wrong (POST). What somebody else changed meanwhile is not
    overwritten: both texts are there."""
    template = actions.access_template(request.workspace, template_id)
    text, refusal, status = template.document, "", 200
    if request.method == "POST":
        text = request.POST.get("document", "").replace("\r\n", "\n")
        version = request.POST.get("version", "")
        kept = int(version) if version.isdecimal() else -1
        try:
            actions.save_draft(template, request.user, get_now(request), text, version=kept)
            toast(request, _("Draft saved"))
            return HttpResponseRedirect(reverse("template_text", args=[template_id]))
        except (Refused, Conflict) as error:
            refusal, status = error.sentence, 409 if isinstance(error, Conflict) else 422
            template.refresh_from_db()
    context = describe_template(request, template, "text", text) | {
        "text": text,
        "rows": text.count("\n") + 3,
        "refusal": refusal,
        "theirs": template.document if refusal and text != template.document else "",
    }
    return render(request, "templates/text.html", context, status=status)


ROUTES = (route("<int:template_id>/text/", show_text, "template_text"),)
