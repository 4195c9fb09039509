"""The list under the command palette: at most nine pages, things to do and contacts that fit what was typed."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.console.pages import PAGES
from tertulia.console.routes import route

FOUND_MAX = 9


@dataclass(frozen=True, slots=True)
class Found:
    """One row of the palette: a link with its icon and what kind of thing it is."""

    address: str
    text: str
    icon: str
    hint: str


def find_things(request: HttpRequest) -> HttpResponse:
    """The options for ``q``; without it the pages of the menu."""
    query = request.GET.get("q", "").strip()[:100]
    return render(request, "find/options.html", {"found": find_pages(request, query)[:FOUND_MAX], "query": query})


def find_pages(request: HttpRequest, query: str) -> list[Found]:
    """The pages of the menu that this role may see and whose title has the text anywhere."""
    wanted = query.casefold()
    pages = [page for page in PAGES if request.role in page.see and (page.group or page.name == "preferences")]
    return [
        Found(reverse(page.name), str(page.title), page.icon, _("Page"))
        for page in pages
        if wanted in str(page.title).casefold()
    ]


ROUTES = (route("", find_things, "find"),)
