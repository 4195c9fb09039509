"""Before publishing: what changed, what is wrong, whom it fails, and what will happen. And the revisions so far."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import templates as actions
from tertulia.actions.problems import Refused
from tertulia.actions.template_texts import check_readers, list_event_names, list_outlets
from tertulia.console.access import get_now
from tertulia.console.journeys.review import list_difference
from tertulia.console.routes import route
from tertulia.console.templates.editor import describe_template
from tertulia.console.templates.panel import find_readers
from tertulia.console.toasts import toast
from tertulia.errors import NotFound
from tertulia.store.db import django_conn


def show_review(request: HttpRequest, template_id: int) -> HttpResponse:
    """The draft against the newest revision (GET); its publishing (POST)."""
    template = actions.access_template(request.workspace, template_id)
    if request.method == "POST":
        version = request.POST.get("version", "")
        kept = int(version) if version.isdecimal() else -1
        try:
            made = actions.publish(template, request.user, get_now(request), version=kept)
            toast(request, _("Revision %(number)s published") % {"number": made.number})
            return HttpResponseRedirect(reverse("template", args=[template_id]))
        except Refused:
            pass  # what is wrong stands on the page
    context = describe_template(request, template, "review", template.document)
    document, _problems = actions.check_text(template.document)
    checks = None
    if document is not None:
        readers = find_readers(request, list_event_names(context["uses"]))
        told = (list_outlets(request.workspace), settings.PUBLIC_URL, get_now(request))
        checks = check_readers(django_conn(), readers, request.workspace, document, *told)
    context |= {
        "number": (template.revision or 0) + 1,
        "diff": list_difference(actions.read_newest(template) or "", template.document),
        "checks": checks,
    }
    return render(request, "templates/review.html", context, status=422 if request.method == "POST" else 200)


def show_revisions(request: HttpRequest, template_id: int) -> HttpResponse:
    """What was published when and by whom, the newest first; `?number=` against the one before it."""
    template = actions.access_template(request.workspace, template_id)
    revisions = list(template.revisions.select_related("published_by"))
    asked = request.GET.get("number", "")
    number = int(asked) if asked.isdecimal() and len(asked) < 10 else template.revision
    shown = next((revision for revision in revisions if revision.number == number), None)
    if asked and shown is None:
        raise NotFound(_("This template has no such revision."))
    before = next((revision for revision in revisions if number and revision.number == number - 1), None)
    context = describe_template(request, template, "revisions", template.document) | {
        "revisions": revisions,
        "shown": shown,
        "diff": list_difference(before.document if before else "", shown.document) if shown else [],
    }
    return render(request, "templates/revisions.html", context)


ROUTES = (
    route("<int:template_id>/review/", show_review, "review_template"),
    route("<int:template_id>/revisions/", show_revisions, "template_revisions"),
)
