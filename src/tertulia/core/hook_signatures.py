"""The ways in which a webhook proves where it comes from.

Shopify signs the raw body with the app's client secret, WooCommerce with the webhook's own secret: HMAC-SHA256 in
base64 (source: Shopify's official client libraries; WooCommerce, `WC_Webhook::generate_signature`). Any other system
may sign in a header of its own, send a secret in one, or prove nothing but that it knows the address.

Where a system signs a time too (`timestamp_header`), the signed text is the time, a full stop and the body, and a time
too far from ours is refused. Secrets are compared in constant time.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from tertulia.core.hook_faults import HookCode
from tertulia.core.hook_presets import SHOPIFY, WOOCOMMERCE
from tertulia.core.ingest_time import read_time

WAYS: Final = ("hmac", "secret", "none")
ALGORITHMS: Final = ("sha256", "sha1", "sha512")
ENCODINGS: Final = ("hex", "base64")
TOLERANCE_S_MAX: Final = 86_400
TOLERANCE_S: Final = 300


class Signing(msgspec.Struct, frozen=True):
    """How a source proves itself. `way`: hmac over the body, secret in a header, or none. `prefix` stands before the
    signature. `timestamp_header` empty: no time is signed."""

    way: str = "hmac"
    header: str = "X-Signature"
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    timestamp_header: str = ""
    tolerance_s: int = TOLERANCE_S


FIXED: Final[Mapping[str, Signing]] = {
    SHOPIFY: Signing(header="X-Shopify-Hmac-Sha256", encoding="base64"),
    WOOCOMMERCE: Signing(header="X-WC-Webhook-Signature", encoding="base64"),
}


def sign(signing: Signing, secret: str, body: bytes, stamp: str = "") -> str:
    """What the signing header has to say about a body."""
    if signing.way == "secret":
        return signing.prefix + secret
    text = f"{stamp}.".encode() + body if signing.timestamp_header else body
    digest = hmac.digest(secret.encode(), text, signing.algorithm)
    told = digest.hex() if signing.encoding == "hex" else base64.b64encode(digest).decode()
    return signing.prefix + told


def verify(signing: Signing, secret: str, body: bytes, headers: Mapping[str, str], now: datetime) -> HookCode | None:
    """Why a call is not believed; None for one that is. `headers` have names in lower case."""
    if signing.way == "none":
        return None
    if not secret:
        return HookCode.NO_SECRET
    given = headers.get(signing.header.lower(), "").strip()
    stamp = headers.get(signing.timestamp_header.lower(), "").strip() if signing.timestamp_header else ""
    if not given or (signing.way == "hmac" and signing.timestamp_header and not stamp):
        return HookCode.NO_SIGNATURE
    expected = sign(signing, secret, body, stamp)
    if signing.way == "hmac" and signing.encoding == "hex":
        given = signing.prefix + given.removeprefix(signing.prefix).lower()
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace")):
        return HookCode.BAD_SIGNATURE
    if signing.way == "hmac" and signing.timestamp_header:
        at = read_time(stamp)
        if at is None or abs((now - at).total_seconds()) > signing.tolerance_s:
            return HookCode.TOO_OLD
    return None
