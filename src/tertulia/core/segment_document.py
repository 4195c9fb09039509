"""A segment as its document says it, and what may be wrong with it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from tertulia.core.conditions import DEPTH_MAX, OPERATORS, Condition, Fault, Scalar, find_faults
from tertulia.core.durations import read_duration
from tertulia.core.journeys import NAMELESS, EventType, Part
from tertulia.core.reasons import gettext_noop as _

GROUPS: Final = ("all", "any", "none")
HEADS: Final = ("attribute", "field", "event", "message", "consent", "reachable", "segment", "random")
OPERATORS_OF_COUNTS: Final = ("is_", "over", "under", "at_least", "at_most")
NOBODY_OPERATORS: Final = ("contains", "starts_with", "exists", "in_", "not_in", "is_not")
EXTRAS: Final[Mapping[str, tuple[str, ...]]] = {
    "event": ("where", "within", "sum", "first", "last"),
    "message": ("within", "journey", "step", "channel", "first", "last"),
    "consent": ("channel",),
}
"""What may stand beside a head, but for operators."""
ALL_EXTRAS: Final = ("where", "within", "sum", "first", "last", "journey", "step", "channel")
NAME_CHARACTERS_MAX: Final = 200
CONDITIONS_MAX: Final = 100

_RENAMED: Final = {"is_": "is", "in_": "in", "from_": "from"}


class Share(Part, frozen=True, kw_only=True, rename=_RENAMED):
    """From and to how many per cent of everybody, drawn by chance once for ever; another `salt` draws anew."""

    from_: Annotated[float, Meta(title=_("From"))] = 0
    to: Annotated[float, Meta(title=_("To"))]
    salt: Annotated[str, Meta(title=_("Salt"))] = ""


class Occurrence(Part, frozen=True, kw_only=True):
    """When the first or the last one was: `within` the last so long, or `before` that."""

    within: Annotated[str, Meta(title=_("Within the last"))] = ""
    before: Annotated[str, Meta(title=_("Longer ago than"))] = ""


class SegmentCondition(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, rename=_RENAMED
):
    """One node of the tree: exactly one of the groups or heads is set. Attributes and fields have exactly one operator;
    events and messages are counted (`at_least: 1`, where no operator is given), an event's property summed up, or the
    `first` or `last` one looked at."""

    all: tuple["SegmentCondition", ...] | None = None
    any: tuple["SegmentCondition", ...] | None = None
    none: tuple["SegmentCondition", ...] | None = None
    attribute: str | None = None
    field: str | None = None
    event: str | None = None
    type: EventType = "track"
    where: Condition | None = None
    within: str = ""
    sum: str = ""
    first: Occurrence | None = None
    last: Occurrence | None = None
    message: Literal["sent", "delivered", "opened", "clicked", "failed"] | None = None
    journey: str = ""
    step: str = ""
    consent: Literal["granted", "withdrawn", "none"] | None = None
    channel: str = ""
    topic: Literal["marketing", "service"] = "marketing"
    reachable: str | None = None
    segment: str | None = None
    random: Share | None = None
    is_: Scalar | None = None
    is_not: Scalar | None = None
    in_: tuple[Scalar, ...] | None = None
    not_in: tuple[Scalar, ...] | None = None
    over: int | float | str | None = None
    under: int | float | str | None = None
    at_least: int | float | str | None = None
    at_most: int | float | str | None = None
    contains: str | None = None
    starts_with: str | None = None
    exists: bool | None = None

    def as_comparison(self) -> Condition:
        """Of an attribute or a field."""
        told = {name: getattr(self, name) for name in OPERATORS}
        return Condition(attribute=self.attribute, field=self.field, **told)


class Segment(Part, frozen=True, kw_only=True):
    """The document. Without `where` it is a list, on which people are put by hand or by an import."""

    name: Annotated[str, Meta(title=_("Name"))]
    where: Annotated[SegmentCondition | None, Meta(title=_("Who belongs"))] = None
    note: Annotated[str, Meta(title=_("Note"), description=_("Seen by your team only."))] = ""


def write_condition(condition: Condition) -> str:
    """As JSON, the same for the same."""
    return msgspec.json.encode(condition, order="deterministic").decode()


def read_condition(written: str) -> Condition | None:
    """The inverse; None for an empty text."""
    return msgspec.json.decode(written, type=Condition) if written else None


def list_named(condition: SegmentCondition | None) -> Iterator[str]:
    """The keys of the segments that a condition names."""
    if condition is None:
        return
    if condition.segment is not None:
        yield condition.segment
    for name in GROUPS:
        for part in getattr(condition, name) or ():
            yield from list_named(part)


@dataclass(frozen=True, slots=True)
class Known:
    """What a segment may name; None where that is not known."""

    segments: Collection[str] | None = None
    journeys: Collection[str] | None = None
    channels: Collection[str] = field(default_factory=tuple)  # kinds; every carrier of SMS is `sms`


Path = tuple[str | int, ...]


def find_segment_faults(condition: SegmentCondition, path: Path, known: Known) -> list[Fault]:
    """Everything that makes a condition meaningless."""
    heads = [name for name in (*GROUPS, *HEADS) if getattr(condition, name) is not None]
    if len(path) > 2 * DEPTH_MAX + 4:
        return [Fault(path, _("Conditions are nested too deeply. Nest at most eight."), {})]
    if len(heads) != 1:
        told = {"heads": ", ".join((*GROUPS, *HEADS))}
        return [Fault(path, _("Give exactly one of these: %(heads)s."), told)]
    [head] = heads
    operators = [name for name in OPERATORS if getattr(condition, name) is not None]
    if head in GROUPS:
        return _find_group_faults(condition, head, operators, path, known)
    beside = [name for name in ALL_EXTRAS if getattr(condition, name) and name not in EXTRAS.get(head, ())]
    if beside:
        message = _("“%(name)s” says nothing beside “%(head)s”. Leave it out.")
        return [Fault((*path, beside[0]), message, {"name": beside[0], "head": head})]
    if head == "attribute" and not (condition.attribute or "").strip():
        return [Fault((*path, head), _("Give the name of the attribute."), {})]
    if head in ("attribute", "field"):
        return find_faults(condition.as_comparison(), path, events=False)
    if head in ("event", "message"):
        return [
            *_find_count_faults(condition, operators, path),
            *_find_event_faults(condition, path),
            *_find_name_faults(condition, path, known),
        ]
    if operators:
        name = operators[0].rstrip("_")
        return [Fault((*path, name), _("“%(head)s” has no operator. Leave it out."), {"head": head})]
    return [*_find_share_faults(condition, path), *_find_name_faults(condition, path, known)]


def _find_group_faults(
    condition: SegmentCondition, head: str, operators: list[str], path: Path, known: Known
) -> list[Fault]:
    beside = [name for name in (*operators, *ALL_EXTRAS) if getattr(condition, name)]
    if beside:
        message = _("A group has nothing of its own: put it into a condition.")
        return [Fault((*path, beside[0].rstrip("_")), message, {})]
    parts = getattr(condition, head)
    if not parts:
        return [Fault((*path, head), _("Give at least one condition."), {})]
    return [
        fault for place, part in enumerate(parts) for fault in find_segment_faults(part, (*path, head, place), known)
    ]


def _find_count_faults(condition: SegmentCondition, operators: list[str], path: Path) -> Iterator[Fault]:
    for name in operators:
        if name in NOBODY_OPERATORS or not isinstance(getattr(condition, name), int | float):
            told = {"operators": ", ".join(one.rstrip("_") for one in OPERATORS_OF_COUNTS)}
            message = _("Compare how many with a number, by one of these: %(operators)s.")
            yield Fault((*path, name.rstrip("_")), message, told)
    measures = [name for name in ("sum", "first", "last") if getattr(condition, name)]
    if len(measures) > 1:
        yield Fault((*path, measures[1]), _("Give only one of sum, first and last."), {})
    elif measures and measures[0] != "sum" and (operators or condition.within):
        message = _("“%(name)s” has within or before of its own, and no number.")
        yield Fault((*path, measures[0]), message, {"name": measures[0]})
    elif measures == ["sum"] and not operators:
        yield Fault((*path, "sum"), _("Say how much it adds up to: such as over: 100."), {})
    if len(operators) > 1:
        yield Fault((*path, operators[1].rstrip("_")), _("Give only one operator."), {})
    for place, text in _list_durations(condition):
        try:
            read_duration(text)
        except ValueError as error:
            yield Fault((*path, *place), str(error), {})
    for name in ("first", "last"):
        told_at = getattr(condition, name)
        if told_at is not None and bool(told_at.within) == bool(told_at.before):
            yield Fault((*path, name), _("Give either within or before, such as 30 d."), {})


def _list_durations(condition: SegmentCondition) -> Iterator[tuple[Path, str]]:
    if condition.within:
        yield ("within",), condition.within
    for name in ("first", "last"):
        told: Any = getattr(condition, name)
        for part in ("within", "before") if told is not None else ():
            if getattr(told, part):
                yield (name, part), getattr(told, part)


def _find_event_faults(condition: SegmentCondition, path: Path) -> Iterator[Fault]:
    if condition.event is None:
        return
    if condition.type in NAMELESS:
        if condition.event:
            message = _('A call of the type %(type)s has no name. Write event: "".')
            yield Fault((*path, "event"), message, {"type": condition.type})
    elif not condition.event.strip():
        yield Fault((*path, "event"), _("Give the name of the event."), {})
    if condition.where is not None:
        yield from find_faults(condition.where, (*path, "where"))
        if _looks_at_contact(condition.where):
            message = _("Only properties of the event can be compared here. Put the contact's beside it.")
            yield Fault((*path, "where"), message, {})


def _looks_at_contact(condition: Condition) -> bool:
    inside = [part for name in GROUPS for part in getattr(condition, name) or ()]
    return condition.attribute is not None or condition.field is not None or any(map(_looks_at_contact, inside))


def _find_share_faults(condition: SegmentCondition, path: Path) -> Iterator[Fault]:
    share = condition.random
    if share is not None and not 0 <= share.from_ < share.to <= 100:
        yield Fault((*path, "random"), _("Give from and to in per cent, from 0 to 100, to after from."), {})


def _find_name_faults(condition: SegmentCondition, path: Path, known: Known) -> Iterator[Fault]:
    if condition.segment is not None and known.segments is not None and condition.segment not in known.segments:
        told = {"key": condition.segment, "known": ", ".join(sorted(known.segments)) or "-"}
        yield Fault((*path, "segment"), _("No segment has the key “%(key)s”. There are: %(known)s."), told)
    if condition.journey and known.journeys is not None and condition.journey not in known.journeys:
        told = {"key": condition.journey, "known": ", ".join(sorted(known.journeys)) or "-"}
        yield Fault((*path, "journey"), _("No journey has the key “%(key)s”. There are: %(known)s."), told)
    if condition.step and not condition.journey:
        yield Fault((*path, "step"), _("A step is one of a journey. Give the journey too."), {})
    for name in ("channel", "reachable"):
        kind = getattr(condition, name)
        if kind and kind != "any" and known.channels and kind not in known.channels:
            told = {"name": kind, "known": ", ".join(sorted(known.channels))}
            yield Fault((*path, name), _("“%(name)s” is no kind of channel. There are: %(known)s."), told)
