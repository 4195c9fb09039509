"""WeChat's signature and its encrypted mode, as the official account platform describes them.

SHA-1 over the sorted strings; AES-256-CBC with the IV taken from the key, PKCS#7 in blocks of 32, around 16 random
bytes, the length in network order, the XML and the app id.
"""

import base64
import hashlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32


def sign(*parts: str) -> str:
    """Hex SHA-1 of the parts, sorted and joined."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def encrypt(aes_key: str, app_id: str, xml: str, random16: bytes) -> str:
    """The `Encrypt` element's text. `aes_key` is the 43 characters of EncodingAESKey."""
    key = base64.b64decode(aes_key + "=")
    plain = xml.encode()
    full = random16 + len(plain).to_bytes(4, "big") + plain + app_id.encode()
    pad = _BLOCK - len(full) % _BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(full + bytes([pad]) * pad) + encryptor.finalize()).decode()


def decrypt(aes_key: str, text: str) -> tuple[str, str]:
    """(xml, app id) of an encrypted reply. Raises ValueError when it is not one."""
    key = base64.b64decode(aes_key + "=")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    full = decryptor.update(base64.b64decode(text)) + decryptor.finalize()
    full = full[: -full[-1]] if full else b""
    length = int.from_bytes(full[16:20], "big")
    return full[20 : 20 + length].decode(), full[20 + length :].decode()
