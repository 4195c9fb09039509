"""The one-time sign-in link: made by the command line or by an admin, good once, for a short time.

Opening it changes nothing (previews and scanners open links too): it shows a button, and the button signs in. The row
is used up by one guarded update, so of two who press at once only one gets in. Its time is real time, for sessions are
not part of a test clock (E8).
"""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from tertulia.data.models import SignInLink, User

LINK_MINUTES = 60
BACKEND = "django.contrib.auth.backends.ModelBackend"


def make_sign_in_link(user: User, minutes: int = LINK_MINUTES) -> str:
    """A new link for ``user``: its path on this console. Only the hash of its secret is stored; the caller commits."""
    secret = secrets.token_urlsafe(32)
    expires_at = timezone.now() + timedelta(minutes=minutes)
    SignInLink.objects.create(user=user, secret_hash=hash_secret(secret), expires_at=expires_at)
    return reverse("sign_in_once", args=[secret])


def hash_secret(secret: str) -> str:
    """What is stored of a secret. It is 256 bits of chance, so one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


@never_cache
def use_link(request: HttpRequest, secret: str) -> HttpResponse:
    """GET: who would be signed in, and the button. POST: sign in, once."""
    fresh = SignInLink.objects.filter(
        secret_hash=hash_secret(secret), used_at=None, expires_at__gt=timezone.now(), user__is_active=True
    )
    link = fresh.select_related("user").first()
    if link is not None and request.method == "POST" and fresh.update(used_at=timezone.now()) == 1:
        login(request, link.user, backend=BACKEND)
        return HttpResponseRedirect(reverse("home"))
    if link is None or request.method == "POST":
        return render(request, "sign_in/used.html", status=410)
    return render(request, "sign_in/once.html", {"link": link})
