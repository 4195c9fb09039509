"""What begins a run and is no event: a message of the customer's, what became of one of ours, a call of the API.

An occasion has the shape of an event, with a name, a type and properties, so that conditions, keys, templates, the
ledger and Why take it for one; it is stored nowhere but in the run that it began. `begins` says of either whether it is
what an entry asks for.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol, assert_never
from uuid import UUID

import msgspec

from tertulia.core.conditions import Subject, judge
from tertulia.core.folds import name_type
from tertulia.core.journeys import ApiEntry, Entry, EventEntry, EventRule, MessageEntry, OutcomeEntry
from tertulia.core.opt_words import normalise
from tertulia.core.world import ChannelFacts

MESSAGE: Final = "message"
API: Final = "api"
OUTCOME: Final = "outcome"
OCCASIONS: Final = (MESSAGE, OUTCOME, API)
RECEIVED: Final = "message_received"
OUTCOMES: Final[Mapping[str, str]] = {
    outcome: f"message_{outcome}" for outcome in ("delivered", "opened", "clicked", "replied", "failed", "ignored")
}
"""Name by outcome."""

CALLED: Final = "api_call"
STARTED: Final = "journey_started"  # by a step of another one


class Happened(Protocol):
    """An event, just stored or recalled, or an occasion."""

    @property
    def id(self) -> UUID: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def type(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def properties(self) -> Mapping[str, Any]: ...


class Concerning(Happened, Protocol):
    """One that is a contact's."""

    @property
    def workspace(self) -> int: ...
    @property
    def contact_id(self) -> int: ...
    @property
    def imported(self) -> bool: ...


class Occasion(msgspec.Struct, frozen=True):
    """Fields as of an event: `type` is one of the kinds of entries. `depth`: through how many journeys
    the customer came here, each started by the one before (I11)."""

    workspace: int
    contact_id: int
    id: UUID
    occurred_at: datetime
    type: str
    name: str
    properties: dict[str, Any]
    depth: int = 0
    imported: bool = False  # it never is


def find_depth(happened: Happened) -> int:
    """Through how many journeys the customer came here; none for an event."""
    return happened.depth if isinstance(happened, Occasion) else 0


def name_heard(entry: Entry) -> tuple[str, str]:
    """Type and name under which what begins a run of this entry is listened for."""
    match entry:
        case EventEntry():
            return entry.type, entry.event
        case MessageEntry():
            return MESSAGE, RECEIVED
        case OutcomeEntry():
            return OUTCOME, OUTCOMES[entry.outcome]
        case ApiEntry():
            return API, CALLED
        case _:
            assert_never(entry)


def name_told(type_: str, name: str) -> tuple[str, str]:
    """Under which type and name what happened is listened for."""
    return (API, CALLED) if type_ == API else (name_type(type_), name)


def begins(entry: Entry, happened: Happened, subject: Subject) -> bool:
    """Whether this is what an entry asks for."""
    match entry:
        case EventEntry():
            return matches(entry, happened, subject)
        case MessageEntry():
            right = happened.type == MESSAGE and _is_asked_for(entry, happened.properties)
        case OutcomeEntry():
            named = (happened.type, happened.name) == (OUTCOME, OUTCOMES[entry.outcome])
            right = named and is_of(entry, happened.properties)
        case ApiEntry():
            right = happened.type == API
        case _:
            assert_never(entry)
    return right and judge(entry.where, subject).holds


def matches(rule: EventRule, event: Happened, subject: Subject) -> bool:
    """Whether an event is the one that a rule names."""
    return (name_type(event.type), event.name) == (rule.type, rule.event) and judge(rule.where, subject).holds


def _is_asked_for(entry: MessageEntry, properties: Mapping[str, Any]) -> bool:
    if entry.first and not properties.get("first"):
        return False
    if entry.channel and entry.channel not in (properties.get("channel"), properties.get("channel_kind")):
        return False
    said = normalise(str(properties.get("text", "")))
    return not entry.keyword or said in map(normalise, entry.keyword)


def is_of(entry: OutcomeEntry, properties: Mapping[str, Any]) -> bool:
    """Whether a message is one of those that an entry names."""
    asked = (("journey", entry.journey), ("step", entry.step))
    return all(not value or properties.get(name) == value for name, value in asked)


def name_channel(channel: ChannelFacts) -> dict[str, str]:
    """A channel among an occasion's properties: by its name and by its family."""
    return {"channel": channel.name, "channel_kind": channel.family}
