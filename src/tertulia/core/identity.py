"""Who writes to us: identities, their trust, and the order in which an inbound message is resolved (M1, M2, M5, M6).

An *address* is where we may write and may be shared by a household; an *identity* is who writes to us and belongs to
one contact at a time. The scope of an identity is the provider's: a Messenger id belongs to a page, a WeChat openid
to an account, a WhatsApp business-scoped id to a portfolio.
"""

from enum import IntEnum
from typing import Final

import msgspec

COMMENT_KIND: Final = "comment"  # the identity that a public comment is: it is replied to once


class Trust(IntEnum):
    """How far an identity is believed (M6). Ordered: a higher one never falls back to a lower one by itself."""

    CLAIMED = 0
    TOKEN_LINKED = 1
    VERIFIED = 2


class IdentityRef(msgspec.Struct, frozen=True):
    """One identity: `kind` (whatsapp, messenger, line, viber, telegram, wechat, phone, ...), `scope` (the provider's
    page, bot, account or portfolio; empty for a verified phone or e-mail) and `value` (the provider's id)."""

    kind: str
    scope: str
    value: str
