"""What a launched match sent, and who did what with it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from tertulia.actions.match_texts import list_used, preview
from tertulia.actions.matches import access_match, list_app_channels
from tertulia.console.access import get_now
from tertulia.console.channels.words import mark_of, title_of
from tertulia.console.matches.head import describe_match
from tertulia.console.matches.words import CLASS_NAMES, ON_MISSING_NAMES
from tertulia.console.routes import route
from tertulia.data.models import Audit, Channel, Import, Match
from tertulia.errors import NotFound
from tertulia.store.db import django_conn
from tertulia.store.funnel import People, list_people

LOG_ROWS = 200
VERBS = {
    "match_created": gettext_lazy("Draft made"),
    "match_changed": gettext_lazy("Draft changed"),
    "match_launched": gettext_lazy("Launched"),
    "match_paused": gettext_lazy("Paused"),
    "match_resumed": gettext_lazy("Resumed"),
    "match_stopped": gettext_lazy("Stopped"),
    "match_done": gettext_lazy("Done"),
}
VERB_ICONS = {
    "match_launched": "send",
    "match_paused": "pause",
    "match_resumed": "play",
    "match_stopped": "square",
    "match_created": "plus",
}


def show_message(request: HttpRequest, match_id: int) -> HttpResponse:
    """The text as it was launched, as one of the audience got it, and the apps that its links lead to."""
    match = access_match(request.workspace, match_id)
    apps = [(channel, mark_of(channel.kind), title_of(channel.kind)) for channel in list_app_channels(match)]
    ways = {way["channel"]: way for way in match.direct}
    direct = [
        (channel, mark_of(channel.kind), ways[channel.pk]) for channel in Channel.objects.filter(pk__in=ways.keys())
    ]
    context = describe_match(request, match, "message") | {
        "apps": apps,
        "direct": direct,
        "lines": match.text.split("\n"),
        "neutral_lines": match.neutral.split("\n") if match.neutral and list_used(match) else (),
        "class_name": CLASS_NAMES.get(match.message_class, match.message_class),
        "policy_name": ON_MISSING_NAMES.get(match.on_missing, match.on_missing),
        "audience_name": _say_audience(match),
        "currency": match.workspace.currency,
        "shown": _preview_one(request, match),
    }
    return render(request, "matches/message.html", context)


def show_log(request: HttpRequest, match_id: int) -> HttpResponse:
    """Who made, changed, launched, paused and stopped it."""
    match = access_match(request.workspace, match_id)
    rows = Audit.objects.filter(workspace=request.workspace, subject=f"match:{match.pk}").select_related("user")
    acts = [
        {
            "at": row.at,
            "who": str(row.user) if row.user else "",
            "words": VERBS.get(row.verb, row.verb),
            "icon": VERB_ICONS.get(row.verb, "pencil"),
        }
        for row in rows.order_by("-id")[:LOG_ROWS]
    ]
    return render(request, "matches/log.html", describe_match(request, match, "log") | {"log": acts})


def _say_audience(match: Match) -> list[str]:
    """The chosen lists by name; nothing for the other forms."""
    ids = match.audience.get("imports", ())
    return list(Import.objects.filter(workspace=match.workspace, pk__in=ids).values_list("name", flat=True))


def _preview_one(request: HttpRequest, match: Match):
    """The text for the first of the audience, None while there is none."""
    found = list_people(django_conn(), match.pk, People(), limit=1)
    if not found:
        return None
    try:
        return preview(django_conn(), match, found[0].contact_id, settings.PUBLIC_URL, get_now(request))
    except NotFound:
        return None


ROUTES = (
    route("<int:match_id>/message/", show_message, "match_message"),
    route("<int:match_id>/log/", show_log, "match_log"),
)
