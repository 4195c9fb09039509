"""WeChat's signatures and the encrypted mode (source: “Message encryption and decryption”).

In plain mode the signature covers only the time and the nonce; in safe mode also the encrypted body. The plaintext is
16 random bytes, the length of the XML, the XML, and the app id, which must be ours. A call is taken for five minutes.

Whoever captured a call could therefore send another body under its signature in plain mode; message ids are no help,
for the other body has ids of its own. So a plain signature's time and nonce are remembered with the body that came
under them (`read_nonce`): the same body again is WeChat's own retry, which has no effect twice, and another one is
refused. In safe mode the signature covers the body, and a captured call can only be sent again as it was: its message
id suffices.
"""

import base64
import binascii
import hashlib
from datetime import datetime

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tertulia.channels.base import Rejected, WebhookCall
from tertulia.channels.wire import XML_MAX_BYTES, Unreadable, check_size, equal_secret, read_xml

SKEW_MAX_S = 300
BLOCK_BYTES = 32
_RANDOM_BYTES = 16
_HEAD_BYTES = _RANDOM_BYTES + 4


def sign_parts(*parts: str) -> str:
    """Hex SHA-1 of the sorted parts, joined."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 - the provider's algorithm


def is_encrypted(call: WebhookCall) -> bool:
    return call.query.get("encrypt_type") == "aes"


def verify_call(token: str, aes_key: str, call: WebhookCall, now: datetime) -> None:
    """Raise Rejected unless WeChat made the call within the last five minutes; with a key, encrypted calls only."""
    check_size(call, XML_MAX_BYTES)
    if aes_key and call.method == "POST" and not is_encrypted(call):
        raise Rejected("not_encrypted")
    name, more = ("msg_signature", (read_envelope(call),)) if is_encrypted(call) else ("signature", ())
    given, stamp, nonce = (call.query.get(key, "") for key in (name, "timestamp", "nonce"))
    if not given:
        raise Rejected("no_signature", 401)
    if not token or not equal_secret(given, sign_parts(token, stamp, nonce, *more)):
        raise Rejected("bad_signature")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        raise Rejected("no_timestamp")
    if abs(now.timestamp() - int(stamp)) > SKEW_MAX_S:
        raise Rejected("too_old")


def read_nonce(call: WebhookCall) -> str:
    """What a plain signature was made for, once; empty where it covers the body."""
    return "" if is_encrypted(call) else f"{call.query.get('timestamp', '')}:{call.query.get('nonce', '')}"[:200]


def read_envelope(call: WebhookCall) -> str:
    """The `Encrypt` element of an encrypted call. Raises Rejected."""
    try:
        return read_xml(call.body).get("Encrypt", "")
    except Unreadable as error:
        raise Rejected(error.reason, 400) from None


def decrypt(aes_key: str, app_id: str, encrypted: str) -> bytes:
    """The XML of an encrypted message. Raises Rejected when the key, the padding or the app id does not fit."""
    try:
        key = base64.b64decode(aes_key + "=", validate=True)
        sealed = base64.b64decode(encrypted, validate=True)
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
    except (ValueError, binascii.Error):
        raise Rejected("bad_encryption", 400) from None
    padding = padded[-1] if padded else 0
    if not 1 <= padding <= BLOCK_BYTES or len(padded) < _HEAD_BYTES + padding:
        raise Rejected("bad_encryption", 400)
    plain = padded[:-padding]
    length = int.from_bytes(plain[_RANDOM_BYTES:_HEAD_BYTES], "big")
    xml, given_app_id = plain[_HEAD_BYTES : _HEAD_BYTES + length], plain[_HEAD_BYTES + length :]
    if not app_id or given_app_id != app_id.encode():
        raise Rejected("other_app")
    return xml
