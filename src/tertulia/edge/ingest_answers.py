"""What tracking SDKs are answered, in the only forms that all of them take.

Success is 200 and nothing else, for some resend on 202 and 204; an error's body is an object with `code` and `message`,
without which some resend what will never be taken; nothing is ever redirected. Every answer may be read from any site,
for write keys are public and no cookie counts here.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec
from starlette.types import Scope, Send

from tertulia.core.ingest import Discard
from tertulia.edge.http import NO_STORE, answer, get_header

METHODS = "GET, POST, OPTIONS"
HEADERS = "Authorization, Content-Type, Content-Encoding, X-Retry-Count, AnonymousId, SentAt"
PREFLIGHT_S = 7_200
SETTINGS_S = 120
BUSY_S = 1
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")

_JSON = (("content-type", "application/json"),)
_PLAIN_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9.:\[\]_-]{1,255}|null")
_HEADER_LIST = re.compile(r"[A-Za-z0-9_, *-]{1,1000}")


class Refusal(Exception):
    """A request that is not taken. `wait_s` where it may come again, in whole seconds."""

    def __init__(self, status: int, code: str, message: str, wait_s: int = 0) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.wait_s = wait_s


def refuse_unread() -> Refusal:
    return Refusal(400, "invalid_json", "The body is not a JSON object.")


def refuse_large() -> Refusal:
    return Refusal(400, "payload_too_large", "A request has at most 8 MiB, unpacked.")


def refuse_many(wait_s: int = BUSY_S) -> Refusal:
    return Refusal(429, "rate_limited", "Too many requests. Come again later.", wait_s)


def refuse_away() -> Refusal:
    return Refusal(503, "unavailable", "Events cannot be stored right now. Come again later.", BUSY_S)


async def reply_taken(scope: Scope, send: Send, accepted: int, discards: Sequence[Discard]) -> None:
    """200: so many are stored, and these are not."""
    told = [_show_discard(discard) for discard in discards]
    body = {"success": True, "accepted": accepted, "discarded": told}
    await _reply(scope, send, 200, _JSON, msgspec.json.encode(body))


async def reply_refused(scope: Scope, send: Send, refusal: Refusal, status: int = 0) -> None:
    """An error. `status` in the place of the refusal's own, for those who must hear 200."""
    body = {"success": False, "code": refusal.code, "message": refusal.message}
    waits = (("retry-after", str(refusal.wait_s)), ("x-ratelimit-reset", str(refusal.wait_s)))
    headers = (*_JSON, *waits) if refusal.wait_s else _JSON
    if refusal.code == "method_not_allowed":
        headers = (*headers, ("allow", METHODS))
    await _reply(scope, send, status or refusal.status, headers, msgspec.json.encode(body))


async def reply_preflight(scope: Scope, send: Send) -> None:
    """What a browser may send: whatever headers it asks for, since pages add their own."""
    asked = get_header(scope, b"access-control-request-headers")
    headers = (
        ("access-control-allow-methods", METHODS),
        ("access-control-allow-headers", asked if _HEADER_LIST.fullmatch(asked) else HEADERS),
        ("access-control-max-age", str(PREFLIGHT_S)),
    )
    await _reply(scope, send, 204, headers, b"")


async def reply_pixel(scope: Scope, send: Send) -> None:
    await _reply(scope, send, 200, (("content-type", "image/gif"), *NO_STORE), GIF)


async def reply_settings(scope: Scope, send: Send, write_key: str, public_url: str) -> None:
    """What the browser's SDK wants to know before it sends anything: where to send it."""
    parts = urlsplit(public_url)
    ours = {"apiKey": write_key, "apiHost": f"{parts.netloc}{parts.path.rstrip('/')}/v1"}
    if parts.scheme == "http":
        ours["protocol"] = "http"
    body = {
        "integrations": {"Segment.io": ours},
        "metrics": {"sampleRate": 0},
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
    }
    headers = (*_JSON, ("cache-control", f"public, max-age={SETTINGS_S}"))
    await _reply(scope, send, 200, headers, msgspec.json.encode(body))


async def reply_source(scope: Scope, send: Send, write_key: str, public_url: str) -> None:
    """What RudderStack's SDK for browsers asks of the address that it knows as `configUrl`. It sends to the address
    that it was given itself."""
    told = {"errors": {"enabled": False}, "metrics": {"enabled": False}}
    config = {"statsCollection": told}
    body = {"source": {"id": write_key, "name": "Tertulia", "enabled": True, "config": config, "destinations": []}}
    headers = (*_JSON, ("cache-control", f"public, max-age={SETTINGS_S}"), ("vary", "Authorization"))
    await _reply(scope, send, 200, headers, msgspec.json.encode(body))


def _show_discard(discard: Discard) -> dict[str, str | int]:
    told: dict[str, str | int] = {"index": discard.place, "messageId": discard.message_id, "code": discard.code}
    return told if discard.count == 1 else {**told, "count": discard.count}


async def _reply(scope: Scope, send: Send, status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
    await answer(send, status, (*headers, *_allow_origin(scope)), body, head=scope["method"] == "HEAD")


def _allow_origin(scope: Scope) -> tuple[tuple[str, str], ...]:
    """The caller's site by name, for a page that sends its cookies along accepts no asterisk."""
    origin = get_header(scope, b"origin")
    exposed = ("access-control-expose-headers", "Retry-After, X-RateLimit-Reset")
    if not _PLAIN_ORIGIN.fullmatch(origin):
        return (("access-control-allow-origin", "*"), exposed)
    credentials = ("access-control-allow-credentials", "true")
    return (("access-control-allow-origin", origin), credentials, exposed, ("vary", "Origin"))
