"""The editor: a template's variants beside each other, its previews and checks as it is typed, and a save."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tertulia.actions import templates as actions
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now, may_change
from tertulia.console.matches.words import list_choices
from tertulia.console.routes import route
from tertulia.console.templates.form import add_variant, drop_variant, list_variants, read_value, write_form
from tertulia.console.templates.panel import Asked, look_at, read_asked
from tertulia.console.toasts import toast
from tertulia.core.language_names import list_languages
from tertulia.data.models import Template
from tertulia.documents.lines import BadDocument
from tertulia.errors import Conflict

POLICIES = {
    "fail": gettext_lazy("it is not sent, as a mistake"),
    "default": gettext_lazy("the place stays empty"),
    "skip": gettext_lazy("it is not sent, knowingly"),
}
OWN_FIELDS = ("contact.name", "contact.surname", "contact.full_name", "contact.language", "workspace.name", "now")
LINKS = ('"https://" | link', "unsubscribe")
BEFORE = "template:%d"  # the session's key of a draft before a language was taken away


def describe_template(request: HttpRequest, template: Template, tab: str, text: str) -> dict[str, Any]:
    """What the tabs share: name, state, who is made of it, and what is wrong with this text of the draft."""
    _document, problems = actions.check_text(text)
    return {
        "template": template,
        "same": actions.is_published(template) and text == template.document,
        "problems": problems,
        "uses": actions.list_uses(request.workspace).get(template.key, []),
        "tab": tab,
        "may_change": may_change(request),
        "now": get_now(request),
    }


def edit_template(request: HttpRequest, template_id: int) -> HttpResponse:
    """The draft in its form (GET); what was typed, kept by the button that says so (POST)."""
    template = actions.access_template(request.workspace, template_id)
    if request.method != "POST":
        return show(request, template, template.document, read_asked(request.GET))
    try:
        text = write_form(template.document, request.POST)
    except (BadDocument, TypeError):
        return HttpResponseRedirect(reverse("template_text", args=[template_id]))
    asked = read_asked(request.POST)
    act, _colon, what = request.POST.get("act", "").partition(":")
    if act not in ("save", "publish", "add", "drop"):
        return show(request, template, text, asked)
    try:
        text = _change_languages(request, act, what, text)
    except ValueError as error:
        known = _("There is a variant for this language.") if str(error) else _("Give a language such as pt-BR.")
        return show(request, template, text, asked, refusal=known, status=422)
    version = request.POST.get("version", "")
    before = template.document
    try:
        kept = int(version) if version.isdecimal() else -1
        actions.save_draft(template, request.user, get_now(request), text, version=kept)
    except (Refused, Conflict) as error:
        template.refresh_from_db()
        status = 409 if isinstance(error, Conflict) else 422
        return show(request, template, text, asked, refusal=error.sentence, status=status)
    _tell(request, template, act, before)
    if act == "publish":
        return HttpResponseRedirect(reverse("review_template", args=[template_id]))
    told = {"as": asked.contact_id or "", "in": asked.locale, "event": asked.event}
    query = urlencode({name: value for name, value in told.items() if value})
    return HttpResponseRedirect(reverse("template", args=[template_id]) + (f"?{query}" if query else ""))


def show(
    request: HttpRequest, template: Template, text: str, asked: Asked, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    """The page of a text of the draft."""
    context = describe_template(request, template, "variants", text)
    try:
        value = read_value(text)
    except (BadDocument, TypeError):
        return render(request, "templates/unreadable.html", context)
    context |= describe_form(request, value, context, text, asked)
    context |= {
        "refusal": refusal,
        "theirs": template.document if refusal and text != template.document else "",
        "languages": list_languages().items(),
        "names": (*OWN_FIELDS, *LINKS),
    }
    return render(request, "templates/editor.html", context, status=status)


def describe_form(
    request: HttpRequest, value: dict[str, Any], told: dict[str, Any], text: str, asked: Asked
) -> dict[str, Any]:
    """The variants and the panel beside them; `told` is what `describe_template` says of this text."""
    problems, uses = told["problems"], told["uses"]
    variants = list_variants(value, problems)
    places = {variant.tag: variant.number for variant in variants}
    head = {p.field: p.sentence for p in problems if "." not in p.field}
    policy = value.get("on_missing", "fail")
    return {
        "value": value,
        "head_errors": head,
        "variants": variants,
        "policies": list_choices(POLICIES, policy if isinstance(policy, str) else ""),
        "outlook": look_at(request, text, uses, asked, places),
        "phone_name": request.workspace.name,
    }


def show_panel(request: HttpRequest, template_id: int) -> HttpResponse:
    """The panel alone, and what is wrong in each variant, for what is typed. Stores nothing."""
    template = actions.access_template(request.workspace, template_id)
    try:
        text = write_form(template.document, request.POST)
        value = read_value(text)
    except (BadDocument, TypeError):
        return HttpResponse(status=204)
    context = describe_template(request, template, "variants", text)
    context |= describe_form(request, value, context, text, read_asked(request.POST))
    # A language may have come meanwhile, which the page that asks does not show yet.
    shown = [one for one in context["variants"] if request.POST.get(f"tag.{one.number}") == one.tag]
    return render(request, "templates/panel.html", context | {"swapped": True, "shown": shown})


def undo(request: HttpRequest, template_id: int) -> HttpResponse:
    """The draft as it was before a language was taken away."""
    template = actions.access_template(request.workspace, template_id)
    before = request.session.pop(BEFORE % template_id, None)
    if request.method == "POST" and before is not None:
        actions.save_draft(template, request.user, get_now(request), before, version=template.version)
        toast(request, _("Change taken back"))
    return HttpResponseRedirect(reverse("template", args=[template_id]))


def _change_languages(request: HttpRequest, act: str, what: str, text: str) -> str:
    """With a language more or less, where the button says so. Raises ValueError as `add_variant`."""
    if act == "add":
        return add_variant(text, request.POST.get("language", ""))
    return drop_variant(text, what) if act == "drop" else text


def _tell(request: HttpRequest, template: Template, act: str, before: str) -> None:
    match act:
        case "drop":
            request.session[BEFORE % template.pk] = before
            toast(request, _("Language taken away"), undo=reverse("undo_template", args=[template.pk]))
        case "add":
            toast(request, _("Language added"))
        case "save":
            toast(request, _("Draft saved"))


ROUTES = (
    route("<int:template_id>/", edit_template, "template"),
    route("<int:template_id>/panel/", show_panel, "template_panel"),
    route("<int:template_id>/undo/", undo, "undo_template"),
)
