"""Unsubscribe addresses of e-mails (C3): they say whom and by which message, signed with the workspace's link key.

Nothing is stored for them, so a message of a journey needs no row of its own, and an address from a year-old e-mail
still works. Who holds one may unsubscribe that customer and nothing else.
"""

import base64
import binascii
import hmac
from hashlib import blake2b
from typing import Final
from uuid import UUID

import msgspec

SIGNATURE_BYTES: Final = 16
BODY_BYTES: Final = 4 + 8 + 16
TOKEN_SYMBOLS: Final = 59  # base64url of body and signature, without padding


class Leave(msgspec.Struct, frozen=True):
    """Who wants no more offers, and which message offered to say so. `signature` is believed only after `is_signed`."""

    workspace: int
    contact_id: int
    delivery_id: UUID
    signature: bytes = b""


def sign_leave(key: bytes, leave: Leave) -> str:
    """The last part of an unsubscribe address. `key` is the workspace's link key, 16 to 64 bytes."""
    body = _write(leave)
    return base64.urlsafe_b64encode(body + _sign(key, body)).decode().rstrip("=")


def read_leave(token: str) -> Leave | None:
    """What a token says, not yet believed; None for what is none."""
    if len(token) != TOKEN_SYMBOLS:
        return None
    try:
        raw = base64.b64decode(token + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    body = raw[:BODY_BYTES]
    workspace, contact_id = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:12], "big")
    return Leave(workspace, contact_id, UUID(bytes=body[12:]), raw[BODY_BYTES:])


def is_signed(key: bytes, leave: Leave) -> bool:
    """Whether the workspace with this key made it."""
    return hmac.compare_digest(leave.signature, _sign(key, _write(leave)))


def _write(leave: Leave) -> bytes:
    return leave.workspace.to_bytes(4, "big") + leave.contact_id.to_bytes(8, "big") + leave.delivery_id.bytes


def _sign(key: bytes, body: bytes) -> bytes:
    return blake2b(body, key=key, digest_size=SIGNATURE_BYTES, person=b"tertulia.leave").digest()
