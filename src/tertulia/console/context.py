"""What every template of the shell reads: menu, breadcrumb, theme, direction, pending toast."""

from typing import Any

from django.conf import settings
from django.contrib.messages import get_messages
from django.db.models import Count, Max, Q
from django.http import HttpRequest

from tertulia.console.pages import GROUP_TITLES, PAGES, Group, list_crumbs, list_menu
from tertulia.console.toasts import UNDO
from tertulia.data.models import Notice, Workspace

THEMES = ("light", "dark")
THEME_COOKIE = "theme"
NAV_COOKIE = "nav"


def describe_shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Pages outside the shell (sign-in, errors) get the theme and the toast alone."""
    shared = {"theme": choose_theme(request), "toast": take_toast(request)}
    page = getattr(request, "page", None)
    if page is None:
        return shared
    seen = [known for known in PAGES if request.role in known.see]
    crumbs = list_crumbs(page)
    menu = dict(list_menu(request.role))
    last_notice, notice_count = count_notices(request)
    return shared | {
        "last_notice": last_notice,
        "notice_count": notice_count,
        "page": page,
        "person": str(request.user),
        "workspace": request.workspace,
        "other_workspaces": list_other_workspaces(request),
        "membership": request.membership,
        "menu_foot": menu.pop(Group.FOOT, []),
        "menu": [(GROUP_TITLES.get(group), pages) for group, pages in menu.items()],
        "phones_url": settings.VIRTUAL_PHONES_URL,
        "bottom_bar": [known for known in seen if known.bottom][:4],
        "crumbs": crumbs,
        "here": {page.name, *(above.name for above in crumbs)},
        "may_change": request.role in page.change,
        "folded": page.rail or request.COOKIES.get(NAV_COOKIE) == "rail",
        "go_keys": [known for known in seen if known.key],
    }


def count_notices(request: HttpRequest) -> tuple[int, int]:
    """The newest notice's id, and how many nobody has seen."""
    found = Notice.objects.filter(workspace=request.workspace).aggregate(
        last=Max("pk"), unseen=Count("pk", filter=Q(seen_at=None))
    )
    return found["last"] or 0, found["unseen"]


def choose_theme(request: HttpRequest) -> str:
    """light or dark; empty follows the system."""
    user = getattr(request, "user", None)
    chosen = getattr(user, "theme", "") or request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def take_toast(request: HttpRequest) -> dict[str, str] | None:
    """The newest toast, for one is shown at a time. A fragment that fetches itself does not take it from the page."""
    if request.headers.get("HX-Request") == "true":
        return None
    found = list(get_messages(request))
    if not found:
        return None
    newest = found[-1]
    undo = (newest.extra_tags or "").removeprefix(UNDO)
    return {"text": str(newest), "undo": undo, "failed": "1" if newest.level_tag == "error" else ""}


def list_other_workspaces(request: HttpRequest) -> list[Workspace]:
    """The user's other workspaces, by name."""
    others = Workspace.objects.filter(membership__user=request.user).exclude(pk=request.workspace.pk)
    return list(others.order_by("name"))
