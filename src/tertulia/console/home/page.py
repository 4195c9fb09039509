"""Home: figures that are doors, what waits for someone, what runs, and what is left to set up."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tertulia.console.access import get_now
from tertulia.console.home.checklist import list_setup
from tertulia.console.home.figures import make_tiles
from tertulia.console.home.needs import list_needs
from tertulia.console.home.running import list_running
from tertulia.console.routes import find_address, route
from tertulia.store.db import django_conn
from tertulia.store.overview import count_contacts_grown


def show_home(request: HttpRequest) -> HttpResponse:
    """The workspace at a glance."""
    conn, workspace, now = django_conn(), request.workspace, get_now(request)
    setup = list_setup(request, count_contacts_grown(conn, workspace.pk, now).total)
    return render(
        request,
        "home/home.html",
        {
            "now": now,
            "tiles": make_tiles(conn, workspace, now),
            "needs": list_needs(conn, workspace, now),
            "running": list_running(conn, workspace),
            "setup": setup,
            "setup_done": sum(item.done for item in setup),
            "matches_url": find_address("matches"),
            "import_url": find_address("new_import"),
            "new_match_url": find_address("new_match"),
            "topic": f"workspace:{workspace.pk}",
        },
    )


ROUTES = (route("", show_home, "home"),)
