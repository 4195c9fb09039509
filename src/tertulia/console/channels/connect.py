"""Connecting a channel: choose a kind, fill in its form."""

import secrets

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.channels import check_form, create_channel
from tertulia.channels import registry
from tertulia.channels.base import Adapter
from tertulia.console.access import get_now, may_change
from tertulia.console.channels.form import read_sent, show_new, show_sent
from tertulia.console.channels.words import describe_kind, list_kinds, mark_of
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.core.carriers import EMAIL, SMS

PUBLIC_ID_BYTES = 12


def choose_kind(request: HttpRequest) -> HttpResponse:
    """The kinds, carriers first for a match begins with one."""
    kinds = [{"words": words, "mark": mark_of(words.kind)} for words in list_kinds()]
    groups = (
        (_("SMS"), _("Reaches every mobile: a match begins here."), [k for k in kinds if k["words"].carries == SMS]),
        (_("Messaging apps"), _("Where customers write to you."), [k for k in kinds if not k["words"].carries]),
        (_("E-mail"), _("Reaches every mailbox, from journeys."), [k for k in kinds if k["words"].carries == EMAIL]),
    )
    return render(request, "channels/kinds.html", {"groups": groups, "may_change": may_change(request)})


def connect_channel(request: HttpRequest, kind: str) -> HttpResponse:
    """The kind's form (GET); the channel made from it, then its own page (POST)."""
    adapter = find_kind(kind)
    if request.method != "POST":
        return show_form(request, adapter, show_new(adapter))
    form, problems = read_sent(adapter, request.POST)
    problems = [*problems, *check_form(adapter, form)]
    if problems:
        return show_form(request, adapter, show_sent(adapter, request.POST, problems), status=422)
    public_id = secrets.token_hex(PUBLIC_ID_BYTES)
    channel = create_channel(request.workspace, request.user, get_now(request), kind, form, public_id)
    toast(request, _("%(name)s connected") % {"name": channel.name})
    return HttpResponseRedirect(reverse("channel", args=[channel.pk]))


def show_form(request: HttpRequest, adapter: Adapter, form: object, status: int = 200) -> HttpResponse:
    """The page of the form."""
    words = describe_kind(adapter)
    context = {"adapter": adapter, "words": words, "form": form, "mark": mark_of(adapter.kind), "new": True}
    context["currency"] = request.workspace.currency
    return render(request, "channels/connect.html", context, status=status)


def find_kind(kind: str) -> Adapter:
    """The adapter of an installed kind, else a page that says that there is none."""
    try:
        return registry.get(kind)
    except registry.UnknownKind:
        raise Http404 from None


ROUTES = (
    route("new/", choose_kind, "new_channel"),
    route("new/<slug:kind>/", connect_channel, "connect_channel"),
)
