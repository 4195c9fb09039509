"""What comes in during a simulation."""

from datetime import datetime
from typing import Any

import msgspec

from tertulia.core.entries import EventEntry, OccasionEntry
from tertulia.core.identity import IdentityRef
from tertulia.core.rows import SlotRow


class Sent(msgspec.Struct, frozen=True, gc=False):
    """A message of another journey that a customer had, as caps count it."""

    slot: SlotRow


class Spent(msgspec.Struct, frozen=True, gc=False):
    """What messages of others cost, in millionths of the workspace's currency, as its budget counts it."""

    micros: int


class Wrote(msgspec.Struct, frozen=True, gc=False):
    """A message of a customer's own, by whom they are known, on a channel; or a comment of theirs below a `post`."""

    identity: IdentityRef
    message_id: str
    channel_id: int
    text: str
    post: str | None = None


class Called(msgspec.Struct, frozen=True, gc=False):
    """A call of the API about a customer, by whom they are known, for the journey with this key; empty: for the one
    that is asked about."""

    identity: IdentityRef
    call_id: str
    properties: dict[str, Any]
    journey: str = ""


class Moved(msgspec.Struct, frozen=True, gc=False):
    """A customer came into a segment, or left it."""

    contact_id: int
    segment_id: int
    entered: bool


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """An event as it came to a workspace, something else that may begin a run, or a message to or of a customer."""

    at: datetime
    workspace: int
    entry: EventEntry | OccasionEntry | Sent | Spent | Wrote | Called | Moved
