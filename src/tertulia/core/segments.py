"""Segments: who belongs, as one expression tree over what is known of a contact.

A segment's document holds conditions; `compile_segment` makes a closed union of nodes of them, other segments put in
where they are named. `matches` walks those nodes over the facts of one contact; a database that counts walks the same
nodes and asks of all contacts at once (store/segment_sql.py). Both roads give the same answer, which a property test
holds them to.

Windows have a granularity (an hour up to two days, else a day, both of UTC): an event counts whose hour or day is not
before the one in which the window begins. So time alone changes an answer at the turn of an hour or day and at no
other instant, and then for those whose events lie in the granule that is left: a sweep finds them (R4).
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Literal, assert_never

from tertulia.core.conditions import Condition, judge, read_number
from tertulia.core.consent import Given, Target, derive
from tertulia.core.durations import read_duration
from tertulia.core.identity import COMMENT_KIND, IdentityRef
from tertulia.core.rows import ContactRow
from tertulia.core.segment_document import OPERATORS_OF_COUNTS, SegmentCondition
from tertulia.core.segment_document import write_condition as write_condition
from tertulia.core.subjects import make_subject

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
HOURLY_UP_TO: Final = timedelta(days=2)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SUM_STEP: Final = Decimal("0.000001")  # sums are of millionths, so that both roads round alike
BLOCKED: Final = ("blocked", "unfollowed")
NOT_APPS: Final = ("phone", "email", "user_id", "anonymous_id", COMMENT_KIND)
BUCKETS: Final = 10_000

Joint = Literal["all", "any", "none"]
Measure = Literal["count", "sum", "first", "last"]
MessageState = Literal["sent", "delivered", "opened", "clicked", "failed"]


@dataclass(frozen=True, slots=True)
class EventKey:
    """What is counted of a contact's events: those of a type and name that a condition on their properties lets pass,
    by the hour or by the day; with `sum`, that property added up. `where` is the condition as JSON, empty for none."""

    type: str
    name: str
    where: str
    sum: str
    hourly: bool


@dataclass(frozen=True, slots=True)
class MessageKey:
    """The same of messages that a contact was sent: what became of them, of one journey (its key) and step, and on one
    kind of channel; empty for any."""

    state: MessageState
    journey: str
    step: str
    channel: str
    hourly: bool


Key = EventKey | MessageKey


@dataclass(frozen=True, slots=True)
class Group:
    joint: Joint
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """An attribute or a field of the contact."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Counted:
    """Events or messages: how many, a sum, or when the first or last was. `within`: the window, None for ever; of first
    and last also `before`, how long ago at least. `operator` and `operand` of count and sum."""

    key: Key
    measure: Measure
    within: timedelta | None
    before: timedelta | None
    operator: str
    operand: int | float

    @property
    def granule(self) -> timedelta:
        return HOUR if self.key.hourly else DAY

    @property
    def reach(self) -> timedelta | None:
        """How far back the instant lies at which time changes the answer; None where it never does."""
        return self.within or self.before


@dataclass(frozen=True, slots=True)
class Agreed:
    """Consent on a kind of channel (`*`: on any) for a topic: granted on an address there, withdrawn or nothing."""

    state: Literal["granted", "withdrawn", "none"]
    channel: str
    topic: str


@dataclass(frozen=True, slots=True)
class Reachable:
    """An address that is not known dead, or a linked app identity that has not blocked us; `*`: any."""

    channel: str


@dataclass(frozen=True, slots=True)
class Listed:
    """On a list, by its id."""

    list_id: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """By chance, the same for ever: those whose bucket of 10,000 is from `first` to before `end`."""

    salt: str
    first: int
    end: int


Node = Group | Compared | Counted | Agreed | Reachable | Listed | Drawn


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What is known of a contact, merges united. `tallies`: by key, for each granule (its first instant) how many there
    were and their sum. `lists`: the ids of the lists on which the contact stands. `undone`: evidence of imports and
    merges that were undone."""

    contact: ContactRow
    tallies: Mapping[Key, Mapping[datetime, tuple[int, Decimal]]]
    lists: frozenset[int]
    undone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """A published segment as decisions need it. `turn` rises with every revision, and whenever it has to be looked for
    anew who belongs, and `cause` says why; `keys`: the ids under which its events are counted."""

    id: int
    workspace: int
    key: str
    name: str
    turn: int
    cause: str
    node: Node
    keys: Mapping[EventKey, int]

    @property
    def is_list(self) -> bool:
        """Whether people are put on it, and nothing decides who belongs."""
        return self.node == Listed(self.id)


def floor_to(at: datetime, granule: timedelta) -> datetime:
    """The first instant of the hour or day of UTC."""
    return at - (at - EPOCH) % granule


def is_hourly(window: timedelta | None) -> bool:
    """Whether a window goes by the hour."""
    return window is not None and window <= HOURLY_UP_TO


def matches(node: Node, facts: MemberFacts, now: datetime) -> bool:
    """Whether a contact belongs, as of `now`."""
    match node:
        case Group("all", parts):
            return all(matches(part, facts, now) for part in parts)
        case Group("any", parts):
            return any(matches(part, facts, now) for part in parts)
        case Group(_, parts):
            return not any(matches(part, facts, now) for part in parts)
        case Compared(condition):
            return judge(condition, make_subject({}, facts.contact)).holds
        case Counted():
            return _is_counted(node, facts.tallies.get(node.key, {}), now)
        case Agreed():
            return find_consent(facts, node.channel, node.topic) == node.state
        case Reachable(channel):
            return is_reachable(facts.contact, channel)
        case Listed(list_id):
            return list_id in facts.lists
        case Drawn(salt, first, end):
            return first <= draw(salt, facts.contact.id) < end
        case _:
            assert_never(node)


def find_since(node: Counted, now: datetime) -> datetime | None:
    """Where its window begins, which moves at the turn of an hour only; None where it has none."""
    return floor_to(floor_to(now, HOUR) - node.reach, node.granule) if node.reach is not None else None


def find_leaving(node: Counted, bucket: datetime, now: datetime) -> datetime | None:
    """When what was counted in an hour or day leaves the window; None where it has left, or never does."""
    if node.reach is None:
        return None
    leaves = bucket + node.granule + node.reach
    at = floor_to(leaves + HOUR - timedelta.resolution, HOUR)
    return at if at > now else None


def _is_counted(node: Counted, tally: Mapping[datetime, tuple[int, Decimal]], now: datetime) -> bool:
    since = find_since(node, now) or EPOCH
    if node.measure in ("first", "last"):
        if not tally:
            return False
        at = min(tally) if node.measure == "first" else max(tally)
        return at < since if node.before is not None else at >= since
    inside = [row for at, row in tally.items() if node.reach is None or at >= since]
    if node.measure == "count":
        return compare(node.operator, Decimal(sum(count for count, _ in inside)), node.operand)
    return compare(node.operator, sum((total for _, total in inside), Decimal()), node.operand)


def compare(operator: str, left: Decimal, operand: float) -> bool:
    """A count or a sum with a number of a document."""
    right = Decimal(str(operand))
    match operator:
        case "is_":
            return left == right
        case "over":
            return left > right
        case "under":
            return left < right
        case "at_least":
            return left >= right
        case _:
            return left <= right


def read_sum(value: Any) -> Decimal:
    """What a property adds to a sum: its number in millionths, nothing where it is none."""
    number = read_number(value)
    return Decimal() if number is None else Decimal(repr(number)).quantize(SUM_STEP, ROUND_HALF_UP)


def find_consent(facts: MemberFacts, channel: str, topic: str) -> str:
    """Granted where it is on one address or identity of that channel, else withdrawn where it is there (a platform's
    block is that too), else none."""
    states = set()
    for subject, kind in list_subjects(facts.contact):
        if channel in ("*", kind):
            state = derive(facts.contact.consents, Target(subject, kind, topic), undone=facts.undone)
            states.add(Given.WITHDRAWN if state.blocked_by is not None else state.given)
    if Given.GRANTED in states:
        return "granted"
    return "withdrawn" if Given.WITHDRAWN in states else "none"


def list_subjects(contact: ContactRow) -> Iterator[tuple[IdentityRef, str]]:
    """Where a contact may be written to, as the ledger names it, each with the kind of channel."""
    for row in contact.addresses:
        yield IdentityRef(row.kind, "", row.canonical), "sms" if row.kind == "phone" else row.kind
    for linked in contact.identities:
        if linked.identity.kind not in NOT_APPS:
            yield linked.identity, linked.identity.kind


def is_reachable(contact: ContactRow, channel: str) -> bool:
    """Whether there is anywhere to write to."""
    for row in contact.addresses:
        kind = "sms" if row.kind == "phone" else row.kind
        if channel in ("*", kind) and not row.dead_code and (row.sms or kind != "sms"):
            return True
    return any(
        channel in ("*", row.identity.kind) and row.identity.kind not in NOT_APPS and row.signal not in BLOCKED
        for row in contact.identities
    )


def draw(salt: str, contact_id: int) -> int:
    """0 to 9999, evenly, the same for the same."""
    digest = hashlib.sha256(f"{salt}:{contact_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % BUCKETS


# from the document


class Unknown(Exception):
    """A segment that is named and not there, or one that names itself."""


def compile_segment(key: str, documents: Mapping[str, tuple[int, SegmentCondition | None]]) -> Node:
    """The nodes of a segment. `documents`: of each the id and the condition, None of a list. Raises Unknown."""
    return _compile_named(key, documents, ())


def _compile_named(
    key: str, documents: Mapping[str, tuple[int, SegmentCondition | None]], inside: tuple[str, ...]
) -> Node:
    if key not in documents or key in inside:
        raise Unknown(key)
    id_, condition = documents[key]
    return Listed(id_) if condition is None else _compile(condition, documents, (*inside, key))


def _compile(
    condition: SegmentCondition, documents: Mapping[str, tuple[int, SegmentCondition | None]], inside: tuple[str, ...]
) -> Node:
    groups: tuple[Joint, ...] = ("all", "any", "none")
    for joint in groups:
        parts = getattr(condition, joint)
        if parts is not None:
            return Group(joint, tuple(_compile(part, documents, inside) for part in parts))
    if condition.segment is not None:
        return _compile_named(condition.segment, documents, inside)
    if condition.event is not None or condition.message is not None:
        return _compile_counted(condition)
    if condition.consent is not None:
        return Agreed(condition.consent, _any(condition.channel), condition.topic)
    if condition.reachable is not None:
        return Reachable(_any(condition.reachable))
    if condition.random is not None:
        share = condition.random
        return Drawn(share.salt, round(share.from_ * 100), round(share.to * 100))
    return Compared(condition.as_comparison())


def _any(channel: str) -> str:
    return "*" if channel in ("", "any") else channel


def _compile_counted(condition: SegmentCondition) -> Counted:
    within = read_duration(condition.within) if condition.within else None
    before, measure = None, "count"
    for name in ("first", "last"):
        told = getattr(condition, name)
        if told is not None:
            measure = name
            within = read_duration(told.within) if told.within else None
            before = read_duration(told.before) if told.before else None
    if condition.sum:
        measure = "sum"
    hourly = is_hourly(within or before)
    key: Key
    if condition.event is not None:
        where = write_condition(condition.where) if condition.where is not None else ""
        key = EventKey(condition.type, condition.event, where, condition.sum, hourly)
    else:
        assert condition.message is not None
        key = MessageKey(condition.message, condition.journey, condition.step, condition.channel, hourly)
    operator, operand = next(
        ((name, value) for name in OPERATORS_OF_COUNTS if (value := getattr(condition, name)) is not None),
        ("at_least", 1),
    )
    assert isinstance(operand, int | float)
    return Counted(key, measure, within, before, operator, operand)  # type: ignore[arg-type]


def walk(node: Node) -> Iterator[Node]:
    """A node and everything inside it."""
    yield node
    if isinstance(node, Group):
        for part in node.parts:
            yield from walk(part)


def list_counted(node: Node) -> list[Counted]:
    """Everything that is counted in it, each once."""
    return list(dict.fromkeys(part for part in walk(node) if isinstance(part, Counted)))


def list_keys(node: Node) -> list[EventKey]:
    """The events that are counted for it, each once."""
    keys = (part.key for part in walk(node) if isinstance(part, Counted))
    return list(dict.fromkeys(key for key in keys if isinstance(key, EventKey)))
