"""What one-time codes bring about: part of `effects.Effect`."""

from datetime import datetime
from uuid import UUID

import msgspec


class SetOtp(msgspec.Struct, frozen=True):
    """A code goes out on the way at `place`, as this delivery; at `due_at` the next way is tried without a receipt.
    `open`: it may still go out on another one. One that is not open any more changes nothing."""

    workspace: int
    contact_id: int
    id: UUID
    place: int
    delivery_id: UUID | None
    due_at: datetime | None
    open: bool
