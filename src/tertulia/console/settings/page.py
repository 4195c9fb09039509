"""The workspace's name, where its links begin, and what holds where nothing else is said."""

from operator import itemgetter

import phonenumbers
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.problems import Refused
from tertulia.actions.workspaces import EVENT_HOURS_MAX, LINK_DAYS_MAX, WorkspaceForm, list_attributes, update_workspace
from tertulia.console.access import get_now, may_change
from tertulia.console.routes import route
from tertulia.console.tags import CURRENCY_SIGNS
from tertulia.console.toasts import toast
from tertulia.console.zones import list_zones
from tertulia.core.country_names import name_country
from tertulia.data.models import Workspace


def show_settings(request: HttpRequest) -> HttpResponse:
    """The form; a POST saves all of it or says what is wrong beside each field."""
    form, errors = fill_form(request.workspace), {}
    if request.method == "POST":
        form = read_form(request.POST)
        try:
            update_workspace(request.workspace, request.user, get_now(request), form)
        except Refused as refused:
            request.workspace.refresh_from_db()
            errors = {problem.field: problem.sentence for problem in refused.problems}
        else:
            toast(request, _("Settings saved"))
            return HttpResponseRedirect(reverse("settings"))
    return render(
        request,
        "settings/settings.html",
        {
            "form": form,
            "errors": errors,
            "editable": may_change(request),
            "public_url": settings.PUBLIC_URL,
            "languages": settings.LANGUAGES,
            "zones": list_zones(),
            "countries": list_countries(),
            "currencies": sorted({*CURRENCY_SIGNS, form.currency}),
            "link_days_max": LINK_DAYS_MAX,
            "event_hours_max": EVENT_HOURS_MAX,
            "attributes": list_choices(request.workspace, form),
        },
        status=422 if errors else 200,
    )


def list_countries() -> list[tuple[str, str]]:
    """Code and name of every country that has a numbering plan, by name."""
    return sorted(((code, name_country(code)) for code in phonenumbers.SUPPORTED_REGIONS), key=itemgetter(1))


def list_choices(workspace: Workspace, form: WorkspaceForm) -> list[tuple[str, bool]]:
    """Every attribute that is known or was typed, and whether it is marked."""
    marked = set(form.sensitive or ())
    return [(name, name in marked) for name in sorted({*list_attributes(workspace), *marked})]


def read_form(sent: QueryDict) -> WorkspaceForm:
    """The form as it was sent, without blanks around its values."""
    typed = [name.strip() for name in sent.get("sensitive_more", "").split(",")]
    days, hours = sent.get("link_days", "").strip(), sent.get("event_hours", "").strip()
    return WorkspaceForm(
        name=sent.get("name", "").strip(),
        link_domain=sent.get("link_domain", "").strip(),
        country=sent.get("country", "").strip().upper(),
        language=sent.get("language", "en").strip()[:12],
        zone=sent.get("zone", "").strip(),
        currency=sent.get("currency", "").strip().upper(),
        link_days=int(days) if days.isdecimal() and len(days) < 6 else 0,
        event_hours=int(hours) if hours.isdecimal() and len(hours) < 4 else 0,
        sensitive=tuple(filter(None, [*sent.getlist("sensitive"), *typed])),
    )


def fill_form(workspace: Workspace) -> WorkspaceForm:
    """The settings as they are."""
    return WorkspaceForm(
        name=workspace.name,
        link_domain=workspace.link_domain,
        country=workspace.country,
        language=workspace.language,
        zone=workspace.zone,
        currency=workspace.currency,
        link_days=workspace.link_days,
        event_hours=workspace.event_hours,
        sensitive=tuple(workspace.sensitive_attributes),
    )


ROUTES = (route("", show_settings, "settings"),)
