"""What a kind of step is: its fields as a struct, what a run does there, and what it leads to.

A step is pure: `act` gets a `View` of the run and says what happens as a `Move`. A run arrives at a step with nothing
in hand; where its move was to wait, it is woken there once, by the timer or by an event, and `act` is asked again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from tertulia.core.answers import AnswerValue, Reply
from tertulia.core.conditions import Condition, Subject, list_named, read_path
from tertulia.core.reasons import gettext_noop as _


class Woken(StrEnum):
    """What woke a run that waits."""

    ARRIVED = "arrived"  # nothing: it has just come
    TIMER = "timer"
    EVENT = "event"
    SENT = "sent"  # its message was taken, as far as is known
    UNSENT = "unsent"  # its message reaches the customer on no channel
    REPLY = "reply"  # the customer answered its question


@dataclass(frozen=True, slots=True)
class View:
    """What a step sees. `now` in UTC; `zone` the contact's, by the rules of precedence (T4); `subject` the event that
    began the run (or, woken by one, that one), the contact and the answers so far. Woken by a reply, `reply` is that,
    and `tries` says how often the customer was asked again."""

    now: datetime
    zone: ZoneInfo
    subject: Subject
    woken: Woken
    reply: Reply | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class GoOn:
    """To the next step, or down one of the step's own ways."""

    way: int | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Past the step behind this one, for a reason that the ledger keeps where that would have been a message."""

    reason: str


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Stay until then."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Send:
    """Stay until the message has its verdict. `channels`: names or kinds, in the order of preference."""

    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Write attributes of the contact (None clears), then go on."""

    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """Keep the answer under the step's id, write it into an attribute of the contact where one is named, then go down
    a way."""

    value: AnswerValue
    attribute: str
    way: int


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Say that the reply was not understood, in these words (Liquid; empty: in ours) before the question, and wait
    on."""

    text: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Let people answer the customer, who is told this (Liquid), then go on."""

    say: str


@dataclass(frozen=True, slots=True)
class Leave:
    """The run ends here."""

    reason: str


@dataclass(frozen=True, slots=True)
class Begin:
    """Start the journey of this key with these properties, then go on."""

    journey: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Divide:
    """Down the way of this customer: names with their weights, and what the hash is salted with (A1). `bandit`: the
    weights are those to begin with, until it is known what the ways come to (A5)."""

    weights: tuple[tuple[str, int], ...]
    salt: str
    bandit: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """Call an endpoint of the company's API and stay until its outcome is known, `at_most` so long (None: however
    long). `path` and the texts of `body` are Liquid; `expect` and `save` say how the answer is read. Then down the
    first way where it worked, else down the second."""

    endpoint: str
    method: str
    path: str
    body: Mapping[str, Any] | None
    expect: str
    save: Mapping[str, str]
    at_most: timedelta | None


Move = Answer | AskAgain | Begin | Call | Divide | GoOn | HandOver | Skip | WaitUntil | Send | Change | Leave


@dataclass(frozen=True, slots=True)
class Way:
    """A sequence of steps of its own that a step may lead into; afterwards the run goes on behind the step. `field`:
    where it stands in the document. `name` is its author's, `message` the kind's own word for it (a message id)."""

    field: tuple[str | int, ...]
    steps: tuple[Any, ...]
    name: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Hears:
    """An event that a run waits for at a step."""

    event: str
    where: Condition | None


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a field of a step, as a message id with its parameters."""

    path: tuple[str | int, ...]
    message: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a step does, in few words: a message id with its parameters."""

    message: str
    parameters: Mapping[str, str]


Used = tuple[tuple[str | int, ...], str]
"""Where in a step something stands, and what: a result by its name `step.name`, a template."""


class Value(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    rename={"from_": "from"},
):
    """`from`: the property of the event whose value it becomes, a name or a dotted path; or `result`: what a step that
    calls an API saved, as `step.name`. Nothing is written where there is none."""

    from_: str | None = None
    result: str | None = None


def read_values(told: Mapping[str, Any], subject: Subject) -> dict[str, Any]:
    """Those that are given, those that the event has, and those that were saved."""
    made: dict[str, Any] = {}
    for name, value in told.items():
        if not isinstance(value, Value):
            made[name] = value
            continue
        told_by_run = value.result is not None
        found = read_path(subject.results if told_by_run else subject.properties, value.result or value.from_ or "")
        if found is not None:
            made[name] = found
    return made


def list_value_results(told: Mapping[str, Any], field: str) -> list[Used]:
    """Every result that a field of values takes."""
    values = [(name, value) for name, value in told.items() if isinstance(value, Value)]
    return [((field, name, "result"), value.result) for name, value in values if value.result is not None]


def find_value_faults(told: Mapping[str, Any], field: str) -> list[Complaint]:
    """A value is taken from one place."""
    wrong = [name for name, v in told.items() if isinstance(v, Value) and (v.from_ is None) == (v.result is None)]
    message = _("Give either from, a property, or result, such as step.name.")
    return [Complaint((field, name), message, {}) for name in wrong]


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A step of a document. `id` is its name inside the journey: runs, counts and the ledger know it by that. `TITLE`,
    `ABOUT` (message ids), `ICON` and the titles of the fields are what people see of the kind; `SAMPLE` are the fields
    of a new one."""

    KIND: ClassVar[str] = ""
    TITLE: ClassVar[str] = ""
    ABOUT: ClassVar[str] = ""
    ICON: ClassVar[str] = "circle"
    WAITS: ClassVar[bool] = False  # time passes here: how many wait is what people want to know
    ONLY_WAITS: ClassVar[bool] = False  # and nothing else happens here
    ASKS: ClassVar[bool] = False  # its message is a question: what the customer writes next answers it
    SAMPLE: ClassVar[Mapping[str, Any]] = {}
    SELDOM: ClassVar[tuple[str, ...]] = ()  # fields that stand last in its form

    id: str
    kind: str
    name: Annotated[str, Meta(title=_("Name"), description=_("Seen by your team only."))] = ""

    def act(self, view: View) -> Move:
        """What a run does here."""
        raise NotImplementedError

    def summarise(self) -> Summary:
        """What it does, in few words."""
        return Summary("", {})

    def list_ways(self) -> tuple[Way, ...]:
        """The sequences inside, in their order."""
        return ()

    def hears(self) -> Hears | None:
        """The event that a run waits for here."""
        return None

    def list_conditions(self) -> tuple[tuple[tuple[str | int, ...], Condition], ...]:
        """Its conditions, each with where it stands."""
        return ()

    @property
    def is_wall_clock(self) -> bool:
        """Whether a run waits here for a time by the contact's clock (T5)."""
        return False

    def resolve(self, view: View, since: datetime) -> Move:
        """Of a wait by the clock that began at `since`: what it comes to in the view's zone (T5)."""
        raise NotImplementedError

    def imagine_reply(self) -> Reply:
        """Of a step that asks: a reply that answers it, for What if."""
        raise NotImplementedError

    def find_patience(self) -> timedelta | None:
        """Of a message: how long after its hand-over a receipt of the delivery is waited for before the next channel is
        tried; None: not at all."""
        return None

    def find_longest(self) -> timedelta:
        """How long a run is here at most, as far as the document says; of most no time at all."""
        return timedelta()

    def list_results(self) -> list[Used]:
        """What steps before it saved and it looks at, templates aside: in its conditions, if nowhere else."""
        return [
            found for place, condition in self.list_conditions() for found in list_named(condition, "result", place)
        ]

    def list_templates(self) -> list[Used]:
        """Templates that stand inside its fields, with their places."""
        return []

    def list_saved(self) -> tuple[str, ...]:
        """Under which names it saves results."""
        return ()

    def find_faults(self) -> list[Complaint]:
        """What is wrong with the fields, beyond their types."""
        return []
