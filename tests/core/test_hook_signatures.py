"""How webhooks prove themselves, against the vectors of the senders' own code."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.hook_faults import HookCode
from tertulia.core.hook_signatures import FIXED, Signing, sign, verify

NOW = datetime(2026, 11, 29, 10, tzinfo=UTC)
BODY = '{"id":1,"name":"Inês"}'.encode()


@pytest.mark.parametrize(
    ("kind", "header"), [("shopify", "x-shopify-hmac-sha256"), ("woocommerce", "x-wc-webhook-signature")]
)
def test_a_shop_signs_the_raw_body_in_base64(kind: str, header: str) -> None:
    """A byte of difference, another secret, no secret and no header are told apart."""
    told = base64.b64encode(hmac.new(b"s3cret", BODY, hashlib.sha256).digest()).decode()
    signing = FIXED[kind]
    assert verify(signing, "s3cret", BODY, {header: told}, NOW) is None
    assert verify(signing, "s3cret", BODY + b" ", {header: told}, NOW) is HookCode.BAD_SIGNATURE
    assert verify(signing, "other", BODY, {header: told}, NOW) is HookCode.BAD_SIGNATURE
    assert verify(signing, "s3cret", BODY, {}, NOW) is HookCode.NO_SIGNATURE
    assert verify(signing, "", BODY, {header: told}, NOW) is HookCode.NO_SECRET


def test_a_known_vector() -> None:
    """RFC 4231's second test case, in hex with a prefix."""
    signing = Signing(header="X-Hub-Signature-256", prefix="sha256=")
    told = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    body = b"what do ya want for nothing?"
    assert verify(signing, "Jefe", body, {"x-hub-signature-256": told}, NOW) is None
    assert verify(signing, "Jefe", body, {"x-hub-signature-256": told.upper()}, NOW) is HookCode.BAD_SIGNATURE
    upper = "sha256=" + told[7:].upper()
    assert verify(signing, "Jefe", body, {"x-hub-signature-256": upper}, NOW) is None


def test_a_signed_time_has_to_be_near() -> None:
    """Seconds or ISO; without it, or far away, the call is refused though its signature is right."""
    signing = Signing(header="X-Sig", timestamp_header="X-Time", tolerance_s=60)

    def call(stamp: str) -> HookCode | None:
        return verify(signing, "s", BODY, {"x-sig": sign(signing, "s", BODY, stamp), "x-time": stamp}, NOW)

    assert call(str(int(NOW.timestamp()) - 59)) is None
    assert call("2026-11-29T10:00:59Z") is None
    assert call(str(int(NOW.timestamp()) - 61)) is HookCode.TOO_OLD
    assert call("soon") is HookCode.TOO_OLD
    assert verify(signing, "s", BODY, {"x-sig": sign(signing, "s", BODY, "")}, NOW) is HookCode.NO_SIGNATURE


def test_a_secret_in_a_header_or_nothing_at_all() -> None:
    way = Signing(way="secret", header="Authorization", prefix="Bearer ")
    assert verify(way, "abc", BODY, {"authorization": "Bearer abc"}, NOW) is None
    assert verify(way, "abc", BODY, {"authorization": "Bearer abd"}, NOW) is HookCode.BAD_SIGNATURE
    assert verify(way, "", BODY, {"authorization": "Bearer "}, NOW) is HookCode.NO_SECRET
    assert verify(Signing(way="none"), "", BODY, {}, NOW) is None


@given(st.binary(max_size=200), st.text(min_size=1, max_size=20), st.sampled_from(["sha256", "sha1", "sha512"]),
       st.sampled_from(["hex", "base64"]), st.text(max_size=60))  # fmt: skip
def test_what_was_signed_is_believed_and_nothing_else(
    body: bytes, secret: str, algorithm: str, encoding: str, forged: str
) -> None:
    """Whatever the body and the header say."""
    signing = Signing(header="X-Sig", algorithm=algorithm, encoding=encoding)
    good = sign(signing, secret, body)
    assert verify(signing, secret, body, {"x-sig": good}, NOW) is None
    if forged.strip().lower() != good.lower():
        assert verify(signing, secret, body, {"x-sig": forged}, NOW) is not None
