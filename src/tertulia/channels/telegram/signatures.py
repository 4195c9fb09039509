"""Telegram's signed data beyond the webhook: deep-link payloads, Mini App init data and the login widget.

Sources: Bot API “Deep linking”, “Validating data received via the Mini App”, “Telegram Login Widget”.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping

from tertulia.channels.wire import Unreadable, equal_secret, read_form

START_MAX_CHARACTERS = 64
_START = re.compile(rf"[A-Za-z0-9_-]{{1,{START_MAX_CHARACTERS}}}")


def check_start(payload: str) -> str:
    """`payload` when it may ride on a Start link, else ValueError."""
    if not _START.fullmatch(payload):
        raise ValueError("a start payload is 1 to 64 letters, digits, - and _")
    return payload


def encode_start(data: str) -> str:
    """Any text as a start payload (base64url without padding). ValueError when it grows beyond 64 characters."""
    return check_start(base64.urlsafe_b64encode(data.encode()).decode().rstrip("="))


def check_init_data(bot_token: str, init_data: str) -> bool:
    """Whether a Mini App's init data is Telegram's. The caller still compares the age of `auth_date`."""
    key = hmac.new(b"WebAppData", bot_token.encode(), hashlib.sha256).digest()
    try:
        fields = {name: values[0] for name, values in read_form(init_data).items()}
    except Unreadable:
        return False
    return _check_fields(key, fields)


def check_login(bot_token: str, fields: Mapping[str, str]) -> bool:
    """Whether a login widget's answer is Telegram's. The caller still compares the age of `auth_date`."""
    return _check_fields(hashlib.sha256(bot_token.encode()).digest(), fields)


def _check_fields(key: bytes, fields: Mapping[str, str]) -> bool:
    lines = sorted(f"{name}={value}" for name, value in fields.items() if name != "hash")
    expected = hmac.new(key, "\n".join(lines).encode(), hashlib.sha256).hexdigest()
    return equal_secret(fields.get("hash", ""), expected)
