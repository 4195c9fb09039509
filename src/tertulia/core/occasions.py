"""What begins a run and is no event: a customer's message or comment, what became of one of ours, a call of the API.

An occasion has the shape of an event, with a name, a type and properties, so that conditions, keys, templates, the
ledger and Why take it for one; it is stored nowhere but in the run that it began. `begins` says of either whether it is
what an entry asks for.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol, assert_never
from uuid import UUID

import msgspec

from tertulia.core.conditions import Subject, judge
from tertulia.core.folding import fold_text
from tertulia.core.folds import name_type
from tertulia.core.journeys import (
    ApiEntry,
    AudienceEntry,
    CommentEntry,
    DateEntry,
    Entry,
    EventEntry,
    EventRule,
    MessageEntry,
    OutcomeEntry,
    SegmentEntry,
)
from tertulia.core.opt_words import normalise
from tertulia.core.world import ChannelFacts

MESSAGE: Final = "message"
COMMENT: Final = "comment"
API: Final = "api"
OUTCOME: Final = "outcome"
SEGMENT: Final = "segment"
ROUND: Final = "round"
OCCASIONS: Final = (MESSAGE, COMMENT, OUTCOME, API, SEGMENT, ROUND)
AUDIENCE_DUE: Final = "audience_due"
DATE_DUE: Final = "date_due"
RECEIVED: Final = "message_received"
COMMENTED: Final = "comment_received"
OUTCOMES: Final[Mapping[str, str]] = {
    outcome: f"message_{outcome}" for outcome in ("delivered", "opened", "clicked", "replied", "failed", "ignored")
}
"""Name by outcome."""

SEGMENT_CHANGES: Final[Mapping[str, str]] = {"entered": "segment_entered", "left": "segment_left"}
"""Name by what a contact did."""

CALLED: Final = "api_call"
STARTED: Final = "journey_started"  # by a step of another one
_UNSPACED: Final = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")  # Thai, Lao, Japanese and Chinese


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
    begins_at: datetime | None = None  # by the customer's own clock; None: now
    imported: bool = False  # it never is


def find_depth(happened: Happened) -> int:
    """Through how many journeys the customer came here; none for an event."""
    return happened.depth if isinstance(happened, Occasion) else 0


def find_begin_of(happened: Happened) -> datetime | None:
    """When what it begins is to begin, where that is not at once."""
    return happened.begins_at if isinstance(happened, Occasion) else None


def name_heard(entry: Entry) -> tuple[str, str]:
    """Type and name under which what begins a run of this entry is listened for."""
    match entry:
        case EventEntry():
            return entry.type, entry.event
        case MessageEntry():
            return MESSAGE, RECEIVED
        case CommentEntry():
            return COMMENT, COMMENTED
        case OutcomeEntry():
            return OUTCOME, OUTCOMES[entry.outcome]
        case ApiEntry():
            return API, CALLED
        case SegmentEntry():
            return SEGMENT, SEGMENT_CHANGES[entry.on]
        case AudienceEntry():
            return ROUND, AUDIENCE_DUE
        case DateEntry():
            return ROUND, DATE_DUE
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
        case CommentEntry():
            right = happened.type == COMMENT and is_comment_asked_for(entry, happened.properties)
        case OutcomeEntry():
            named = (happened.type, happened.name) == (OUTCOME, OUTCOMES[entry.outcome])
            right = named and is_of(entry, happened.properties)
        case ApiEntry():
            right = happened.type == API
        case SegmentEntry():
            named = (happened.type, happened.name) == (SEGMENT, SEGMENT_CHANGES[entry.on])
            right = named and happened.properties.get("segment") == entry.segment
        case AudienceEntry():
            right = (happened.type, happened.name) == (ROUND, AUDIENCE_DUE)
        case DateEntry():
            right = (happened.type, happened.name) == (ROUND, DATE_DUE)
        case _:
            assert_never(entry)
    return right and judge(entry.where, subject).holds


def matches(rule: EventRule, event: Happened, subject: Subject) -> bool:
    """Whether an event is the one that a rule names."""
    return (name_type(event.type), event.name) == (rule.type, rule.event) and judge(rule.where, subject).holds


def _is_asked_for(entry: MessageEntry, properties: Mapping[str, Any]) -> bool:
    if entry.first and not properties.get("first"):
        return False
    if not _is_on(entry.channel, properties):
        return False
    said = normalise(str(properties.get("text", "")))
    return not entry.keyword or said in map(normalise, entry.keyword)


def is_comment_asked_for(entry: CommentEntry, properties: Mapping[str, Any]) -> bool:
    """Whether a comment is one that an entry names, whoever wrote it. A post is known by its whole id, or by the part
    behind the page's."""
    post = str(properties.get("post_id", ""))
    if not _is_on(entry.channel, properties) or entry.post not in ("", post, post.rpartition("_")[2]):
        return False
    said = f" {fold_text(str(properties.get('text', '')))} "
    return not entry.keyword or any(_write_sought(word) in said for word in entry.keyword)


def _write_sought(word: str) -> str:
    """A keyword as it stands in a folded text: between blanks, where its script has such."""
    folded = fold_text(word)
    return folded if _UNSPACED.search(folded) else f" {folded} "


def _is_on(channel: str, properties: Mapping[str, Any]) -> bool:
    return not channel or channel in (properties.get("channel"), properties.get("channel_kind"))


def is_of(entry: OutcomeEntry, properties: Mapping[str, Any]) -> bool:
    """Whether a message is one of those that an entry names."""
    asked = (("journey", entry.journey), ("step", entry.step))
    return all(not value or properties.get(name) == value for name, value in asked)


def name_channel(channel: ChannelFacts) -> dict[str, str]:
    """A channel among an occasion's properties: by its name and by its family."""
    return {"channel": channel.name, "channel_kind": channel.family}
