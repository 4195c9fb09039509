"""How consent, caps, documents and charts name a channel: an app by its kind, a carrier by what it carries, for it does
not matter to anybody who brings an SMS or an e-mail.
"""

from typing import Final

SMS: Final = "sms"
EMAIL: Final = "email"
CARRIERS: Final = (SMS, EMAIL)


def name_carried(app: bool, may_write_first: str) -> str:
    """`sms` or `email` of a carrier by what it writes to (`Capabilities.may_write_first`), empty of an app."""
    return "" if app else EMAIL if may_write_first == "email" else SMS
