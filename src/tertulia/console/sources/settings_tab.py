"""A source's settings: its name and side, on and off, another key, and its end."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import sources as actions
from tertulia.actions.problems import Refused
from tertulia.console.access import get_now
from tertulia.console.routes import route
from tertulia.console.sources.head import describe_source
from tertulia.console.toasts import toast
from tertulia.core.hook_presets import SDK
from tertulia.store.db import django_conn
from tertulia.store.sources import has_events, read_last_event


def show_settings(request: HttpRequest, source_id: int) -> HttpResponse:
    """The form (GET), or its change (POST)."""
    source = actions.access_source(request.workspace, source_id)
    form, errors = actions.SourceForm(source.name, source.client_side, source.kind), {}
    if request.method == "POST":
        form = actions.SourceForm(request.POST.get("name", ""), request.POST.get("side") == "client", source.kind)
        try:
            actions.change_source(source, request.user, get_now(request), form)
            toast(request, _("Settings saved"))
            return HttpResponseRedirect(reverse("source_settings", args=[source_id]))
        except Refused as refused:
            errors = {problem.field: problem.sentence for problem in refused.problems}
    conn, workspace = django_conn(), request.workspace.pk
    context = describe_source(request, source, read_last_event(conn, workspace, source.pk), "settings")
    context |= {"form": form, "errors": errors, "has_events": has_events(conn, workspace, source.pk)}
    return render(request, "sources/settings.html", context, status=422 if errors else 200)


def disable_source(request: HttpRequest, source_id: int) -> HttpResponse:
    """Take nothing more from it."""
    return _act(request, source_id, actions.disable_source, _("Source disabled"), "enable_source")


def enable_source(request: HttpRequest, source_id: int) -> HttpResponse:
    """Take its events again."""
    return _act(request, source_id, actions.enable_source, _("Source enabled"), "disable_source")


def renew_key(request: HttpRequest, source_id: int) -> HttpResponse:
    """Another write key; the old one is refused from now on."""
    source = actions.access_source(request.workspace, source_id)
    if request.method == "POST":
        actions.renew_key(source, request.user, get_now(request), actions.make_write_key(source.kind))
        if source.kind == SDK:
            toast(request, _("Write key renewed. Enter the new one wherever the old one stands."))
        else:
            toast(request, _("Address renewed. Enter the new one wherever the old one stands."))
    return HttpResponseRedirect(reverse("source", args=[source_id]))


def delete_source(request: HttpRequest, source_id: int) -> HttpResponse:
    """Remove a source that never brought an event."""
    source = actions.access_source(request.workspace, source_id)
    if request.method != "POST":
        return HttpResponseRedirect(reverse("source_settings", args=[source_id]))
    actions.delete_source(django_conn(), source, request.user, get_now(request))
    toast(request, _("1 source deleted"))
    return HttpResponseRedirect(reverse("sources"))


def _act(request: HttpRequest, source_id: int, act: Callable[..., None], told: str, undo: str) -> HttpResponseRedirect:
    source = actions.access_source(request.workspace, source_id)
    if request.method == "POST":
        act(source, request.user, get_now(request))
        toast(request, told, undo=reverse(undo, args=[source_id]))
    return HttpResponseRedirect(reverse("source_settings", args=[source_id]))


ROUTES = (
    route("<int:source_id>/settings/", show_settings, "source_settings"),
    route("<int:source_id>/disable/", disable_source, "disable_source"),
    route("<int:source_id>/enable/", enable_source, "enable_source"),
    route("<int:source_id>/renew/", renew_key, "renew_source_key"),
    route("<int:source_id>/delete/", delete_source, "delete_source"),
)
