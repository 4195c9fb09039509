"""What the text-message kinds share: numbers, and the code that opens a ready message to us."""

import re

from tertulia.channels.base import DeepLink
from tertulia.channels.kinds import put_code
from tertulia.core.identity import IdentityRef

_E164 = re.compile(r"\+[1-9]\d{6,14}")


def is_phone(value: str) -> bool:
    """A number with + and country code; not a short code and not a name."""
    return _E164.fullmatch(value) is not None


def phone_identity(phone: str) -> IdentityRef:
    """Who writes by text message: the number, which the carrier vouches for; its scope is the whole world."""
    return IdentityRef("phone", "", phone)


def read_phone(value: str) -> str:
    """`4915…`, `004915…` or `+49 15…` as E.164; a short code or a name stays as it is."""
    compact = re.sub(r"[\s().-]", "", value)
    if re.fullmatch(r"\+?\d{7,17}", compact):
        digits = compact.lstrip("+")
        return "+" + (digits[2:] if digits.startswith("00") and not compact.startswith("+") else digits)
    return value.strip()


def sms_link(sender: str, token: str, text: str) -> DeepLink:
    """No web link opens a text message; a QR code of `SMSTO:` does on every phone. A name cannot be answered."""
    number = sender if is_phone(sender) or sender.isdecimal() else ""
    return DeepLink(
        "",
        web=False,
        shows_code=True,
        qr=f"SMSTO:{number}:{put_code(text, token)}" if number else "",
        account_name=sender,
    )
