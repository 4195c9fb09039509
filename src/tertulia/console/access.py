"""The one place where a request gets its workspace and its permission, and where its transaction opens and commits.

Every view of the table of pages is wrapped by ``guard``. A GET runs in a read-only transaction, so PostgreSQL itself
refuses a page that would change something on GET. Anything else commits when the view returns and rolls back when it
raises.
"""

from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import connection, transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from tertulia.console.pages import Page, Role
from tertulia.console.routes import View
from tertulia.console.toasts import toast
from tertulia.console.zones import choose_zone
from tertulia.data.models import Membership
from tertulia.errors import Conflict, Invalid, NotFound, TertuliaError
from tertulia.store.clock import decision_now
from tertulia.store.db import django_conn

SESSION_WORKSPACE = "workspace"
READING = frozenset({"GET", "HEAD"})
METHODS = (*sorted(READING), "POST")
OUTSIDE = "outside_transaction"


def find_membership(request: HttpRequest) -> Membership | None:
    """The membership that this session works in: the chosen workspace, else the user's first by name, else none."""
    found = Membership.objects.select_related("workspace").filter(user_id=request.user.pk)
    chosen = request.session.get(SESSION_WORKSPACE)
    if chosen is not None and (membership := found.filter(workspace_id=chosen).first()):
        return membership
    return found.order_by("workspace__name", "workspace_id").first()


def guard(page: Page, view: View) -> View:
    """The view behind sign-in, membership, the page's roles and one transaction."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        if not request.user.is_authenticated:
            return ask_to_sign_in(request)
        membership = find_membership(request)
        if membership is None:
            return render(request, "layout/no_workspace.html", status=403)
        attach(request, page, membership)
        reading = request.method in READING
        if Role(membership.role) not in (page.see if reading else page.change):
            return render(request, "layout/refused.html", status=403)
        try:
            with timezone.override(choose_zone(request.user, membership.workspace)):
                if getattr(view, OUTSIDE, False):
                    return view(request, *args, **kwargs)
                return within_transaction(reading, view, request, *args, **kwargs)
        except NotFound as error:
            raise Http404 from error
        except (Conflict, Invalid) as error:
            return show_refusal(request, error)

    return guarded


def show_refusal(request: HttpRequest, error: TertuliaError) -> HttpResponseBase:
    """What an action refused and no view caught: nothing was changed; its sentence is a toast where it was asked."""
    toast(request, error.sentence, failed=True)
    origin = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(origin, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(origin if ours and request.method == "POST" else reverse("home"))


def within_transaction(reading: bool, view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    """The view's answer, from one transaction."""
    with transaction.atomic():
        if reading:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
        return view(request, *args, **kwargs)


def outside_transaction(view: View) -> View:
    """For a view that calls a provider: it opens its own short transactions, so that none is held during the call."""
    setattr(view, OUTSIDE, True)
    return view


def attach(request: HttpRequest, page: Page, membership: Membership) -> None:
    """Put the page, the membership, its workspace and its role on the request, where views and templates read them."""
    request.page = page
    request.membership = membership
    request.workspace = membership.workspace
    request.role = Role(membership.role)


def may_change(request: HttpRequest) -> bool:
    """Whether this member may send changes to the page that is shown; buttons that would be refused are not drawn."""
    return request.role in request.page.change


def get_now(request: HttpRequest) -> datetime:
    """The instant that decisions use: real time, or the test clock's. One instant for the whole request."""
    if not hasattr(request, "now"):
        request.now = decision_now(django_conn(), test_clock=settings.TEST_CLOCK)
    return request.now


def ask_to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """To the sign-in page and back here afterwards; a fragment asks htmx to take the whole page there."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"HX-Redirect": reverse("account_login")})
    return redirect_to_login(request.get_full_path(), reverse("account_login"))
