"""What a decision about an event brings about: a closed union, part of `effects.Effect`."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec


class ChangeContact(msgspec.Struct, frozen=True):
    """Fields and attributes of a contact that were written (E2): an empty field and an attribute that is None are
    cleared. `changed` has the instant of each write."""

    workspace: int
    contact_id: int
    fields: dict[str, str]
    attributes: dict[str, Any]
    changed: dict[str, datetime]
    at: datetime


class TouchContact(msgspec.Struct, frozen=True):
    """The customer was seen."""

    workspace: int
    contact_id: int
    at: datetime


class StoreEvent(msgspec.Struct, frozen=True):
    """One event, once by its id and day (E1), of which `key` is the 16 bytes; `contact_id` 0 for what concerns a group
    alone, in `shard`. `imported`: it came from a file of past events (E4)."""

    workspace: int
    shard: int
    contact_id: int
    key: bytes
    day: date
    source_id: int
    type: str
    name: str
    message_id: str
    user_id: str
    anonymous_id: str
    properties: dict[str, Any]
    context: dict[str, Any]
    occurred_at: datetime
    received_at: datetime
    imported: bool = False

    @property
    def id(self) -> UUID:
        """What the event is called wherever it is named."""
        return UUID(bytes=self.key)


class WriteGroup(msgspec.Struct, frozen=True):
    """Traits of a company or another group of contacts, written `written_at` (E2); None clears."""

    workspace: int
    group_id: str
    traits: dict[str, Any]
    written_at: datetime
    at: datetime


class JoinGroup(msgspec.Struct, frozen=True):
    """The contact belongs to the group."""

    workspace: int
    contact_id: int
    group_id: str
    at: datetime


class SetSession(msgspec.Struct, frozen=True):
    """A contact's running session (R6) as it is now; `ends_at` None: it is over."""

    workspace: int
    contact_id: int
    id: UUID
    started_at: datetime
    ends_at: datetime | None


EventEffect = ChangeContact | TouchContact | StoreEvent | WriteGroup | JoinGroup | SetSession
