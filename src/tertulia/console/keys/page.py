"""Keys of machines: made for a purpose, shown once, revoked at once."""

import secrets

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.problems import Refused
from tertulia.actions.workspaces import SCOPES, create_key, list_keys, revoke_key
from tertulia.console.access import get_now
from tertulia.console.routes import route
from tertulia.console.toasts import toast

SECRET_BYTES = 30


def show_keys(request: HttpRequest) -> HttpResponse:
    """The keys that work; a POST makes one and shows its text, once."""
    errors: dict[str, str] = {}
    text = ""
    if request.method == "POST":
        name, scopes = request.POST.get("name", ""), request.POST.getlist("scopes")
        secret = secrets.token_urlsafe(SECRET_BYTES)
        try:
            _key, text = create_key(request.workspace, request.user, get_now(request), name, scopes, secret)
        except Refused as refused:
            errors = {problem.field: problem.sentence for problem in refused.problems}
    context = {
        "keys": list_keys(request.workspace),
        "text": text,
        "errors": errors,
        "scopes": [scope for scope in SCOPES if scope != "test"],
        "now": get_now(request),
    }
    return render(request, "keys/keys.html", context, status=422 if errors else 200)


def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """Make a key useless."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    revoke_key(request.workspace, request.user, get_now(request), key_id)
    toast(request, _("1 key revoked"))
    return HttpResponseRedirect(reverse("keys"))


ROUTES = (
    route("", show_keys, "keys"),
    route("<int:key_id>/revoke/", revoke, "revoke_key"),
)
