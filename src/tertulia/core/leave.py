"""Unsubscribe addresses of journeys' messages (C3): they say whom and by what, signed with the workspace's link key.

Nothing is stored for them, so a message of a journey needs no row of its own, and an address from a year-old message
still works. Who holds one may unsubscribe that customer and nothing else. An e-mail's names its message; any other
channel's is half as long, for an SMS is paid by its length, and names the journey alone.
"""

import base64
import binascii
import hmac
from hashlib import blake2b
from typing import Final
from uuid import UUID

import msgspec

LONG_BODY_BYTES: Final = 4 + 8 + 16
LONG_SIGNATURE_BYTES: Final = 16
SHORT_BODY_BYTES: Final = 4 + 8 + 4
SHORT_SIGNATURE_BYTES: Final = 8  # guesses are counted where they are made: 2**64 of them are out of reach
TOKEN_SYMBOLS: Final = 59  # base64url of body and signature, without padding
SHORT_SYMBOLS: Final = 32
SAMPLE_TOKEN: Final = "A" * SHORT_SYMBOLS  # signed by nobody, for previews


class Leave(msgspec.Struct, frozen=True):
    """Who wants no more offers, and which message offered to say so: an e-mail by its `delivery_id`, any other by its
    journey. `signature` is believed only after `is_signed`."""

    workspace: int
    contact_id: int
    delivery_id: UUID | None = None
    journey_id: int = 0
    signature: bytes = b""


def sign_leave(key: bytes, leave: Leave) -> str:
    """The last part of an unsubscribe address. `key` is the workspace's link key, 16 to 64 bytes."""
    return base64.urlsafe_b64encode(_write(leave) + _sign(key, leave)).decode().rstrip("=")


def read_leave(token: str) -> Leave | None:
    """What a token says, not yet believed; None for what is none."""
    if len(token) not in (TOKEN_SYMBOLS, SHORT_SYMBOLS):
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    who = int.from_bytes(raw[:4], "big"), int.from_bytes(raw[4:12], "big")
    if len(token) == TOKEN_SYMBOLS:
        message = UUID(bytes=raw[12:LONG_BODY_BYTES])
        return Leave(*who, delivery_id=message, signature=raw[LONG_BODY_BYTES:])
    journey = int.from_bytes(raw[12:SHORT_BODY_BYTES], "big")
    return Leave(*who, journey_id=journey, signature=raw[SHORT_BODY_BYTES:])


def is_signed(key: bytes, leave: Leave) -> bool:
    """Whether the workspace with this key made it."""
    return hmac.compare_digest(leave.signature, _sign(key, leave))


def _write(leave: Leave) -> bytes:
    what = leave.journey_id.to_bytes(4, "big") if leave.delivery_id is None else leave.delivery_id.bytes
    return leave.workspace.to_bytes(4, "big") + leave.contact_id.to_bytes(8, "big") + what


def _sign(key: bytes, leave: Leave) -> bytes:
    size = SHORT_SIGNATURE_BYTES if leave.delivery_id is None else LONG_SIGNATURE_BYTES
    return blake2b(_write(leave), key=key, digest_size=size, person=b"tertulia.leave").digest()
