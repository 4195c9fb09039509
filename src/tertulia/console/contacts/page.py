"""The contact list: newest first, by pages of a key, so that the millionth page costs what the first one does."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from tertulia.console.access import get_now
from tertulia.console.contacts.filters import keep_query, list_chips, list_offers, read_filter
from tertulia.console.contacts.rows import build_rows
from tertulia.console.parts import Pager
from tertulia.console.routes import find_address, route
from tertulia.store.contacts import ID_MAX, Filter, ListedContact, count_contacts, estimate_contacts, list_contacts
from tertulia.store.db import django_conn

PAGE_ROWS = 50
COUNT_AT_ONCE_MAX = 50_000  # contacts of the workspace, of which any filter is counted in a moment
ROW_NUMBER_MAX = 10**9


def show_contacts(request: HttpRequest) -> HttpResponse:
    """The page of the list that the address asks for."""
    conn, workspace, query = django_conn(), request.workspace, request.GET
    which = read_filter(query)
    filtered = which != Filter()
    total = count_contacts(conn, workspace.pk, Filter())
    large = filtered and total > COUNT_AT_ONCE_MAX
    about = estimate_contacts(conn, workspace.pk, which, total) if large else None
    rare = large and about is None and which != Filter(words=which.words)
    place = read_place(query.get("before", ""))
    found = list_contacts(conn, workspace.pk, which, place, PAGE_ROWS + 1, rare=rare)
    shown = found[:PAGE_ROWS]
    counts_later = large and len(found) > PAGE_ROWS
    matching = None if counts_later else count_contacts(conn, workspace.pk, which) if filtered else total
    first = min(int(query["from"]), ROW_NUMBER_MAX) if query.get("from", "").isdecimal() else 1
    return render(
        request,
        "contacts/list.html",
        {
            "rows": build_rows(conn, workspace, shown),
            "total": total,
            "matching": matching,
            "about": about,
            "count_url": reverse("count_contacts") + keep_query(query),
            "filtered": filtered,
            "chips": list_chips(workspace, query, which),
            "offers": list_offers(workspace, query, which),
            "query": query,
            "which": which,
            "no_filter": reverse("contacts"),
            "export": reverse("export") + keep_query(query),
            "pager": make_pager(query, shown, len(found) > PAGE_ROWS, first, matching),
            "now": get_now(request),
            "import_url": find_address("new_import"),
            "match_url": find_address("new_match"),
            "segment_url": reverse("segment_from_filter") + keep_query(query) if filtered else "",
        },
    )


def show_count(request: HttpRequest) -> HttpResponse:
    """How many the filter finds, exactly; asked for by a page that came before its count."""
    which = read_filter(request.GET)
    matching = count_contacts(django_conn(), request.workspace.pk, which)
    context = {"matching": matching, "filtered": which != Filter()}
    return render(request, "contacts/count.html", context)


def make_pager(query, shown: list[ListedContact], more: bool, first: int, total: int | None) -> Pager:
    """Onwards by the last row's key; back to the start of the list."""
    on = ""
    if more and shown:
        last = shown[-1]
        on = keep_query(query) + ("&" if len(keep_query(query)) > 1 else "")
        on += f"before={last.created_at.timestamp():.6f}_{last.id}&from={first + len(shown)}"
    back = keep_query(query) if query.get("before") else ""
    return Pager(first if shown else 0, first + len(shown) - 1 if shown else 0, total, back, on)


def read_place(text: str) -> tuple[datetime, int] | None:
    """The key after which a page begins, ``<unix seconds>_<id>``; None for the first page and for anything else."""
    at, _, contact_id = text.partition("_")
    try:
        return datetime.fromtimestamp(float(at), tz=UTC), min(int(contact_id), ID_MAX)
    except (ValueError, OverflowError, OSError):
        return None


ROUTES = (route("", show_contacts, "contacts"), route("count/", show_count, "count_contacts"))
