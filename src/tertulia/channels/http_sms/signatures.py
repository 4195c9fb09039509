"""The ways in which a gateway can prove that a call is its own.

HMAC over the raw body in a header; Vonage's `sig` over the sorted parameters with a time that may be five minutes old;
MessageBird's JWT with hashes of address and body; a secret in the address or in a header; its IP addresses.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

from tertulia.channels.base import Rejected, WebhookCall
from tertulia.channels.wire import (
    Unreadable,
    equal_secret,
    pick_int,
    pick_text,
    read_json_map,
    sha256_hex,
    sign_base64,
    sign_hex,
)

VONAGE_AGE_MAX_S = 300
JWT_LEEWAY_S = 5
_JWT_ALGORITHMS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


def sign_vonage(secret: str, fields: Mapping[str, str], algorithm: str) -> str:
    """`sig` of Vonage's parameters (source: “Signing messages”, and the official Python client)."""
    text = "".join(
        f"&{name}={fields[name].replace('&', '_').replace('=', '_')}" for name in sorted(fields) if name != "sig"
    )
    return sign_hex(secret, text.encode(), algorithm)


def verify_vonage(secret: str, fields: Mapping[str, str], algorithm: str, now: datetime) -> None:
    given = fields.get("sig", "")
    if not given:
        raise Rejected("no_signature", 401)
    if not secret or not equal_secret(given.lower(), sign_vonage(secret, fields, algorithm)):
        raise Rejected("bad_signature")
    stamp = fields.get("timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        raise Rejected("no_timestamp")
    if abs(now.timestamp() - int(stamp)) > VONAGE_AGE_MAX_S:
        raise Rejected("too_old")


def verify_messagebird(key: str, call: WebhookCall, now: datetime) -> None:
    """The JWT of MessageBird-Signature-JWT (source: “Verify webhooks”, and the official Python client)."""
    token = call.headers.get("messagebird-signature-jwt", "")
    if not token:
        raise Rejected("no_signature", 401)
    head, _, rest = token.partition(".")
    payload, _, signature = rest.partition(".")
    algorithm = _JWT_ALGORITHMS.get(pick_text(_read_part(head), "alg"))
    if algorithm is None or not key:
        raise Rejected("bad_signature")
    expected = hmac.new(key.encode(), f"{head}.{payload}".encode("utf-8", "backslashreplace"), algorithm).digest()
    if not hmac.compare_digest(_decode(signature), expected):
        raise Rejected("bad_signature")
    _check_claims(_read_part(payload), call, now.timestamp())


def _check_claims(claims: Mapping[str, Any], call: WebhookCall, now_s: float) -> None:
    begins, ends = pick_int(claims, "nbf"), pick_int(claims, "exp")
    if claims.get("iss") != "MessageBird" or begins is None or ends is None:
        raise Rejected("bad_claims")
    if now_s < begins - JWT_LEEWAY_S or now_s > ends + JWT_LEEWAY_S:
        raise Rejected("too_old")
    if not equal_secret(pick_text(claims, "url_hash"), sha256_hex(call.url.encode())):
        raise Rejected("bad_url_hash")
    given = pick_text(claims, "payload_hash")
    if call.body and not equal_secret(given, sha256_hex(call.body)):
        raise Rejected("bad_payload_hash")
    if not call.body and given:
        raise Rejected("bad_payload_hash")


def verify_hmac(secret: str, header: str, algorithm: str, encoding: str, prefix: str, call: WebhookCall) -> None:
    given = call.headers.get(header.lower(), "")
    if not given:
        raise Rejected("no_signature", 401)
    sign = sign_base64 if encoding == "base64" else sign_hex
    if not secret or not equal_secret(given, prefix + sign(secret, call.body, algorithm)):
        raise Rejected("bad_signature")


def verify_secret(given: str, secret: str) -> None:
    if not given:
        raise Rejected("no_signature", 401)
    if not equal_secret(given, secret):
        raise Rejected("bad_signature")


def verify_address(networks: tuple[str, ...], remote_address: str) -> None:
    """Refuse a call from elsewhere; a line that is no network allows nothing."""
    try:
        caller = ip_address(remote_address)
    except ValueError:
        raise Rejected("no_address") from None
    if not any(_holds(network, caller) for network in networks):
        raise Rejected("other_address")


def _holds(network: str, caller: Any) -> bool:
    try:
        return caller in ip_network(network, strict=False)
    except ValueError:
        return False


def _read_part(part: str) -> Mapping[str, Any]:
    try:
        return read_json_map(_decode(part))
    except Unreadable:
        return {}


def _decode(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part.encode("ascii", "replace") + b"=" * (-len(part) % 4))
    except (ValueError, binascii.Error):
        return b""
