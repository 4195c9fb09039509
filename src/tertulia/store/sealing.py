"""Secrets at rest: channel credentials, short-lived tokens, link keys.

Sealed with AES-256-GCM under a key derived from SECRET_KEY, so a dump of the database alone opens nothing. A sealed
value is one version byte, a nonce of 12 bytes, and the ciphertext with its tag. The nonce is random: chance is needed
here, decides nothing, and is taken from the operating system.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import cache
from os import urandom
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tertulia import config
from tertulia.errors import ConfigError

VERSION: Final = b"\x01"
NONCE_BYTES: Final = 12


def seal(plain: bytes) -> bytes:
    """`plain` sealed. Two seals of the same bytes differ."""
    nonce = urandom(NONCE_BYTES)
    return VERSION + nonce + _cipher(config.secret_key()).encrypt(nonce, plain, VERSION)


def unseal(sealed: bytes) -> bytes:
    """What was sealed. Raises ConfigError when SECRET_KEY is not the one that sealed it."""
    blob = bytes(sealed)
    try:
        if blob[:1] != VERSION:
            raise InvalidTag
        nonce, body = blob[1 : 1 + NONCE_BYTES], blob[1 + NONCE_BYTES :]
        return _cipher(config.secret_key()).decrypt(nonce, body, VERSION)
    except InvalidTag:
        raise ConfigError(
            "A stored secret cannot be opened: SECRET_KEY is not the one it was sealed with. Restore that key."
        ) from None


def seal_json(values: Mapping[str, str]) -> bytes:
    """A table of texts, sealed."""
    return seal(msgspec.json.encode(dict(values)))


def unseal_json(sealed: bytes) -> dict[str, str]:
    """The table that was sealed; empty for nothing at all."""
    return msgspec.json.decode(unseal(sealed), type=dict[str, str]) if sealed else {}


def seal_text(plain: str) -> str:
    """A text, sealed, as a text."""
    return b64encode(seal(plain.encode())).decode()


def unseal_text(sealed: str) -> str:
    """The text that was sealed; empty for nothing at all. Raises ConfigError as `unseal`."""
    return unseal(b64decode(sealed)).decode() if sealed else ""


@cache
def _cipher(secret: str) -> AESGCM:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tertulia.sealing")
    return AESGCM(derive.derive(secret.encode()))


def hash_secretly(*parts: str) -> bytes:
    """A hash that only this installation can make: 32 bytes, keyed by SECRET_KEY."""
    return hmac.digest(config.secret_key().encode(), "\x1f".join(parts).encode(), "sha256")
