"""The list of sources, a new one, and the addresses of everything below."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.problems import Refused
from tertulia.actions.sources import SourceForm, create_source, list_sources, make_write_key
from tertulia.console.access import get_now, may_change
from tertulia.console.routes import route
from tertulia.console.sources import connect, debugger, derived, hooks, mapping, schema, settings_tab
from tertulia.console.sources.head import DAY, describe_state, name_kind
from tertulia.console.sources.hook_words import CHOICES
from tertulia.console.toasts import toast
from tertulia.core.hook_presets import SDK
from tertulia.core.sessions import DERIVED_SOURCE
from tertulia.ids import day_of
from tertulia.store.db import django_conn
from tertulia.store.sources import SourceVolume, count_refusals, count_volumes, read_last_event

SPARK_DAYS = 14


def show_sources(request: HttpRequest) -> HttpResponse:
    """Every source with what it brought."""
    now, conn, workspace = get_now(request), django_conn(), request.workspace
    volumes = count_volumes(conn, workspace.pk, day_of(now) - timedelta(days=SPARK_DAYS - 1))
    refused = count_refusals(conn, workspace.pk, now - DAY)
    rows = []
    for source in list_sources(workspace):
        mine = [row for row in volumes if row.source_id == source.pk]
        last_at = mine[-1].last_at if mine else read_last_event(conn, workspace.pk, source.pk)
        days = count_days(mine, now)
        rows.append(
            {
                "source": source,
                "kind": name_kind(source),
                "state": describe_state(source, last_at),
                "today": days[-1],
                "days": days,
                "last_at": last_at,
                "refused": refused.get(source.pk, 0),
            }
        )
    derived = describe_derived([row for row in volumes if row.source_id == DERIVED_SOURCE], now)
    context = {"rows": rows, "derived": derived, "now": now, "may_change": may_change(request)}
    return render(request, "sources/list.html", context)


def describe_derived(volumes: Sequence[SourceVolume], now: datetime) -> dict[str, Any] | None:
    """The row of what Tertulia derives itself; None while there was nothing of the kind."""
    if not volumes:
        return None
    days = count_days(volumes, now)
    return {"days": days, "today": days[-1], "last_at": volumes[-1].last_at}


def count_days(volumes: Sequence[SourceVolume], now: datetime) -> list[int]:
    """Events of each of the last days, the oldest first; a day without any is 0."""
    today = day_of(now)
    counts = {row.day: row.count for row in volumes}
    return [counts.get(today - timedelta(days=back), 0) for back in range(SPARK_DAYS - 1, -1, -1)]


def add_source(request: HttpRequest) -> HttpResponse:
    """The form (GET); the source made from it, then how it is connected (POST)."""
    side = request.POST.get("side", request.GET.get("side", "server"))
    kind = SDK if side in ("server", "client") else side
    form = SourceForm(request.POST.get("name", ""), side == "client", kind)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            source = create_source(request.workspace, request.user, get_now(request), form, make_write_key(form.kind))
            toast(request, _("%(name)s created") % {"name": source.name})
            return HttpResponseRedirect(reverse("source", args=[source.pk]))
        except Refused as refused:
            errors = {problem.field: problem.sentence for problem in refused.problems}
    context = {"form": form, "errors": errors, "may_change": may_change(request), "choices": CHOICES, "side": side}
    return render(request, "sources/new.html", context, status=422 if errors else 200)


ROUTES = (
    route("", show_sources, "sources"),
    route("new/", add_source, "new_source"),
    *derived.ROUTES,
    *connect.ROUTES,
    *hooks.ROUTES,
    *mapping.ROUTES,
    *debugger.ROUTES,
    *schema.ROUTES,
    *settings_tab.ROUTES,
)
