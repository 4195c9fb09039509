"""What Meta's platforms share: the webhook's signature and handshake, the Graph API's errors and application proof.

Source: Meta's documents “Webhooks: validate payloads”, “Verify requests”, “Secure Graph API calls”, “Handle errors”.
"""

from collections.abc import Mapping

from tertulia.channels.base import HttpResponse, Outcome, Rejected, WebhookCall
from tertulia.channels.outcomes import judge_status, make_outcome
from tertulia.channels.wire import (
    check_size,
    equal_secret,
    pick,
    pick_int,
    pick_text,
    read_answer,
    retry_after_s,
    sign_hex,
)

GRAPH_URL = "https://graph.facebook.com"
GRAPH_VERSION = "v26.0"
CHALLENGE_MAX_CHARACTERS = 256


def verify_signature(app_secret: str, call: WebhookCall) -> None:
    """X-Hub-Signature-256 over the raw bytes, escapes and all. Raises Rejected."""
    check_size(call)
    given = call.headers.get("x-hub-signature-256", "")
    if not given:
        raise Rejected("no_signature", 401)
    if not app_secret or not equal_secret(given, "sha256=" + sign_hex(app_secret, call.body)):
        raise Rejected("bad_signature")


def answer_handshake(verify_token: str, call: WebhookCall) -> HttpResponse | None:
    """The challenge of `GET ?hub.mode=subscribe`, None for a call that is no GET. Raises Rejected for another token."""
    if call.method != "GET":
        return None
    if call.query.get("hub.mode") != "subscribe" or not equal_secret(
        call.query.get("hub.verify_token", ""), verify_token
    ):
        raise Rejected("bad_verify_token")
    challenge = call.query.get("hub.challenge", "")[:CHALLENGE_MAX_CHARACTERS]
    return HttpResponse(200, (("content-type", "text/plain"),), challenge.encode("utf-8", "replace"))


def make_proof(app_secret: str, access_token: str) -> str:
    """`appsecret_proof`: shows that a call comes from whoever holds the app secret."""
    return sign_hex(app_secret, access_token.encode())


def judge_error(
    response: HttpResponse, codes: Mapping[int, str], subcodes: Mapping[tuple[int, int], str], ranges: bool = True
) -> Outcome:
    """The outcome of an answer with a Graph error: by (code, subcode), by code, by permission range, by status."""
    error = pick(read_answer(response), "error")
    code, subcode = pick_int(error, "code"), pick_int(error, "error_subcode") or 0
    detail = pick_text(error, "error_data", "details") or pick_text(error, "message")
    if code is None:
        return judge_status(response, structured=isinstance(error, dict), detail=detail)
    reason = subcodes.get((code, subcode)) or codes.get(code)
    if reason is None and ranges and 200 <= code <= 299:
        reason = "fix.permission"
    shown = f"{code}/{subcode}" if subcode else str(code)
    if reason is None:
        return _judge_unknown(response, shown, detail)
    return make_outcome(reason, shown, detail, retry_after=retry_after_s(response))


def _judge_unknown(response: HttpResponse, code: str, detail: str) -> Outcome:
    reason = "retry.unavailable" if response.status >= 500 else "fix.request"
    return make_outcome("retry.throttled" if response.status == 429 else reason, code, detail)


def read_error(response: HttpResponse) -> str:
    """Meta's own words for what is wrong, for the *Test* button."""
    return pick_text(read_answer(response), "error", "message", limit=200) or f"HTTP {response.status}"


def is_bad_token(response: HttpResponse) -> bool:
    """Error 190: the token is wrong, expired or was taken back."""
    return pick_int(read_answer(response), "error", "code") in (0, 190) or response.status == 401
