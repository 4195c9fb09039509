"""Conditions: one expression tree over what is known of a contact and of the event at hand.

A condition is a group (`all`, `any` or `none` of others) or one comparison: a subject (`property` of the event,
`attribute` of the contact, one of its own `field`s, or of the journey's run the `answer` at a step or the `result` that
one saved) and one operator. `judge` says whether it holds and, where it does not, which comparison decided that and
with which value, so that every refusal can be explained (S1).

Comparisons know types: a number is compared with a number, an instant with an instant, and a value of another type,
or none at all, does not hold (but `is_not`, `not_in` and `exists: false`, which a missing value satisfies). Texts are
compared without regard to case and to spaces around them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from tertulia.core.instants import read_instant, read_moment, read_moving
from tertulia.core.reasons import gettext_noop as _

Scalar = str | bool | int | float

FIELDS: Final = ("name", "surname", "language", "country", "zone")
GROUPS: Final = ("all", "any", "none")
SUBJECTS: Final = ("property", "attribute", "field", "answer", "result")
OPERATORS: Final = (
    *("is_", "is_not", "in_", "not_in", "over", "under", "at_least", "at_most"),
    *("contains", "starts_with", "exists"),
)
DEPTH_MAX: Final = 8
_RENAMED: Final = {"is_": "is", "in_": "in"}
_ORDERED: Final = ("over", "under", "at_least", "at_most")


class Condition(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, rename=_RENAMED
):
    """One node of the tree: exactly one of the groups or subjects is set, with a subject exactly one operator.

    `property` is a name or a dotted path into objects (`cart.value`); an exact name goes before a path. `answer` is the
    id of the step that asked. `result` is `step.name`: what a step that calls an API saved under that name. `segment`,
    a key, stands alone: the contact is in it."""

    all: tuple["Condition", ...] | None = None
    any: tuple["Condition", ...] | None = None
    none: tuple["Condition", ...] | None = None
    property: str | None = None
    attribute: str | None = None
    field: str | None = None
    answer: str | None = None
    result: str | None = None
    segment: str | None = None
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


@dataclass(frozen=True, slots=True)
class Subject:
    """What conditions look at: the event's properties, the contact's attributes and own fields, and of this run what
    the contact answered, by the ids of the steps that asked, and what calls of an API saved, by step and name. `clock`:
    the instant by the contact's clock, where it may be compared with; `segments`: the keys of those in which the
    contact is, where they may be named."""

    properties: Mapping[str, Any]
    attributes: Mapping[str, Any]
    fields: Mapping[str, str]
    answers: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)
    clock: datetime | None = None
    segments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a condition holds. `decided_by`: the comparison that made it so, with the `value` that was there (None:
    there was none); None of a group that nothing in it decided alone."""

    holds: bool
    decided_by: Condition | None = None
    value: Any = None


def judge(condition: Condition | None, subject: Subject) -> Finding:
    """Whether it holds; no condition always does."""
    if condition is None:
        return Finding(True)
    if condition.all is not None:
        return next((found for part in condition.all if not (found := judge(part, subject)).holds), Finding(True))
    if condition.any is not None:
        findings = [judge(part, subject) for part in condition.any]
        held = next((found for found in findings if found.holds), None)
        if held is not None:
            return held
        return findings[0] if len(findings) == 1 else Finding(False)
    if condition.none is not None:
        for part in condition.none:
            found = judge(part, subject)
            if found.holds:
                return Finding(False, found.decided_by, found.value)
        return Finding(True)
    if condition.segment is not None:
        return Finding(condition.segment in subject.segments, condition)
    value = read_subject(condition, subject)
    return Finding(_compare(condition, value, subject.clock), condition, value)


def read_subject(condition: Condition, subject: Subject) -> Any:
    """The value that a comparison looks at; None where there is none."""
    if condition.property is not None:
        return read_path(subject.properties, condition.property)
    if condition.attribute is not None:
        return read_path(subject.attributes, condition.attribute)
    if condition.answer is not None:
        return subject.answers.get(condition.answer)
    if condition.result is not None:
        return read_path(subject.results, condition.result)
    return subject.fields.get(condition.field or "") or None


def read_path(values: Mapping[str, Any], path: str) -> Any:
    """The value of a name, or of a dotted path into objects; None where there is none."""
    if path in values:
        return values[path]
    found: Any = values
    for name in path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return found


def name_operator(condition: Condition) -> str:
    """The comparison's operator as documents name it."""
    name = next(name for name in OPERATORS if getattr(condition, name) is not None)
    return name.rstrip("_")


def read_operand(condition: Condition) -> Any:
    """What the comparison compares with."""
    return next(value for name in OPERATORS if (value := getattr(condition, name)) is not None)


def name_subject(condition: Condition) -> tuple[str, str]:
    """The kind of a comparison's subject, and its name."""
    kind = next(kind for kind in SUBJECTS if getattr(condition, kind) is not None)
    return kind, str(getattr(condition, kind))


def _compare(condition: Condition, value: Any, clock: datetime | None) -> bool:
    operator, operand = name_operator(condition), read_operand(condition)
    match operator:
        case "exists":
            return (value is not None) is operand
        case "is":
            return _same(value, operand)
        case "is_not":
            return not _same(value, operand)
        case "in":
            return any(_same(value, one) for one in operand)
        case "not_in":
            return not any(_same(value, one) for one in operand)
        case "contains":
            if isinstance(value, list):
                return any(_is(one, operand) for one in value)
            return isinstance(value, str) and fold_text(operand) in fold_text(value)
        case "starts_with":
            return isinstance(value, str) and fold_text(value).startswith(fold_text(operand))
        case _:
            return _ordered(operator, value, operand, clock)


def _same(value: Any, operand: Scalar) -> bool:
    """A list holds whatever one of its elements is; of lists in it nothing is said."""
    if isinstance(value, list):
        return any(_is(one, operand) for one in value)
    return _is(value, operand)


def _is(value: Any, operand: Scalar) -> bool:
    if isinstance(operand, bool) or isinstance(value, bool):
        return value is operand
    if isinstance(operand, str):
        return isinstance(value, str) and fold_text(value) == fold_text(operand)
    number = read_number(value)
    return number is not None and number == float(operand)


def _ordered(operator: str, value: Any, operand: Any, clock: datetime | None) -> bool:
    left: Any
    right: Any
    if (distance := read_moving(operand)) is not None:
        if clock is None:
            return False
        left, right = read_moment(value, clock), clock.astimezone(UTC) + distance  # N times 24 hours (T3)
    elif isinstance(operand, str):
        left, right = read_instant(value), read_instant(operand)
    else:
        left, right = read_number(value), float(operand)
    if left is None or right is None:
        return False
    match operator:
        case "over":
            return bool(left > right)
        case "under":
            return bool(left < right)
        case "at_least":
            return bool(left >= right)
        case _:
            return bool(left <= right)


# What a value is taken for. A database that counts segments reads values by the same rules (store/segment_sql.py), so
# they say exactly which texts are numbers and, in `instants`, which are instants, and fold case one letter at a time.

BLANK: Final = " \t\n\r\f\v"
NUMBER_BELOW: Final = 1e30
NUMBER_FROM: Final = 1e-200  # or zero
NUMBER_TEXT: Final = r"[+-]?([0-9]{1,30}(\.[0-9]{0,200})?|\.[0-9]{1,200})([eE][+-]?[0-9]{1,2})?"
_NUMBER: Final = re.compile(NUMBER_TEXT)
_DOTTED_I: Final = "\u0130"  # the one letter whose small form is two


def read_number(value: Any) -> float | None:
    """A number of less than thirty-one digits, or a text that is one: shops send prices as texts."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if not value or NUMBER_FROM <= abs(value) < NUMBER_BELOW else None
    if isinstance(value, str) and _NUMBER.fullmatch(text := value.strip(BLANK)):
        return float(text)
    return None


def fold_text(text: str) -> str:
    """Without spaces around it and in small letters, letter by letter."""
    text = text.strip(BLANK)
    return text.lower() if text.isascii() else "".join("i" if c == _DOTTED_I else c.lower() for c in text)


# what is wrong with a condition of a document


def list_moving(condition: Condition) -> Iterator[Condition]:
    """Every comparison with now, which time alone changes (X5)."""
    for group in GROUPS:
        for part in getattr(condition, group) or ():
            yield from list_moving(part)
    if any(read_moving(getattr(condition, name)) is not None for name in _ORDERED):
        yield condition


def list_named(
    condition: Condition, kind: Literal["answer", "result", "segment"], path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every answer, result or segment that a condition looks at, each with where it names it."""
    if (name := getattr(condition, kind)) is not None:
        yield (*path, kind), name
    for group in GROUPS:
        for place, part in enumerate(getattr(condition, group) or ()):
            yield from list_named(part, kind, (*path, group, place))


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, where (the path below the condition: keys and places), as a message id with its parameters."""

    path: tuple[str | int, ...]
    message: str
    parameters: Mapping[str, str]


def find_faults(
    condition: Condition,
    path: tuple[str | int, ...] = (),
    *,
    events: bool = True,
    results: bool = False,
    exits: bool = False,
) -> list[Fault]:
    """Everything that makes a condition meaningless. `events`: whether there is an event to look at, `results`: whether
    steps may have saved something before, `exits`: whether it is what a journey ends for, which may compare with now
    and name segments."""
    heads = [name for name in (*GROUPS, *SUBJECTS, "segment") if getattr(condition, name) is not None]
    operators = [name for name in OPERATORS if getattr(condition, name) is not None]
    if len(path) > 2 * DEPTH_MAX + 4:
        return [Fault(path, _("Conditions are nested too deeply. Nest at most eight."), {})]
    if len(heads) != 1:
        message = _("Give exactly one of all, any, none, property, attribute, field, answer and result.")
        return [Fault(path, message, {})]
    [head] = heads
    if head in GROUPS:
        if operators:
            message = _("A group has no operator of its own: put it into a comparison.")
            return [Fault((*path, operators[0].rstrip("_")), message, {})]
        parts = getattr(condition, head)
        if not parts:
            return [Fault((*path, head), _("Give at least one condition."), {})]
        return [
            fault
            for place, part in enumerate(parts)
            for fault in find_faults(part, (*path, head, place), events=events, results=results, exits=exits)
        ]
    if head == "segment":
        return _find_segment_faults(operators, path, exits)
    if head == "result" and not results:
        return [Fault((*path, head), _("Only a branch can look at what a step before it saved."), {})]
    return _find_comparison_faults(condition, head, operators, path, events=events, exits=exits)


def _find_comparison_faults(
    condition: Condition, head: str, operators: list[str], path: tuple[str | int, ...], *, events: bool, exits: bool
) -> list[Fault]:
    if head == "property" and not events:
        return [Fault((*path, head), _("There is no event here. Compare an attribute or a field of the contact."), {})]
    if head == "field" and condition.field not in FIELDS:
        told = {"fields": ", ".join(FIELDS)}
        message = _("A contact has these fields: %(fields)s. Everything else is an attribute.")
        return [Fault((*path, head), message, told)]
    if len(operators) != 1:
        told = {"operators": ", ".join(name.rstrip("_") for name in OPERATORS)}
        return [Fault(path, _("Give exactly one operator: %(operators)s."), told)]
    [operator] = operators
    operand = getattr(condition, operator)
    if operator in _ORDERED and isinstance(operand, str) and (fault := _find_instant_fault(operand, exits)):
        return [Fault((*path, operator), fault, {})]
    if operator in ("in_", "not_in") and not operand:
        return [Fault((*path, operator.rstrip("_")), _("Give at least one value."), {})]
    return []


def _find_instant_fault(operand: str, exits: bool) -> str | None:
    """What is wrong with a text that is to be an instant. In what is judged at one event, now would be that event."""
    if read_instant(operand) is not None or (exits and read_moving(operand) is not None):
        return None
    if exits:
        return _("Compare with a number, an instant such as 2027-01-31T09:00:00Z, or now, now + 3 d or now - 30 d.")
    if read_moving(operand) is not None:
        return _("Only what a journey ends for, exit_when, may compare with now. Give a number or an instant.")
    return _("Compare with a number, or with an instant such as 2027-01-31T09:00:00Z.")


def _find_segment_faults(operators: list[str], path: tuple[str | int, ...], exits: bool) -> list[Fault]:
    """What is judged at one event does not know who belongs at that moment."""
    if not exits:
        return [Fault((*path, "segment"), _("Only what a journey ends for, exit_when, may name a segment."), {})]
    if operators:
        message = _("“%(head)s” has no operator. Leave it out.")
        return [Fault((*path, operators[0].rstrip("_")), message, {"head": "segment"})]
    return []
