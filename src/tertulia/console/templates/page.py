"""The list of templates, a new one, and the addresses of everything below."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import templates as actions
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now, may_change
from tertulia.console.routes import route
from tertulia.console.templates import editor, review, text
from tertulia.console.templates.form import read_value
from tertulia.console.toasts import toast
from tertulia.core.language_names import find_language, list_languages
from tertulia.documents.edit import write_document
from tertulia.documents.lines import BadDocument


def show_templates(request: HttpRequest) -> HttpResponse:
    """Every template with its languages and the journeys that are made of it, those changed last first."""
    uses = actions.list_uses(request.workspace)
    rows = [
        {
            "template": template,
            "tags": _list_tags(template.document),
            "uses": uses.get(template.key, []),
            "same": actions.is_published(template),
        }
        for template in actions.list_templates(request.workspace)
    ]
    context = {"rows": rows, "now": get_now(request), "may_change": may_change(request)}
    return render(request, "templates/list.html", context)


def add_template(request: HttpRequest) -> HttpResponse:
    """Its name and first language (GET); a draft with those (POST)."""
    name = request.POST.get("name", "").strip()
    language = request.POST.get("language", request.workspace.language)
    errors: dict[str, str] = {}
    if request.method == "POST":
        tag = find_language(language)
        if not tag:
            errors["language"] = _("Give a language such as pt-BR.")
        else:
            document = write_document({"name": name, "default": tag, "variants": {tag: {"text": ""}}})
            try:
                made = actions.create_template(request.workspace, request.user, get_now(request), document, name=name)
                return HttpResponseRedirect(reverse("template", args=[made.pk]))
            except Refused as refused:
                errors = {problem.field: problem.sentence for problem in refused.problems}
    context = {
        "name": name,
        "language": language,
        "languages": list_languages().items(),
        "errors": errors,
        "may_change": may_change(request),
    }
    return render(request, "templates/new.html", context, status=422 if errors else 200)


def delete_template(request: HttpRequest, template_id: int) -> HttpResponse:
    """Remove a draft that was never published."""
    template = actions.access_template(request.workspace, template_id)
    if request.method == "POST":
        actions.delete_draft(template, request.user, get_now(request))
        toast(request, _("Draft deleted"))
    return HttpResponseRedirect(reverse("templates"))


def _list_tags(document: str) -> list[str]:
    try:
        variants = read_value(document).get("variants")
    except (BadDocument, TypeError):
        return []
    return list(variants) if isinstance(variants, dict) else []


ROUTES = (
    route("", show_templates, "templates"),
    route("new/", add_template, "new_template"),
    *editor.ROUTES,
    *text.ROUTES,
    *review.ROUTES,
    route("<int:template_id>/delete/", delete_template, "delete_template"),
)
