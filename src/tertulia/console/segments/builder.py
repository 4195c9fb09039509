"""The condition builder: a segment's tree as nested fields, made of a draft right or wrong, and read back as posted.

Names of fields lead through the tree: `w` is the outermost group, `w.1` its second part, `w.1.value` a field of that.
Every part says of which kind it is, every group how many parts it has. What no fields can show is shown as text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from tertulia.actions.problems import Problem
from tertulia.actions.segment_words import CONSENTS
from tertulia.console.journeys.fields import (
    Around,
    FormField,
    fill_condition,
    fill_row,
    read_condition,
    read_row,
    read_scalar,
    read_yaml,
    write_scalar,
)
from tertulia.console.journeys.words import CHOICES, FIELDS, OPERATORS
from tertulia.console.segments.words import (
    COUNT_OPERATORS,
    JOINTS,
    KINDS,
    MEASURES,
    MESSAGE_STATES,
    TOPICS,
    WHENS,
)
from tertulia.core.journeys import NAMELESS
from tertulia.documents.edit import write_document

ROOT: Final = "w"
WHERE: Final = "where"
PARTS_MAX: Final = 100
TYPES: Final = ("track", "page", "screen", "identify", "group")
SAMPLES: Final[Mapping[str, Any]] = {
    "attribute": {"attribute": "", "is": ""},
    "field": {"field": "country", "is": ""},
    "event": {"event": "", "at_least": 1, "within": "30 d"},
    "message": {"message": "delivered", "at_least": 1, "within": "30 d"},
    "consent": {"consent": "granted"},
    "reachable": {"reachable": "any"},
    "segment": {"segment": ""},
    "random": {"random": {"from": 0, "to": 10}},
    "group": {"any": []},
}
"""What a new condition of each kind says."""


@dataclass(slots=True)
class Part:
    """One node of the tree as the page draws it. `inner`: the parts of a group; `fields` those of a condition, and
    `where` what the properties of its event have to be."""

    name: str
    kind: str
    icon: str
    title: str
    kinds: list[tuple[str, str, bool]]
    errors: list[str]
    fields: list[FormField] = field(default_factory=list)
    inner: "list[Part]" = field(default_factory=list)
    where: FormField | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What all fields are made with: mistakes by their paths, and what can be chosen."""

    problems: Sequence[Problem]
    around: Around
    kinds: Sequence[tuple[str, str]]  # of channels
    attributes: Sequence[str]


def build_tree(where: Any, form: Form) -> Part:
    """The outermost group; of a condition that is none, `all` with it alone."""
    if _find_kind(where) == "group":
        return _build(where, ROOT, WHERE, form)
    root = _start(ROOT, "group", [])
    root.fields = [_choose(f"{ROOT}.joint", _("How many must hold"), JOINTS, "all")]
    root.inner = [_build(where, f"{ROOT}.0", WHERE, form)] if where else []
    root.errors = [] if where else [p.sentence for p in form.problems if p.field.startswith(WHERE)]
    return root


def read_tree(posted: QueryDict, name: str = ROOT) -> Any:
    """What the fields say, as a document has it. A group of one that all must hold is that one."""
    made = _read(posted, name)
    inner = made.get("all") if isinstance(made, dict) and name == ROOT else None
    return inner[0] if isinstance(inner, list) and len(inner) == 1 else made


def change_tree(posted: QueryDict) -> Any:
    """What the fields say after the button `do`: `add:w.1:event` puts a condition into a group, `remove:w.1.0` takes
    one away; a part whose kind was changed begins anew."""
    made = _read(posted, ROOT)
    verb, _colon, rest = posted.get("do", "").partition(":")
    name, _colon, kind = rest.partition(":")
    steps = [int(step) for step in name.split(".")[1:] if step.isdecimal()]
    holder = made
    for step in steps if verb == "add" else steps[:-1]:
        parts = _list_parts(holder)
        if step >= len(parts):
            return made
        holder = parts[step]
    parts = _list_parts(holder)
    if verb == "add" and kind in SAMPLES and len(parts) < PARTS_MAX:
        parts.append(dict(SAMPLES[kind]))
    elif verb == "remove" and steps and steps[-1] < len(parts):
        del parts[steps[-1]]
    return made


def _list_parts(value: Any) -> list[Any]:
    found = next((value[name] for name in JOINTS if name in value), []) if isinstance(value, dict) else []
    return found if isinstance(found, list) else []


# from the document


def _find_kind(value: Any) -> str:
    """`text` for what no fields show."""
    if not isinstance(value, dict):
        return "text"
    joint = next((name for name in JOINTS if name in value), "")
    if joint:
        return "group" if len(value) == 1 and isinstance(value[joint], list) else "text"
    kind = next((name for name in KINDS if name in value), "text")
    return kind if kind != "text" and not value.keys() - _SHOWN[kind] and _fits(kind, value) else "text"


def _fits(kind: str, value: Mapping[str, Any]) -> bool:
    if kind in ("attribute", "field"):
        return sum(name in value for name in OPERATORS) <= 1
    if kind in ("event", "message"):
        told = [name for name in ("first", "last", "sum") if name in value]
        inside = [value[name] for name in ("first", "last") if name in value]
        numbers = sum(name in value for name in COUNT_OPERATORS)
        return len(told) <= 1 and numbers <= 1 and all(isinstance(one, dict) and len(one) <= 1 for one in inside)
    return kind != "random" or isinstance(value["random"], dict)


_COUNTED: Final = frozenset((*COUNT_OPERATORS, "within", "first", "last"))
_SHOWN: Final[Mapping[str, frozenset[str]]] = {
    "attribute": frozenset(("attribute", *OPERATORS)),
    "field": frozenset(("field", *OPERATORS)),
    "event": frozenset(("event", "type", "where", "sum")) | _COUNTED,
    "message": frozenset(("message", "journey", "step", "channel")) | _COUNTED,
    "consent": frozenset(("consent", "channel", "topic")),
    "reachable": frozenset(("reachable",)),
    "segment": frozenset(("segment",)),
    "random": frozenset(("random",)),
}


def _build(value: Any, name: str, path: str, form: Form) -> Part:
    kind = _find_kind(value)
    part = _start(name, kind, [p.sentence for p in form.problems if p.field == path])
    if kind == "group":
        joint = next(one for one in JOINTS if one in value)
        part.fields = [_choose(f"{name}.joint", _("How many must hold"), JOINTS, joint)]
        part.errors += [p.sentence for p in form.problems if p.field == f"{path}.{joint}"]
        part.inner = [_build(one, f"{name}.{n}", f"{path}.{joint}.{n}", form) for n, one in enumerate(value[joint])]
        return part
    if kind == "text":
        part.text = write_document(value).strip()
        part.errors = [p.sentence for p in form.problems if p.field == path or p.field.startswith(f"{path}.")]
        return part
    part.fields = _BUILDERS[kind](value, name, form)
    if kind == "event":
        part.where = FormField(f"{name}.where", _("Only those with"), "", "condition")
        fill_condition(part.where, value.get("where"), {"property": _("Event's")})
    _place_errors(part, path, form)
    return part


def _start(name: str, kind: str, errors: list[str]) -> Part:
    words, icon = KINDS.get(kind, (_("As text"), "file-text"))
    kinds = [(one, str(told), one == kind) for one, (told, _icon) in KINDS.items() if one != "group"]
    return Part(name, kind, icon, str(words), kinds, errors)


def _place_errors(part: Part, path: str, form: Form) -> None:
    """Each mistake beside the field whose place in the document it names, any other at the condition."""
    fields = {one.name.removeprefix(f"{part.name}."): one for one in part.fields}
    for problem in form.problems:
        if not problem.field.startswith(f"{path}."):
            continue
        place = problem.field.removeprefix(f"{path}.").split(".")
        if place[0] == "where" and part.where is not None:
            part.where.error = part.where.error or problem.sentence
            continue
        wanted = _PLACES.get(place[-1], _PLACES.get(place[0], place[0]))
        shown = fields.get(place[-1]) or fields.get(wanted)
        if shown is not None:
            shown.error = shown.error or problem.sentence
        else:
            part.errors.append(problem.sentence)


_PLACES: Final[Mapping[str, str]] = {
    **dict.fromkeys((*OPERATORS, "exists"), "value"),
    **dict.fromkeys(COUNT_OPERATORS, "number"),
    "before": "time",
    "first": "time",
    "last": "time",
    "random": "to",
}


@dataclass(slots=True)
class Choice(FormField):
    """A choice. `redraws`: other fields hang on it, so the form comes anew."""

    redraws: bool = False


def _choose(
    name: str,
    label: str,
    told: Mapping[str, Any] | Sequence[tuple[str, Any]],
    value: object,
    *,
    redraws: bool = False,
) -> FormField:
    """A value that is none of them is offered too, as it is."""
    offered = [(one, str(words)) for one, words in (told.items() if isinstance(told, Mapping) else told)]
    said = "" if value is None else str(value)
    if said not in dict(offered):
        offered.append((said, said or _("choose one")))
    options = [(one, words, one == said) for one, words in offered]
    return Choice(name, label, "", "select", said, options=options, redraws=redraws)


def _write(
    name: str, label: str, value: object, *, options: Sequence[str] = (), short: bool = False, hint: str = ""
) -> FormField:
    made = FormField(name, label, hint, "short" if short else "text", "" if value is None else str(value))
    made.options = [(one, one, False) for one in options]
    return made


def _build_compared(value: Mapping[str, Any], name: str, form: Form) -> list[FormField]:
    row = fill_row(value, "attribute")
    which = (
        _choose(f"{name}.field", _("Which"), FIELDS, row["name"])
        if row["subject"] == "field"
        else _write(f"{name}.attribute", _("Attribute"), row["name"], options=form.attributes)
    )
    made = [which, _choose(f"{name}.operator", _("Comparison"), OPERATORS, row["operator"], redraws=True)]
    if row["operator"] not in ("exists", "missing"):
        made.append(_write(f"{name}.value", _("Value"), row["value"]))
    return made


def _build_event(value: Mapping[str, Any], name: str, form: Form) -> list[FormField]:
    type_ = value.get("type", "track")
    types = [(one, CHOICES[one]) for one in TYPES]
    made = [_choose(f"{name}.type", _("Call"), types, type_, redraws=True)]
    if type_ not in NAMELESS:
        made.append(_write(f"{name}.event", _("Event"), value.get("event"), options=form.around.events))
    return made + _build_measure(value, name, MEASURES)


def _build_message(value: Mapping[str, Any], name: str, form: Form) -> list[FormField]:
    journeys = [("", _("any journey or match")), *form.around.journeys]
    channels = [("", _("any channel")), *form.kinds]
    measures = {one: words for one, words in MEASURES.items() if one != "sum"}
    made = [_choose(f"{name}.message", _("What became of it"), MESSAGE_STATES, value.get("message"), redraws=True)]
    made.append(_choose(f"{name}.journey", _("Of"), journeys, value.get("journey", ""), redraws=True))
    if value.get("journey"):
        made.append(_write(f"{name}.step", _("Step, or any"), value.get("step")))
    made.append(_choose(f"{name}.channel", _("Channel"), channels, value.get("channel", "")))
    return made + _build_measure(value, name, measures)


def _build_measure(value: Mapping[str, Any], name: str, measures: Mapping[str, Promise]) -> list[FormField]:
    measure = next((one for one in ("sum", "first", "last") if one in value), "count")
    made = [_choose(f"{name}.measure", _("What counts"), measures, measure, redraws=True)]
    if measure in ("first", "last"):
        told = value[measure]
        when = "before" if "before" in told else "within"
        made.append(_choose(f"{name}.when", _("When"), WHENS, when))
        made.append(_write(f"{name}.time", _("Time"), told.get(when, ""), short=True, hint="30 d"))
        return made
    if measure == "sum":
        made.append(_write(f"{name}.sum", _("Property"), value["sum"]))
    operator = next((one for one in COUNT_OPERATORS if one in value), "at_least")
    number = value.get(operator, 1 if measure == "count" else "")
    made.append(_choose(f"{name}.operator", _("Comparison"), COUNT_OPERATORS, operator))
    made.append(_write(f"{name}.number", _("Number"), write_scalar(number), short=True))
    made.append(_write(f"{name}.within", _("In the last"), value.get("within"), short=True, hint=_("ever")))
    return made


def _build_consent(value: Mapping[str, Any], name: str, form: Form) -> list[FormField]:
    channels = [("", _("any channel")), *form.kinds]
    return [
        _choose(f"{name}.consent", _("They have"), CONSENTS, value["consent"]),
        _choose(f"{name}.topic", _("To"), TOPICS, value.get("topic", "marketing")),
        _choose(f"{name}.channel", _("On"), channels, value.get("channel", "")),
    ]


def _build_reachable(value: Mapping[str, Any], name: str, form: Form) -> list[FormField]:
    return [_choose(f"{name}.reachable", _("On"), [("any", _("any channel")), *form.kinds], value["reachable"])]


def _build_segment(value: Mapping[str, Any], name: str, form: Form) -> list[FormField]:
    return [_choose(f"{name}.segment", _("Is in"), form.around.segments, value["segment"])]


def _build_random(value: Mapping[str, Any], name: str, form: Form) -> list[FormField]:
    told = value["random"]
    return [
        _write(f"{name}.from", _("From, in per cent"), told.get("from", 0), short=True),
        _write(f"{name}.to", _("To"), told.get("to", ""), short=True),
        _write(f"{name}.salt", _("Salt"), told.get("salt"), hint=_("another one draws anew")),
    ]


_BUILDERS: Final = {
    "attribute": _build_compared,
    "field": _build_compared,
    "event": _build_event,
    "message": _build_message,
    "consent": _build_consent,
    "reachable": _build_reachable,
    "segment": _build_segment,
    "random": _build_random,
}


# from what was posted


_TRACK: Final = ("type", "track")  # need not be said


def _read(posted: QueryDict, name: str) -> Any:
    kind = posted.get(f"{name}.kind", "group" if name == ROOT else "")
    was = posted.get(f"{name}.was", kind)
    if kind == "group":
        joint = posted.get(f"{name}.joint", "all")
        count = posted.get(f"{name}.parts", "0")
        parts = range(min(int(count), PARTS_MAX) if count.isdecimal() and len(count) < 6 else 0)
        return {joint if joint in JOINTS else "all": [_read(posted, f"{name}.{n}") for n in parts]}
    if kind == "text":
        return read_yaml(posted.get(f"{name}.text", "").replace("\r\n", "\n"))
    if kind != was:
        return dict(SAMPLES.get(kind, SAMPLES["attribute"]))

    def told(field_name: str) -> str:
        return posted.get(f"{name}.{field_name}", "").strip()

    match kind:
        case "attribute" | "field":
            return read_row(kind, told(kind), told("operator"), told("value"))
        case "event":
            made = {"event": told("event"), "type": told("type"), "where": read_condition(posted, f"{name}.where")}
            made = {one: value for one, value in made.items() if value is not None and (one, value) != _TRACK}
            return made | _read_measure(posted, name)
        case "message":
            rest = {one: told(one) for one in ("journey", "step", "channel") if told(one)}
            return {"message": told("message"), **rest, **_read_measure(posted, name)}
        case "consent":
            made = {"consent": told("consent"), "channel": told("channel"), "topic": told("topic")}
            return {one: value for one, value in made.items() if value and (one, value) != ("topic", "marketing")}
        case "reachable" | "segment":
            return {kind: told(kind)}
        case "random":
            made = {one: read_scalar(told(one)) for one in ("from", "to") if told(one)}
            return {"random": made | ({"salt": told("salt")} if told("salt") else {})}
        case _:
            return dict(SAMPLES["attribute"])


def _read_measure(posted: QueryDict, name: str) -> dict[str, Any]:
    def told(field_name: str, otherwise: str = "") -> str:
        return posted.get(f"{name}.{field_name}", otherwise).strip()

    measure = told("measure")
    if measure in ("first", "last"):
        return {measure: {told("when") if told("when") in WHENS else "within": told("time", "30 d")}}
    made: dict[str, Any] = {"sum": told("sum")} if measure == "sum" else {}
    operator = told("operator") if told("operator") in COUNT_OPERATORS else "at_least"
    if told("number", "1"):
        made[operator] = read_scalar(told("number", "1"))
    return made | ({"within": told("within")} if told("within") else {})
