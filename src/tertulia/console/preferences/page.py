"""Theme, language, zone and density of the reader, and the workspace that the session works in."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from tertulia.console.access import SESSION_WORKSPACE
from tertulia.console.context import THEME_COOKIE, THEMES
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.console.zones import UNSET_ZONE, list_zones
from tertulia.data.models import Membership, User

DENSITIES = ("dense", "", "loose")
COOKIE_AGE_S = 31_536_000


def show_preferences(request: HttpRequest) -> HttpResponse:
    """The form (GET), or its change (POST): every field that was sent is set, the others stay."""
    if request.method == "POST":
        return save_preferences(request)
    return render(
        request,
        "preferences/preferences.html",
        {
            "languages": settings.LANGUAGES,
            "language": translation.get_language(),
            "zones": list_zones(),
            "reader": request.user,
        },
    )


def save_preferences(request: HttpRequest) -> HttpResponse:
    """Set what was sent on the user, and as cookies for the pages before sign-in; back to where it was sent from."""
    user: User = request.user
    sent = request.POST
    if sent.get("theme", user.theme) in ("", *THEMES):
        user.theme = sent.get("theme", user.theme)
    if sent.get("language", "") in dict(settings.LANGUAGES):
        user.language = sent["language"]
    if sent.get("zone", "") in (UNSET_ZONE, *list_zones()):
        user.zone = sent["zone"]
    if sent.get("density", user.density) in DENSITIES:
        user.density = sent.get("density", user.density)
    user.name = sent.get("name", user.name).strip()[:200]
    user.save(update_fields=["theme", "language", "zone", "density", "name"])
    if "zone" in sent:
        with translation.override(user.language or translation.get_language()):
            toast(request, _("Preferences saved"))
    response = HttpResponseRedirect(choose_next(request))
    response.set_cookie(THEME_COOKIE, user.theme, max_age=COOKIE_AGE_S, samesite="Lax")
    if user.language:
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, max_age=COOKIE_AGE_S, samesite="Lax")
    return response


def choose_next(request: HttpRequest) -> str:
    """The address to return to, only if it is one of ours."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else reverse("preferences")


def choose_workspace(request: HttpRequest) -> HttpResponse:
    """Work in another of one's workspaces from now on (POST only: a GET changes nothing and goes home)."""
    if request.method == "POST":
        wanted = request.POST.get("workspace", "")
        own = Membership.objects.filter(user=request.user)
        membership = get_object_or_404(own, workspace_id=int(wanted) if wanted.isdecimal() else 0)
        request.session[SESSION_WORKSPACE] = membership.workspace_id
    return HttpResponseRedirect(reverse("home"))


ROUTES = (
    route("", show_preferences, "preferences"),
    route("workspace/", choose_workspace, "choose_workspace"),
)
