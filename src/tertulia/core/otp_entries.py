"""What the log has of one-time codes. No code, and no hash of one."""

from datetime import datetime
from uuid import UUID

import msgspec


class OtpEntry(msgspec.Struct, frozen=True, tag="otp", omit_defaults=True):
    """A one-time code was asked for, and is to be sent. Everything else stands in its row."""

    contact_id: int
    otp_id: UUID
    at: datetime


class OtpVerifiedEntry(msgspec.Struct, frozen=True, tag="otp_verified", omit_defaults=True):
    """The right code was given. `kind`, `value` and `scope` are of the only address that it was sent to, which it
    proves (M6); empty where it was sent to several."""

    contact_id: int
    otp_id: UUID
    at: datetime
    kind: str = ""
    value: str = ""
    scope: str = ""
