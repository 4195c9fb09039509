"""A journey as its document says it: who enters, what ends a run at once, and the steps.

`Journey` is the document's type; `compile_journey` makes a `Program` of it, in which every step knows what comes after
it. A program is immutable, as is the revision that it is of (V1).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from tertulia.core.budgets import BudgetRule
from tertulia.core.conditions import Condition, list_moving, list_named
from tertulia.core.durations import read_duration
from tertulia.core.guards import CanaryRule, GuardRule
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.shares import read_share
from tertulia.core.steps.base import Hears, Step
from tertulia.core.steps.registry import read_step
from tertulia.core.steps.sending import MessageClassName, OutsideName
from tertulia.core.steps.wait.step import Weekday
from tertulia.core.throttles import ThrottleRule
from tertulia.core.windows import WindowRule

STEPS_MAX: Final = 200
EXCEPTIONS_MAX: Final = 20
ENTRIES_MAX: Final = 1_000_000_000

Second = Literal["ignore", "restart", "parallel"]
Outcome = Literal["delivered", "opened", "clicked", "replied", "failed", "ignored"]
EventType = Literal["track", "page", "screen", "identify", "group"]
NAMELESS: Final = ("identify", "group")


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Part of a document."""


class EventRule(Part, frozen=True, kw_only=True):
    """An event by its name, or that of a page or screen with its `type`, and a condition on its properties and on the
    contact as of that event (E3). A derived event is named like any other; identify and group calls have no name."""

    event: Annotated[str, Meta(title=_("Event"), extra_json_schema={"x-widget": "event"})] = ""
    type: Annotated[EventType, Meta(title=_("Kind of call"))] = "track"
    where: Annotated[Condition | None, Meta(title=_("Only where"))] = None


class EventEntry(EventRule, frozen=True, kw_only=True, tag_field="kind", tag="event"):
    """By an event; what a document means that names no kind. R1: one run for each contact and value of the property
    `key`, or for each contact without one. `second`: what an event does that would start another of the same key while
    one lives."""

    key: Annotated[
        str,
        Meta(
            title=_("One run for each"),
            description=_("A property of the event, such as cart_id. Empty: one run for each customer."),
        ),
    ] = ""
    second: Annotated[Second, Meta(title=_("The same event again while one runs"))] = "ignore"


class Entering(Part, frozen=True, kw_only=True):
    """What every entry without an event has: a condition, and R1. In the condition and in `key`, and in templates as
    `event`, stand the properties of what began the run."""

    where: Annotated[Condition | None, Meta(title=_("Only where"))] = None
    key: Annotated[
        str,
        Meta(
            title=_("One run for each"),
            description=_("A property of what starts it. Empty: one run for each customer."),
        ),
    ] = ""
    second: Annotated[Second, Meta(title=_("The same again while one runs"))] = "ignore"


class MessageEntry(Entering, frozen=True, kw_only=True, tag_field="kind", tag="message"):
    """By a message of the customer's, after words that stop or ask for help were obeyed (C2): any, the first on its
    channel, or one that is a keyword, compared as those words are: the whole message without regard to case, accents
    and punctuation. `channel`: a channel's name, or a kind."""

    keyword: Annotated[
        tuple[str, ...],
        Meta(
            title=_("The message is"),
            description=_("One word or phrase a line; the whole message is one of them. Empty: any message."),
            extra_json_schema={"x-widget": "lines"},
        ),
    ] = ()
    first: Annotated[bool, Meta(title=_("Only the first message of a customer on the channel"))] = False
    channel: Annotated[str, Meta(title=_("On"), extra_json_schema={"x-widget": "channel"})] = ""


class OutcomeEntry(Entering, frozen=True, kw_only=True, tag_field="kind", tag="outcome", rename={"for_": "for"}):
    """By what became of a message: one of the journey with the key `journey`, at its `step`, or of any journey or
    match. `ignored`: delivered, and neither read, clicked nor answered `for` so long."""

    outcome: Annotated[Outcome, Meta(title=_("What became of it"))]
    journey: Annotated[
        str,
        Meta(
            title=_("Of this journey"),
            description=_("Its key. Empty: of any journey or match."),
            extra_json_schema={"x-widget": "journey"},
        ),
    ] = ""
    step: Annotated[str, Meta(title=_("At this step"), description=_("The step's id. Empty: at any."))] = ""
    for_: Annotated[
        str, Meta(title=_("For so long"), description=_("Of ignored: neither read, clicked nor answered, such as 2 d."))
    ] = ""


class CommentEntry(Entering, frozen=True, kw_only=True, tag_field="kind", tag="comment"):
    """By a public comment of a customer's below a post: any, or one in which a keyword stands, as whole words without
    regard to case, accents and punctuation. `post`: only below that one. `channel`: a channel's name, or a kind. The
    first message of the run on that channel goes out as the private reply to the comment."""

    keyword: Annotated[
        tuple[str, ...],
        Meta(
            title=_("The comment has"),
            description=_("One word or phrase a line; one of them stands in the comment. Empty: any comment."),
            extra_json_schema={"x-widget": "lines"},
        ),
    ] = ()
    post: Annotated[str, Meta(title=_("Below the post"), description=_("Its id. Empty: below any post."))] = ""
    channel: Annotated[str, Meta(title=_("On"), extra_json_schema={"x-widget": "channel"})] = ""


class ApiEntry(Entering, frozen=True, kw_only=True, tag_field="kind", tag="api"):
    """By a call of the API that names the contact, or by a step of another journey."""


class ExceptionRule(EventRule, frozen=True, kw_only=True):
    """X1: ends the run at once. `lookback`: how long before entry it counts too (X3). `same`: only an event with the
    same value of this property as the event of entry has (a purchase of that cart)."""

    lookback: Annotated[str, Meta(title=_("Also so long before entry"), description=_("Empty: only after entry."))] = ""
    same: Annotated[
        str, Meta(title=_("With the same"), description=_("A property, such as cart_id: only of that cart."))
    ] = ""


class SegmentEntry(Entering, frozen=True, kw_only=True, tag_field="kind", tag="segment"):
    """R4: when a contact comes into the segment with this key, or leaves it; never because an import or a new
    definition of the segment brought them. `already_inside`: at the launch those who are in it enter too."""

    segment: Annotated[
        str, Meta(title=_("Segment"), description=_("Its key."), extra_json_schema={"x-widget": "segment"})
    ]
    on: Annotated[Literal["entered", "left"], Meta(title=_("When a customer has"))] = "entered"
    already_inside: Annotated[
        bool,
        Meta(title=_("Also who is inside at the launch"), description=_("Everybody in the segment enters at once.")),
    ] = False


class AudienceEntry(Entering, frozen=True, kw_only=True, tag_field="kind", tag="audience"):
    """Everybody in a segment, or all contacts, at a time: once `on` a date, `every` day, week or month, or `at_launch`,
    when the journey is published first. `channel`: only those who have an address on it, a channel's name or a kind.
    `clock`: the journey's, so that all begin at one instant, or each customer's own."""

    segment: Annotated[
        str,
        Meta(
            title=_("Segment"),
            description=_("Its key. Empty: all contacts."),
            extra_json_schema={"x-widget": "segment"},
        ),
    ] = ""
    channel: Annotated[
        str,
        Meta(
            title=_("Who can be reached on"),
            description=_("A channel. Empty: also who can be reached nowhere."),
            extra_json_schema={"x-widget": "channel"},
        ),
    ] = ""
    at_launch: Annotated[
        bool, Meta(title=_("At the launch"), description=_("Once, when the journey is published first."))
    ] = False
    on: Annotated[date | None, Meta(title=_("Once, on"), description=_("A date, such as 2027-01-31."))] = None
    every: Annotated[Literal["day", "week", "month"] | None, Meta(title=_("Every"))] = None
    weekdays: Annotated[tuple[Weekday, ...], Meta(title=_("On these days of the week"))] = ()
    day: Annotated[
        int | None,
        Meta(title=_("On this day of the month"), description=_("1 to 31; in a shorter month on its last day.")),
    ] = None
    time: Annotated[str, Meta(title=_("At"), description=_("Such as 09:00."))] = ""
    clock: Annotated[Literal["journey", "customer"], Meta(title=_("By whose clock"))] = "journey"


class DateEntry(Entering, frozen=True, kw_only=True, tag_field="kind", tag="date"):
    """On the date that stands in an attribute of the contact, every year or once, or so many days before or after it,
    at a time by the customer's own clock."""

    attribute: Annotated[str, Meta(title=_("Attribute"), description=_("A date such as 1990-05-17."))]
    yearly: Annotated[bool, Meta(title=_("Every year"))] = True
    days_before: Annotated[int, Meta(title=_("So many days before"))] = 0
    days_after: Annotated[int, Meta(title=_("So many days after"))] = 0
    time: Annotated[str, Meta(title=_("At"), description=_("The customer's local time, such as 09:00."))]


Entry = EventEntry | MessageEntry | CommentEntry | OutcomeEntry | ApiEntry | SegmentEntry | AudienceEntry | DateEntry
"""What may begin a run, told apart by `kind`."""


class GoalRule(EventRule, frozen=True, kw_only=True, rename={"since": "from"}):
    """G1: the event that shows what the journey is for, `within` so long after entry, after its last message, or after
    the customer last read one of its messages or opened a link in one."""

    within: Annotated[str, Meta(title=_("Within"), description=_("Such as 3 d."))]
    since: Annotated[Literal["entry", "send", "open", "click"], Meta(title=_("From"))] = "entry"

    @property
    def is_heard_of(self) -> bool:
        """Whether its time runs from what the customer does with a message."""
        return self.since in ("open", "click")


class Reentry(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, rename={"since": "from"}
):
    """R2: again only so long after the last entry, or after the last message of the journey."""

    after: str
    since: Literal["entry", "message"] = "entry"


class EntryCap(Part, frozen=True, kw_only=True):
    """R5: how many runs begin at most, for all customers together. A day is the journey's, else the workspace's."""

    per_day: Annotated[int | None, Meta(title=_("A day"))] = None
    total: Annotated[int | None, Meta(title=_("In all"))] = None


class Journey(Part, frozen=True, kw_only=True, rename={"class_": "class"}):
    """The document. `kind`: a broadcast is a journey that an audience enters once, whose steps are messages, and that
    is launched once; who is no longer in its segment when a message of it is about to go out does not get it. `zone`:
    for contacts of whom no zone is known (T4). `starts` and `ends`: who enters from and until
    when; runs go on after the end. `window`: when its messages may go out, beside the workspace's quiet hours;
    `outside`: what becomes of a message outside of both (Q1, Q2). `exit_when`: ends a run as soon as it holds (X5).
    `hold_out`: the share of customers who get none of its marketing (A1, A3). `budget`: the most that its messages
    cost (V3); `throttle`: how many of them go out in how much time (R5); `guards`:
    when it pauses itself, `canary`: to how many it goes first (V3)."""

    name: Annotated[str, Meta(title=_("Name"))]
    kind: Literal["journey", "broadcast"] = "journey"
    entry: Annotated[Entry, Meta(title=_("Starts when"))]
    steps: tuple[Any, ...]
    class_: Annotated[MessageClassName, Meta(title=_("Class of its messages"))] = "marketing"
    reentry: Annotated[Literal["always", "never"] | Reentry, Meta(title=_("Entering again"))] = "always"
    entries: Annotated[EntryCap | None, Meta(title=_("At most so many enter"))] = None
    budget: Annotated[BudgetRule | None, Meta(title=_("Budget"))] = None
    throttle: Annotated[ThrottleRule | None, Meta(title=_("Throttle"))] = None
    guards: Annotated[GuardRule | None, Meta(title=_("Pauses itself when"))] = None
    canary: Annotated[CanaryRule | None, Meta(title=_("What is new goes first to a few"))] = None
    exceptions: Annotated[tuple[ExceptionRule, ...], Meta(title=_("Stops at once when"))] = ()
    goal: Annotated[GoalRule | None, Meta(title=_("Its goal"))] = None
    hold_out: Annotated[
        str,
        Meta(
            title=_("Hold-out"),
            description=_("A share of customers who get no marketing from it, to compare with, such as 10%."),
        ),
    ] = ""
    exit_when: Annotated[
        Condition | None,
        Meta(
            title=_("Ends when the customer becomes this"),
            description=_(
                "An instant or a date may be compared with now, such as now, now + 3 d or now - 30 d."
                " Of a segment give the key: is, or is not, in it."
            ),
            extra_json_schema={"x-widget": "contact_condition"},
        ),
    ] = None
    starts: Annotated[datetime | None, Meta(title=_("People enter from"))] = None
    ends: Annotated[datetime | None, Meta(title=_("People enter until"))] = None
    zone: Annotated[
        str, Meta(title=_("Time zone"), description=_("For customers of whom none is known, such as Europe/Lisbon."))
    ] = ""
    window: Annotated[
        WindowRule | None,
        Meta(
            title=_("Messages go out"),
            description=_("From and to, in local times of the customer, and days; beside the workspace's quiet hours."),
        ),
    ] = None
    outside: Annotated[OutsideName, Meta(title=_("Outside these hours"))] = "hold"
    note: Annotated[str, Meta(title=_("Note"), description=_("Seen by your team only."))] = ""

    @property
    def is_broadcast(self) -> bool:
        """Whether it is a broadcast."""
        return self.kind == "broadcast"

    @property
    def entry_is_local(self) -> bool:
        """Whether its runs begin by each customer's own clock."""
        entry = self.entry
        return isinstance(entry, DateEntry) or (isinstance(entry, AudienceEntry) and entry.clock == "customer")


@dataclass(frozen=True, slots=True)
class Node:
    """A step in its place. `next`: the step behind it, None where the journey ends; `ways`: where each of its own
    sequences begins, which is `next` for an empty one."""

    step: Step
    next: str | None
    ways: tuple[str | None, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class Program:
    """A journey that can be run. `nodes` in the order of the document."""

    journey: Journey
    first: str | None
    nodes: Mapping[str, Node]

    @property
    def lookback(self) -> timedelta:
        """How long before entry an exception may count."""
        told = (read_duration(rule.lookback) for rule in self.journey.exceptions if rule.lookback)
        return max(told, default=timedelta())

    @property
    def has_clocks(self) -> bool:
        """Whether a run may wait for a time by the contact's clock (T5), or end at one (X5)."""
        steps = [node.step for node in self.nodes.values()]
        local = self.journey.entry_is_local or self.has_best_hours or self.ends_by_time
        return local or any(step.is_wall_clock for step in steps)

    @property
    def ends_by_time(self) -> bool:
        """Whether time alone may make its exit condition hold (X5)."""
        exit_when = self.journey.exit_when
        return exit_when is not None and any(True for _ in list_moving(exit_when))

    @property
    def exit_segments(self) -> frozenset[str]:
        """The keys of the segments that its exit condition names (X5)."""
        exit_when = self.journey.exit_when
        return frozenset(key for _, key in list_named(exit_when, "segment")) if exit_when is not None else frozenset()

    @property
    def has_best_hours(self) -> bool:
        """Whether a message of it waits for its customer's best hour."""
        return any(getattr(node.step, "best_hour", None) is not None for node in self.nodes.values())

    @property
    def hold_out(self) -> int:
        """How many of 10000 customers are held out (A1)."""
        return read_share(self.journey.hold_out)

    @property
    def divides(self) -> bool:
        """Whether customers are divided, at a split or by a hold-out (A1)."""
        return bool(self.hold_out) or any(node.step.KIND == "split" for node in self.nodes.values())

    @property
    def hears_of_messages(self) -> bool:
        """Whether its goal's time runs from what the customer does with a message (G1)."""
        return self.journey.goal is not None and self.journey.goal.is_heard_of

    def list_bandits(self) -> list[str]:
        """The splits whose weights follow what they come to (A5)."""
        return [id_ for id_, node in self.nodes.items() if getattr(node.step, "weights", "") == "bandit"]

    def list_heard(self) -> Iterator[tuple[str, str]]:
        """Type and name of every event that a live run listens for."""
        for rule in self.journey.exceptions:
            yield rule.type, rule.event
        for node in self.nodes.values():
            if (heard := node.step.hears()) is not None:
                yield "track", heard.event
        if self.journey.goal is not None:  # of runs that are over too (G3)
            yield self.journey.goal.type, self.journey.goal.event

    def hears(self, step: str) -> Hears | None:
        """The event for which a run waits at a step."""
        node = self.nodes.get(step)
        return node.step.hears() if node else None


def compile_journey(journey: Journey) -> Program:
    """Give every step its place. The document has been found valid: unknown kinds and doubled ids raise."""
    nodes: dict[str, Node] = {}
    first = _place(nodes, journey.steps, None, 0)
    order = {step.id: n for n, step in enumerate(walk_steps(journey.steps))}
    return Program(journey, first, dict(sorted(nodes.items(), key=lambda item: order[item[0]])))


def _place(nodes: dict[str, Node], raws: Sequence[Any], behind: str | None, depth: int) -> str | None:
    """Place a sequence from its end; the id of its first step, or what stands behind it."""
    for raw in reversed(raws):
        step = read_step(raw)
        if step.id in nodes:
            raise ValueError(f"two steps are called {step.id}")
        ways = tuple(_place(nodes, way.steps, behind, depth + 1) for way in step.list_ways())
        nodes[step.id] = Node(step, behind, ways, depth)
        behind = step.id
    return behind


def walk_steps(raws: Sequence[Any]) -> Iterator[Step]:
    """Every step of a sequence, those inside it after it, in the order of the document."""
    for raw in raws:
        step = read_step(raw)
        yield step
        for way in step.list_ways():
            yield from walk_steps(way.steps)
