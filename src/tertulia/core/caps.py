"""Frequency caps: at most so many messages to a contact in so much time (F1-F6).

What a cap counts are slots, one for each logical message (F2). A slot is reserved when the gate is passed, for the
planned hand-over, moved to the real one at the claim, and taken away on failure (F3); whoever keeps them does so in the
transaction that asks here, so nothing is counted first and sent later. Reserved slots may lie after the message that is
judged: a message passes only where no stretch of the window's length, before or after it, would hold more than the
limit with it. So a cap holds whatever the order in which messages are decided.

Two hand-overs that lie exactly a rolling window apart do not meet in it. A calendar window is the local day, week or
month of the contact's zone.

Replies and transactional messages are exempt: they pass, and no cap counts them. An important message passes too; each
cap says whether it counts it (F5).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from tertulia.core.deliveries import CLASS_RULES, MessageClass
from tertulia.core.durations import read_duration, write_duration
from tertulia.core.reasons import gettext_noop
from tertulia.core.wall_clock import DAY, Span, day_bounds, month_bounds, week_bounds

LIMIT_MAX: Final = 1000
NOT_A_CAP: Final = gettext_noop(
    'Give a cap as "limit" and "per" and, where it is not for all messages, "channels", "topics" or "classes".'
)
NOT_A_LIMIT: Final = gettext_noop('Give "limit" as a whole number from 1 to 1000.')
NOT_A_WINDOW: Final = gettext_noop('Give "per" as day, week or month, or as a duration such as 24 h.')
NOT_A_LIST: Final = gettext_noop("Give a list of names, or leave it out where all are meant.")
NOT_A_CLASS: Final = gettext_noop("Give marketing, service or both; replies and transactional messages are exempt.")
NOT_A_SWITCH: Final = gettext_noop('Give "counts_important" as true or false.')

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_FIELDS: Final = frozenset({"limit", "per", "channels", "topics", "classes", "counts_important"})


class Period(StrEnum):
    """A calendar window, in the contact's zone."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_LONGEST: Final = {
    Period.DAY: 2 * DAY,
    Period.WEEK: 8 * DAY,
    Period.MONTH: 32 * DAY,
}  # days that clocks change are longer


class SlotState(StrEnum):
    """How far the message of a slot has come. Both count."""

    RESERVED = "reserved"  # the gate was passed; `at` is the planned hand-over
    USED = "used"  # handed over at `at`


class AtCap(StrEnum):
    """What becomes of a message at a cap (F6)."""

    DEFER = "defer"  # until a slot is free, or its deadline
    DROP = "drop"
    NEXT_CHANNEL = "next_channel"


class Cap(msgspec.Struct, frozen=True):
    """At most `limit` messages in `window`, a rolling length of time or a calendar period. It covers the messages of
    its channels, topics and classes; an empty set means all. Raises ValueError for a limit or length below 1."""

    name: str
    limit: int
    window: timedelta | Period
    channels: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    classes: frozenset[MessageClass] = frozenset()
    counts_important: bool = False

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise ValueError(f"a cap lets through at least 1 message, not {self.limit}")
        if isinstance(self.window, timedelta) and self.window <= timedelta(0):
            raise ValueError(f"a cap's window has a length, not {self.window}")


class Counted(msgspec.Struct, frozen=True):
    """What a cap looks at of a message, frozen when it is decided (F4). `delivery_id` is the one of the logical
    message: its fall-back attempts share it."""

    delivery_id: UUID
    channel: str
    topic: str
    message_class: MessageClass
    important: bool


class Slot(Counted, frozen=True):
    """A message's place under the caps."""

    at: datetime
    state: SlotState


class CapsPassed(msgspec.Struct, frozen=True):
    """No cap is in the way. `counts` are the caps that cover the message and how many others each counts where the
    message stands: in the rolling window that ends with it, or in its calendar period. Empty for a message that no cap
    covers and, as `exempt` says, for one that passes them all."""

    counts: tuple[tuple[Cap, int], ...]
    exempt: bool


class CapsRefused(msgspec.Struct, frozen=True):
    """A cap is in the way: of several the one that will be longest, and the messages that it counted, by time.
    `free_at` is when all caps would let the message pass by the slots that are known; a slot's release may come
    sooner (F6)."""

    cap: Cap
    counted: tuple[UUID, ...]
    free_at: datetime


class CapProblem(ValueError):
    """A cap that cannot be taken: a sentence for its author and the `field` at fault."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


def read_cap(name: str, written: object) -> Cap:
    """The cap that a document's value writes: `{"limit": 3, "per": "24 h", "channels": ["sms"]}`, or per `day`, `week`
    or `month`. Whether its channels and topics exist is for the caller to see. Raises CapProblem."""
    if not isinstance(written, Mapping) or not {"limit", "per"} <= written.keys() <= _FIELDS:
        raise CapProblem(NOT_A_CAP)
    limit, counts_important = written["limit"], written.get("counts_important", False)
    if type(limit) is not int or not 1 <= limit <= LIMIT_MAX:
        raise CapProblem(NOT_A_LIMIT, "limit")
    if not isinstance(counts_important, bool):
        raise CapProblem(NOT_A_SWITCH, "counts_important")
    window, classes = _read_window(written["per"]), _read_names(written, "classes")
    allowed = {kind.value: kind for kind in MessageClass if takes_slot(kind)}
    if not classes <= allowed.keys():
        raise CapProblem(NOT_A_CLASS, "classes")
    return Cap(
        *(name, limit, window, _read_names(written, "channels"), _read_names(written, "topics")),
        frozenset(allowed[kind] for kind in classes),
        counts_important,
    )


def judge_caps(
    caps: Sequence[Cap], slots: Iterable[Slot], planned_at: datetime, zone: ZoneInfo, message: Counted
) -> CapsPassed | CapsRefused:
    """Whether a message may be handed over at `planned_at` under all the caps (F1, F5).

    `slots` are the contact's, in any order, from as long before and after as the longest window reaches; the message's
    own is not in its way. `zone` is the contact's."""
    if message.important or CLASS_RULES[message.message_class].exempt_from_caps:
        return CapsPassed((), exempt=True)
    others = _sort_slots(slots, message.delivery_id)
    covering = [(cap, [slot for slot in others if _counts(cap, slot)]) for cap in caps if _covers(cap, message)]
    free = [_free_from(cap, counted, planned_at, zone) for cap, counted in covering]
    free_at = max(free, default=planned_at)
    if free_at <= planned_at:
        counts = tuple((cap, _count_near(cap, counted, planned_at, zone)) for cap, counted in covering)
        return CapsPassed(counts, exempt=False)
    cap, counted = covering[free.index(free_at)]
    in_the_way = tuple(slot.delivery_id for slot in _list_in_the_way(cap, counted, planned_at, zone))
    return CapsRefused(cap, in_the_way, _free_from_all(covering, free_at, zone))


def find_horizon(cap: Cap) -> timedelta:
    """How long ago a message may lie that the cap still counts."""
    return cap.window if isinstance(cap.window, timedelta) else _LONGEST[cap.window]


def write_per(cap: Cap) -> str:
    """The window as documents write it: `24 h`, `week`."""
    return cap.window.value if isinstance(cap.window, Period) else write_duration(cap.window)


def takes_slot(message_class: MessageClass) -> bool:
    """Whether a message that passed leaves a slot: not one of an exempt class. An important one does, for the caps that
    count it (F5)."""
    return not CLASS_RULES[message_class].exempt_from_caps


def defer_until(free_at: datetime, deadline: datetime | None) -> datetime:
    """When a message deferred at a cap is looked at again if no slot's release wakes it before: when a slot is free by
    what is known, or at its deadline, which then drops it (F6)."""
    return free_at if deadline is None else min(free_at, deadline)


def waking_key(
    lane: int, deadline: datetime | None, made_at: datetime, delivery_id: UUID
) -> tuple[int, datetime, datetime, UUID]:
    """The order in which deferred messages are woken when a slot is free, lowest first (F6): the more urgent lane, then
    the nearer deadline, then the older one. They reserved nothing, so each is judged again."""
    return lane, deadline or _NEVER, made_at, delivery_id


def _read_window(written: object) -> timedelta | Period:
    if isinstance(written, str) and written in list(Period):
        return Period(written)
    try:
        return read_duration(written)
    except ValueError:
        raise CapProblem(NOT_A_WINDOW, "per") from None


def _read_names(written: Mapping[str, object], field: str) -> frozenset[str]:
    """The names in a field, none where it is left out. An empty list is refused: it could mean all or none."""
    if field not in written:
        return frozenset()
    names = written[field]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise CapProblem(NOT_A_LIST, field)
    return frozenset(names)


def _sort_slots(slots: Iterable[Slot], own: UUID) -> list[Slot]:
    """The slots of other messages by time. One message has one, whatever is given: the latest (F2)."""
    by_message = {slot.delivery_id: slot for slot in sorted(slots, key=lambda slot: slot.at)}
    by_message.pop(own, None)
    return sorted(by_message.values(), key=lambda slot: (slot.at, slot.delivery_id))


def _covers(cap: Cap, message: Counted) -> bool:
    return (
        (not cap.channels or message.channel in cap.channels)
        and (not cap.topics or message.topic in cap.topics)
        and (not cap.classes or message.message_class in cap.classes)
    )


def _counts(cap: Cap, slot: Slot) -> bool:
    return _covers(cap, slot) and takes_slot(slot.message_class) and (cap.counts_important or not slot.important)


def _free_from_all(covering: Sequence[tuple[Cap, list[Slot]]], at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant not before `at` at which every cap has room: where one has, another may not."""
    while (later := max(_free_from(cap, counted, at, zone) for cap, counted in covering)) > at:
        at = later
    return at


def _free_from(cap: Cap, counted: Sequence[Slot], at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant not before `at` at which one cap has room for one more."""
    if isinstance(cap.window, Period):
        while len(_list_within(counted, bounds := _BOUNDS[cap.window](at, zone))) >= cap.limit:
            at = bounds.end
        return at
    for crowd in _list_crowds(cap.limit, cap.window, counted):
        if _is_crowded(crowd, cap.window, at):
            at = crowd[0].at + cap.window
    return at


def _list_in_the_way(cap: Cap, counted: Sequence[Slot], at: datetime, zone: ZoneInfo) -> list[Slot]:
    """The slots for which one more at `at` would be too many."""
    if isinstance(cap.window, Period):
        return _list_within(counted, _BOUNDS[cap.window](at, zone))
    crowds = [crowd for crowd in _list_crowds(cap.limit, cap.window, counted) if _is_crowded(crowd, cap.window, at)]
    return list({slot.delivery_id: slot for crowd in crowds for slot in crowd}.values())


def _count_near(cap: Cap, counted: Sequence[Slot], at: datetime, zone: ZoneInfo) -> int:
    if isinstance(cap.window, Period):
        return len(_list_within(counted, _BOUNDS[cap.window](at, zone)))
    return sum(at - cap.window < slot.at <= at for slot in counted)


def _list_crowds(limit: int, window: timedelta, counted: Sequence[Slot]) -> Iterator[Sequence[Slot]]:
    """Each run of as many slots as the limit allows that lie within one window, by time."""
    for first in range(len(counted) - limit + 1):
        crowd = counted[first : first + limit]
        if crowd[-1].at - crowd[0].at < window:
            yield crowd


def _is_crowded(crowd: Sequence[Slot], window: timedelta, at: datetime) -> bool:
    """Whether some window of that length holds the whole crowd and `at`."""
    return crowd[-1].at - window < at < crowd[0].at + window


def _list_within(counted: Sequence[Slot], bounds: Span) -> list[Slot]:
    return [slot for slot in counted if bounds.begin <= slot.at < bounds.end]


_BOUNDS: Final[dict[Period, Callable[[datetime, ZoneInfo], Span]]] = {
    Period.DAY: day_bounds,
    Period.WEEK: week_bounds,
    Period.MONTH: month_bounds,
}
