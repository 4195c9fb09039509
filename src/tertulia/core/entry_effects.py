"""What more ways into a journey bring about: a closed union, part of `effects.Effect`."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

TOTAL: Final = date(1970, 1, 1)
"""In place of a day: in all."""


class WatchMessage(msgspec.Struct, frozen=True):
    """A message was delivered, and a journey begins if it is ignored until `due_at` (R6). `properties` are those of
    what then begins it, `depth` that of the run that sent it."""

    workspace: int
    contact_id: int
    journey_id: int
    delivery_id: UUID
    delivered_at: datetime
    due_at: datetime
    properties: dict[str, Any]
    depth: int


class EndWatch(msgspec.Struct, frozen=True):
    """That instant has come."""

    contact_id: int
    journey_id: int
    delivery_id: UUID


class TakeEntry(msgspec.Struct, frozen=True):
    """R5: one run more of a journey whose entries are counted, on `day` of its zone."""

    workspace: int
    journey_id: int
    day: date


EntryEffect = WatchMessage | EndWatch | TakeEntry
