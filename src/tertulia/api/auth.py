"""Bearer keys. A key works in one workspace; its scopes say what it may do: GET needs `read`, all else `write`. Codes
are asked for and checked with `otp` too, so that who can do that can do nothing else.
"""

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from tertulia.actions.workspaces import find_key
from tertulia.data.models import ApiKey
from tertulia.errors import TertuliaError

SEEN_EVERY = timedelta(minutes=5)
READING = frozenset({"GET", "HEAD"})
OTP = frozenset({"/api/otp", "/api/otp/verify"})


class MissingScope(TertuliaError):
    """The key is good but may not do this."""

    code = "scope"
    status = 403


class BearerKey(HttpBearer):
    """`Authorization: Bearer tertulia_...`"""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """The key, put on the request with its workspace; None when it does not work."""
        key = find_key(token)
        if key is None:
            return None
        needed = "read" if request.method in READING else "write"
        if needed not in key.scopes and not (needed == "write" and request.path in OTP and "otp" in key.scopes):
            raise MissingScope(f"This key has no scope “{needed}”.")
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > SEEN_EVERY:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return key
