"""What the log holds of calls to a company's API (S6): part of `entries.Entry`."""

from datetime import datetime
from uuid import UUID

import msgspec


class CallEntry(msgspec.Struct, frozen=True, tag="call", omit_defaults=True):
    """What an attempt of a call to a company's API came to, or the answer to question `asked` about one whose outcome
    is unknown (S6). `outcome` is ok, fail, retry or unknown; of a question done, fail, absent or unclear. `lost`: the
    lease ran out and nobody knows. What was saved of the answer is kept with the call and not here."""

    contact_id: int
    call_id: UUID
    attempt: int
    outcome: str
    at: datetime
    reason: str = ""
    status: int = 0
    retry_after_s: float | None = None
    lost: bool = False
    asked: int = 0


class SettleCallEntry(msgspec.Struct, frozen=True, tag="settle_call", omit_defaults=True):
    """A person says what came of a call of which nobody knows (S6): `verdict` is worked, failed or again, about its
    `attempt`."""

    contact_id: int
    call_id: UUID
    attempt: int
    verdict: str
    actor: str
    at: datetime
