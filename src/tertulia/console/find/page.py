"""The list under the command palette: at most nine pages, things to do and contacts that fit what was typed."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.console.pages import EDITORS, PAGES
from tertulia.console.routes import find_address, route
from tertulia.core.search import fold, split_words
from tertulia.data.models import Channel, Match, Segment, Source
from tertulia.store.contacts import Filter, list_contacts
from tertulia.store.db import django_conn

FOUND_MAX = 9
THINGS_MAX = 3


@dataclass(frozen=True, slots=True)
class Found:
    """One row of the palette: a link with its icon and what kind of thing it is."""

    address: str
    text: str
    icon: str
    hint: str


def find_things(request: HttpRequest) -> HttpResponse:
    """The options for ``q``: pages and acts first, then things by name; without it the pages of the menu."""
    query = request.GET.get("q", "").strip()[:100].replace("\0", "")
    found = [*find_pages(request, query), *find_acts(request, query)]
    if query:
        found = [
            *found[:4],
            *find_matches(request, query),
            *find_segments(request, query),
            *find_channels(request, query),
            *find_sources(request, query),
            *find_contacts(request, query),
        ]
    return render(request, "find/options.html", {"found": found[:FOUND_MAX], "query": query})


def find_pages(request: HttpRequest, query: str) -> list[Found]:
    """The pages of the menu that this role may see and whose title has the text anywhere."""
    wanted = fold(query)
    pages = [page for page in PAGES if request.role in page.see and (page.group or page.name == "preferences")]
    return [
        Found(reverse(page.name), str(page.title), page.icon, _("Page"))
        for page in pages
        if wanted in fold(str(page.title))
    ]


def find_acts(request: HttpRequest, query: str) -> list[Found]:
    """Things to do, where a page does them and this role may."""
    if request.role not in EDITORS:
        return []
    acts = [
        (find_address("new_import"), _("Import a customer list"), "upload"),
        (find_address("new_match"), _("New match"), "plus"),
        (reverse("new_segment"), _("New segment"), "plus"),
        (find_address("channels"), _("Connect a channel"), "radio-tower"),
        (reverse("suggestions"), _("Review merge suggestions"), "git-merge"),
    ]
    wanted = fold(query)
    return [Found(url, text, icon, _("Do")) for url, text, icon in acts if url and wanted and wanted in fold(text)]


def find_matches(request: HttpRequest, query: str) -> list[Found]:
    """Matches by name, the newest first."""
    rows = Match.objects.filter(workspace=request.workspace, name__icontains=query).order_by("-pk")[:THINGS_MAX]
    found = [(find_address("match", row.pk), row) for row in rows]
    return [Found(url, row.name, "link", _("Match")) for url, row in found if url]


def find_segments(request: HttpRequest, query: str) -> list[Found]:
    """Segments and lists by name."""
    own = Segment.objects.filter(workspace=request.workspace, name__icontains=query).exclude(state="archived")
    rows = own.order_by("name")[:THINGS_MAX]
    return [Found(reverse("segment", args=[row.pk]), row.name, "shapes", _("Segment")) for row in rows]


def find_channels(request: HttpRequest, query: str) -> list[Found]:
    """Connected channels by name."""
    own = Channel.objects.filter(workspace=request.workspace, archived_at=None, name__icontains=query)
    found = [(find_address("channel", row.pk), row) for row in own.order_by("name")[:THINGS_MAX]]
    return [Found(url, row.name, "radio-tower", _("Channel")) for url, row in found if url]


def find_sources(request: HttpRequest, query: str) -> list[Found]:
    """Sources of events by name."""
    own = Source.objects.filter(workspace=request.workspace, name__icontains=query).order_by("name")[:THINGS_MAX]
    found = [(find_address("source", row.pk), row) for row in own]
    return [Found(url, row.name, "activity", _("Source")) for url, row in found if url]


def find_contacts(request: HttpRequest, query: str) -> list[Found]:
    """Contacts by name or number, and the way to all of them."""
    which = Filter(words=split_words(query))
    rows = list_contacts(django_conn(), request.workspace.pk, which, None, THINGS_MAX + 1)
    found = [
        Found(
            reverse("contact", args=[row.id]),
            f"{row.name} {row.surname}".strip() or row.phone or "",
            "user",
            _("Contact"),
        )
        for row in rows[:THINGS_MAX]
    ]
    if len(rows) > THINGS_MAX or not found:
        all_of_them = reverse("contacts") + "?" + urlencode({"q": query})
        found.append(Found(all_of_them, _("Search all contacts for “%(query)s”") % {"query": query}, "search", ""))
    return found


ROUTES = (route("", find_things, "find"),)
