"""How a shop or another system is connected: its address, the steps to do there, and how its calls prove themselves."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions import hooks as actions
from tertulia.actions.problems import Refused
from tertulia.actions.sources import HOOK_KEY_HEAD
from tertulia.console.access import get_now, may_change
from tertulia.console.routes import route
from tertulia.console.sources.head import describe_arrival
from tertulia.console.sources.hook_words import STEPS
from tertulia.console.sources.near import is_near
from tertulia.console.toasts import toast
from tertulia.core.hook_signatures import ALGORITHMS, ENCODINGS, FIXED, Signing
from tertulia.data.models import Source


def show_hook(
    request: HttpRequest,
    source: Source,
    arrival: dict[str, object],
    errors: dict[str, str] | None = None,
    signing: Signing | None = None,
) -> HttpResponse:
    """The tab Connect of a source of webhooks. `arrival` is the head's context; `signing` a form that was refused."""
    address = actions.make_address(source, settings.PUBLIC_URL)
    if not may_change(request):
        address = address.replace(source.write_key, f"{HOOK_KEY_HEAD}…")
    told = STEPS[source.kind]
    context = arrival | {
        "address": address,
        "steps": told,
        "is_near": is_near(settings.PUBLIC_URL),
        "secret_set": bool(source.secret),
        "fixed": source.kind in FIXED,
        "signing": signing or actions.read_signing(source),
        "ways": (
            ("hmac", _("It signs each call with the secret")),
            ("secret", _("It sends the secret in a header")),
            ("none", _("Not at all: whoever knows the address may call")),
        ),
        "algorithms": ALGORITHMS,
        "encodings": ENCODINGS,
        "errors": errors or {},
    }
    return render(request, "sources/hook_connect.html", context, status=422 if errors else 200)


def save_proof(request: HttpRequest, source_id: int) -> HttpResponse:
    """How the system proves itself and its secret, one or both: an empty secret keeps the one that is stored."""
    source = actions.access_hook(request.workspace, source_id)
    if request.method != "POST":
        return HttpResponseRedirect(reverse("source", args=[source_id]))
    signing = None if source.kind in FIXED else read_signing(request.POST)
    try:
        if signing is not None:
            actions.set_signing(source, request.user, get_now(request), signing)
        secret = request.POST.get("secret", "")
        if secret.strip() or signing is None:
            actions.set_secret(source, request.user, get_now(request), secret)
    except Refused as refused:
        errors = {problem.field: problem.sentence for problem in refused.problems}
        return show_hook(request, source, describe_arrival(request, source), errors, signing)
    toast(request, _("Saved. Calls are proved with it from now on."))
    return HttpResponseRedirect(reverse("source", args=[source_id]))


def read_signing(sent: QueryDict) -> Signing:
    """The form as it was sent; what is no number is none that is allowed."""
    tolerance = sent.get("tolerance_s", "").strip()
    return Signing(
        way=sent.get("way", ""),
        header=sent.get("header", "").strip(),
        algorithm=sent.get("algorithm", ""),
        encoding=sent.get("encoding", ""),
        prefix=sent.get("prefix", "").strip(),
        timestamp_header=sent.get("timestamp_header", "").strip(),
        tolerance_s=int(tolerance) if tolerance.isdecimal() and len(tolerance) < 9 else 0,
    )


ROUTES = (route("<int:source_id>/proof/", save_proof, "source_proof"),)
