"""A draft on one page: its form, the panel beside it as it is typed, a test send, and the launch with its dialog."""

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import matches as actions
from tertulia.actions.match_texts import check_match, list_test_numbers, preview, test_send
from tertulia.actions.matches import MatchForm, access_match, build_draft
from tertulia.actions.problems import Problem, Refused
from tertulia.channels.base import OutcomeKind
from tertulia.channels.outcomes import REASONS
from tertulia.console.access import get_now, may_change, outside_transaction
from tertulia.console.channels.access import get_caller
from tertulia.console.matches.draft_form import make_empty, move_app, read_draft, read_ids, show_draft
from tertulia.console.matches.panel import list_names, look_ahead
from tertulia.console.matches.words import CLASS_NAMES, ON_MISSING_NAMES, list_choices
from tertulia.console.routes import find_address, route
from tertulia.console.toasts import toast
from tertulia.data.models import Match
from tertulia.errors import Invalid
from tertulia.store.db import django_conn

CONTACTS_NAMED = 12


def new_match(request: HttpRequest) -> HttpResponse:
    """An empty draft (GET; `ids` are contacts picked in their list); the first save makes it (POST)."""
    if request.method == "POST":
        return save(request, None)
    form = make_empty(request.workspace, get_now(request), read_ids(request.GET.getlist("ids")))
    return show(request, None, form, ())


def edit_match(request: HttpRequest, match_id: int) -> HttpResponse:
    """The stored draft (GET); its change (POST). A launched match has its own page."""
    match = access_match(request.workspace, match_id)
    if match.state != "draft":
        return HttpResponseRedirect(reverse("match", args=[match_id]))
    if request.method == "POST":
        return save(request, match)
    return show(request, match, actions.read_form(match), ())


def save(request: HttpRequest, match: Match | None) -> HttpResponse:
    """Store the draft and do what the pressed button says: nothing more, or ask for the launch."""
    form, problems = read_draft(request.POST)
    if "move" in request.POST:
        order = move_app(read_ids(request.POST.getlist("order")), request.POST["move"])
        ordered = tuple(channel for channel in order if channel in form.apps)
        return show(request, match, _replace_apps(form, ordered), problems, order)
    try:
        if problems:
            raise Refused(problems)
        match = actions.save_draft(request.workspace, request.user, get_now(request), form, match)
    except Refused as refused:
        return show(request, match, form, refused.problems, status=422)
    address = reverse("edit_match", args=[match.pk])
    if request.POST.get("act") == "launch":
        return HttpResponseRedirect(address + "?launch=1")
    toast(request, _("Draft saved"))
    return HttpResponseRedirect(address)


def show(
    request: HttpRequest,
    match: Match | None,
    form: MatchForm,
    problems: Sequence[Problem],
    order: Sequence[int] = (),
    status: int = 200,
) -> HttpResponse:
    """The page of the form with its panel."""
    typed, _wrong = build_draft(request.workspace, form)
    shown_as = read_ids([request.GET.get("as", request.POST.get("as", ""))])
    outlook = look_ahead(request, form, problems, shown_as[0] if shown_as else 0)
    context = show_draft(request.workspace, form, problems or outlook.problems if status != 200 else problems, order)
    context |= {
        "match": match,
        "outlook": outlook,
        "names": list_names(typed),
        "classes": list_choices(CLASS_NAMES, form.message_class),
        "policies": list_choices(ON_MISSING_NAMES, form.on_missing),
        "contacts_named": outlook.samples[:CONTACTS_NAMED],
        "ask_launch": "launch" in request.GET,
        "may_change": may_change(request),
        "currency": request.workspace.currency,
        "country": request.workspace.country,
        "imports_url": find_address("imports"),
        "channels_url": reverse("new_channel"),
        "phone_name": request.workspace.name,
    }
    return render(request, "matches/draft.html", context, status=status)


def show_panel(request: HttpRequest) -> HttpResponse:
    """The panel alone, for what is typed. Stores nothing."""
    form, problems = read_draft(request.POST)
    shown_as = read_ids([request.POST.get("as", "")])
    outlook = look_ahead(request, form, problems, shown_as[0] if shown_as else 0)
    context = {"outlook": outlook, "form": form, "phone_name": request.workspace.name}
    return render(request, "matches/panel.html", context | {"may_change": may_change(request), "swapped": True})


@outside_transaction
def send_test(request: HttpRequest) -> HttpResponse:
    """Send the text, as the previewed contact would get it, to numbers of one's own. Stores nothing."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("new_match"))
    form, _problems = read_draft(request.POST)
    sent, problem = [], ""
    try:
        with transaction.atomic():
            match, _wrong = build_draft(request.workspace, form)
            numbers = list_test_numbers(request.POST.get("numbers", ""), request.workspace.country)
            text = _render_test(request, match)
        sent = test_send(match, text, numbers, settings.PUBLIC_URL, get_now(request), get_caller())
    except Invalid as error:
        problem = error.sentence
    told = [(item.number, item.outcome.kind == OutcomeKind.OK, tell_outcome(item.outcome)) for item in sent]
    name = "matches/tested.html" if request.headers.get("HX-Request") == "true" else "matches/tested_page.html"
    return render(request, name, {"told": told, "problem": problem})


def tell_outcome(outcome) -> str:
    """What the provider said of one number, in words."""
    if outcome.kind == OutcomeKind.OK:
        return _("The provider took it.")
    reason = REASONS.get(outcome.reason)
    return _(reason.sentence) if reason else _("The provider refused it.")


def launch(request: HttpRequest, match_id: int) -> HttpResponse:
    """Launch the stored draft, checked once more; what stops it is shown in the form."""
    match = access_match(request.workspace, match_id)
    if request.method != "POST":
        return HttpResponseRedirect(reverse("edit_match", args=[match_id]) + "?launch=1")
    now = get_now(request)
    try:
        actions.launch(match, request.user, now, check_match(django_conn(), match, settings.PUBLIC_URL, now))
    except Refused as refused:
        return show(request, match, actions.read_form(match), refused.problems, status=422)
    toast(request, _("%(name)s launched") % {"name": match.name})
    return HttpResponseRedirect(reverse("match", args=[match_id]))


def _render_test(request: HttpRequest, match: Match) -> str:
    """The text as the previewed contact would get it. Raises Invalid with what keeps it from being one."""
    shown_as = read_ids([request.POST.get("as", "")])
    if not shown_as:
        raise Invalid(_("Choose an audience first: the test is sent as one of them would get it."))
    shown = preview(django_conn(), match, shown_as[0], settings.PUBLIC_URL, get_now(request))
    if shown.problem is not None:
        raise Invalid(shown.problem.sentence)
    return shown.text


def _replace_apps(form: MatchForm, apps: tuple[int, ...]) -> MatchForm:
    return MatchForm(**{name: getattr(form, name) for name in form.__dataclass_fields__} | {"apps": apps})


ROUTES = (
    route("new/", new_match, "new_match"),
    route("panel/", show_panel, "match_panel"),
    route("test/", send_test, "test_match"),
    route("<int:match_id>/edit/", edit_match, "edit_match"),
    route("<int:match_id>/launch/", launch, "launch_match"),
)
