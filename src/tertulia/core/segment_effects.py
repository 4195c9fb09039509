"""What segments bring about: a closed union, part of `effects.Effect`."""

from datetime import datetime
from typing import Literal

import msgspec

Cause = Literal["event", "contact", "consent", "message", "time", "definition", "import", "merge", "person"]


class MoveMember(msgspec.Struct, frozen=True):
    """A contact came into a segment, or left it. `cause`: what changed; `name` that of the event, else empty."""

    workspace: int
    contact_id: int
    segment_id: int
    entered: bool
    cause: str
    name: str
    at: datetime


SegmentEffect = MoveMember
