"""Forms that follow from a document's types: every field of a step, an entry or an exception, with its words.

`build` makes the fields of a struct for the values of the draft, right or wrong; `read` makes values of what was
posted. What a form cannot show (a condition inside a condition) is shown as text. Lists of steps are no fields: they
are changed in the graph.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from msgspec import inspect

from tertulia.actions.problems import Problem
from tertulia.console.journeys.words import CHOICES, FIELDS, OPERATORS, OPERATORS_TO_CHOOSE, SUBJECTS, name_choice
from tertulia.core.conditions import Condition
from tertulia.core.journeys import Reentry
from tertulia.documents.edit import write_document
from tertulia.documents.lines import BadDocument, read_lines

KEPT: Final = ("id", "kind")  # not changed by a form
ROWS_SPARE: Final = 1
CHANNELS_MAX: Final = 4


@dataclass(slots=True)
class FormField:
    """One field as the page draws it. `name` is what is posted; `inner` the fields of a group, `items` those of a
    list's entries (the last one is empty, for another), `rows` a condition's."""

    name: str
    label: str
    help: str
    widget: str
    value: Any = ""
    error: str = ""
    options: list[tuple[str, str, bool]] = field(default_factory=list)
    inner: "list[FormField]" = field(default_factory=list)
    items: "list[list[FormField]]" = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Around:
    """What the forms offer: the workspace's channels, the names of events that came, and its journeys, published
    templates and segments, endpoints, and pools of coupons by their keys, and files by their addresses."""

    channels: Sequence[tuple[str, str]] = ()
    events: Sequence[str] = ()
    journeys: Sequence[tuple[str, str]] = ()
    templates: Sequence[tuple[str, str]] = ()
    segments: Sequence[tuple[str, str]] = ()
    endpoints: Sequence[tuple[str, str]] = ()
    pools: Sequence[tuple[str, str]] = ()
    files: Sequence[tuple[str, str]] = ()


def build(
    kind: type,
    value: Any,
    prefix: str,
    path: str,
    problems: Sequence[Problem],
    around: Around,
    *,
    leave: Sequence[str] = (),
) -> list[FormField]:
    """The fields of a struct. `path` leads to it in the document, where the `problems` are."""
    raw = value if isinstance(value, dict) else {}
    made = []
    for told in _list_fields(kind):
        if told.encode_name in (*KEPT, *leave):
            continue
        made_field = _build_field(
            told, raw.get(told.encode_name), f"{prefix}{told.encode_name}", path, problems, around
        )
        if made_field is not None:
            made.append(made_field)
    return made


def _build_field(
    told: inspect.Field, value: Any, name: str, path: str, problems: Sequence[Problem], around: Around
) -> FormField | None:
    inner, meta, extra = _unwrap(told.type)
    widget = _choose_widget(inner, extra.get("x-widget", ""), value)
    if not widget:
        return None
    here = f"{path}.{told.encode_name}" if path else told.encode_name
    made = FormField(name, _(meta.get("title", told.encode_name)), _told(meta), widget)
    made.error = next((p.sentence for p in problems if p.field == here or _belongs(p.field, here, widget)), "")
    _fill(made, inner, value, here, problems, around, default=_default(told))
    return made


def _told(meta: Mapping[str, Any]) -> str:
    return _(meta["description"]) if meta.get("description") else ""


def _belongs(found: str, here: str, widget: str) -> bool:
    """A mistake inside a field that shows no fields of its own."""
    return widget not in ("group", "list") and found.startswith(f"{here}.")


def _fill(
    made: FormField, inner: Any, value: Any, here: str, problems: Sequence[Problem], around: Around, *, default: Any
) -> None:
    match made.widget:
        case "select":
            chosen = default if value is None else value
            empty = [("", _("not said"), not chosen)] if default is None else []
            made.options = empty + [(one, name_choice(one), one == chosen) for one in _choices(inner)]
        case "several":
            several = value if isinstance(value, list) else []
            made.options = [(one, name_choice(one), one in several) for one in _choices(inner.item_type)]
        case "channels":
            ways = [str(one) for one in value] if isinstance(value, list) else []
            known = [*around.channels, *((name, name) for name in ways if name not in dict(around.channels))]
            made.rows = [
                {"options": [(name, label, name == one) for name, label in known]}
                for one in [*ways, *[""] * max(CHANNELS_MAX - len(ways), 1)]
            ]
        case "channel":
            _fill_choice(made, value, _("any channel"), around.channels)
        case "message_template":
            _fill_choice(made, value, _("none: the text above"), around.templates)
        case "coupon_pool":
            _fill_choice(made, value, _("none yet"), around.pools)
        case "lines":
            lines = value if isinstance(value, list) else []
            made.value = "\n".join(map(str, lines))
        case "endpoint":
            _fill_choice(made, value, _("Choose an endpoint"), around.endpoints)
        case "journey" | "segment":
            made.value = "" if value is None else str(value)
            offered = around.journeys if made.widget == "journey" else around.segments
            made.options = [(key, name, False) for key, name in offered]
            made.widget = "event"
        case "event" | "file":
            made.value = "" if value is None else str(value)
            told = around.files if made.widget == "file" else [(name, name) for name in around.events]
            made.options, made.widget = [(one, name, False) for one, name in told], "event"
        case "condition" | "branch_condition" | "contact_condition":
            fill_condition(made, value, _pick_subjects(made.widget))
            made.widget = "condition"
        case "reentry":
            made.value = {"mode": "after" if isinstance(value, dict) else value or "always"}
            made.value |= value if isinstance(value, dict) else {"after": "7 d", "from": "entry"}
        case "group":
            made.inner = build(_struct_of(inner), value, f"{made.name}.", here, problems, around)
        case "list":
            kind = _struct_of(inner.item_type)
            entries = value if isinstance(value, list) else []
            made.items = [
                build(kind, entry, f"{made.name}.{n}.", f"{here}.{n}", problems, around)
                for n, entry in enumerate([*entries, {}])
            ]
        case "yaml":
            made.value = "" if value is None else write_document(value).strip()
        case "check":
            made.value = value is True
        case _:
            made.value = "" if value is None else str(value)


def _pick_subjects(widget: str) -> Mapping[str, Promise]:
    """What may be compared: in a branch also what calls saved, of a contact alone only what is theirs."""
    if widget == "branch_condition":
        return SUBJECTS
    if widget == "contact_condition":
        return {name: SUBJECTS[name] for name in ("attribute", "field")} | {"segment": _("In the segment")}
    return {name: word for name, word in SUBJECTS.items() if name != "result"}


def _fill_choice(made: FormField, value: Any, none: str, offered: Sequence[tuple[str, str]]) -> None:
    """One of these, or none; what is chosen and not offered stays."""
    said = "" if value is None else str(value)
    others = [] if said in ("", *dict(offered)) else [(said, said)]
    made.widget = "select"
    made.options = [(name, label, name == said) for name, label in [("", none), *offered, *others]]


def read(kind: type, posted: QueryDict, prefix: str, before: Any, *, leave: Sequence[str] = ()) -> dict[str, Any]:
    """The values of a struct as they were posted; what no field shows stays as it was."""
    old = before if isinstance(before, dict) else {}
    made = {name: value for name, value in old.items() if name in KEPT}
    for told in _list_fields(kind):
        name = told.encode_name
        if name in KEPT:
            continue
        inner, _meta, extra = _unwrap(told.type)
        widget = _choose_widget(inner, extra.get("x-widget", ""), old.get(name))
        if not widget or name in leave:
            if name in old:
                made[name] = old[name]
            continue
        value = _read_field(widget, inner, posted, f"{prefix}{name}", old.get(name))
        if (told.required and value is not None) or value not in (None, "", [], {}, _default(told)):
            made[name] = value
    return made | {name: value for name, value in old.items() if name not in made and name not in _names(kind)}


def _read_field(widget: str, inner: Any, posted: QueryDict, name: str, before: Any) -> Any:
    text = posted.get(name, "").replace("\r\n", "\n")
    match widget:
        case "several":
            return posted.getlist(name)
        case "channels":
            return list(dict.fromkeys(one for one in posted.getlist(name) if one))
        case "lines":
            return [line.strip() for line in text.split("\n") if line.strip()]
        case "condition" | "contact_condition" | "branch_condition":
            return read_condition(posted, name)
        case "reentry":
            if posted.get(f"{name}.mode") != "after":
                return posted.get(f"{name}.mode", "always")
            return {"after": posted.get(f"{name}.after", ""), "from": posted.get(f"{name}.from", "entry")}
        case "group":
            made = read(_struct_of(inner), posted, f"{name}.", before)
            return made if any(value not in ("", None) for value in made.values()) else None
        case "list":
            return _read_list(_struct_of(inner.item_type), posted, name, before)
        case "yaml":
            return read_yaml(text)
        case "check":
            return True if name in posted else None
        case "number":
            return int(text) if text.strip().lstrip("-").isdecimal() else text.strip() or None
        case "amount":
            value = read_scalar(text.strip().replace(",", "."))
            return value if value != "" else None
        case "template":
            return text.rstrip()
        case _:
            return text.strip()


def _read_list(kind: type, posted: QueryDict, name: str, before: Any) -> list[Any]:
    """Entries of which anything was filled in; one that is to be taken away has its box ticked."""
    entries = before if isinstance(before, list) else []
    made = []
    for n in range(len(entries) + 1):
        old = entries[n] if n < len(entries) else {}
        entry = read(kind, posted, f"{name}.{n}.", old)
        if f"{name}.{n}.-" not in posted and any(value for value in entry.values()):
            made.append(entry)
    return made


def read_yaml(text: str) -> Any:
    """A value that was written as text; the text itself where it cannot be read, which is then told as a mistake."""
    try:
        return read_lines(text).value if text.strip() else None
    except BadDocument:
        return text


# conditions


def fill_condition(made: FormField, value: Any, subjects: Mapping[str, Any]) -> None:
    """Of the `subjects`. Comparisons that all or any hold are rows; anything else is text."""
    mode, parts = "all", []
    if isinstance(value, dict):
        group = next((name for name in ("all", "any") if name in value), "")  # `none` of a segment is a row
        parts = value[group] if group and isinstance(value[group], list) else [value]
        mode = group or "all"
        if not all(_is_comparison(part) for part in parts):
            made.value = {"mode": "text", "text": write_document(value).strip()}
            return
    made.value = {"mode": mode, "text": ""}
    made.rows = [fill_row(part, next(iter(subjects))) for part in [*parts, *[{}] * ROWS_SPARE]]
    for row in made.rows:
        row["subjects"] = [(name, str(word), name == row["subject"]) for name, word in subjects.items()]
        row["operators"] = [(name, str(word), name == row["operator"]) for name, word in OPERATORS_TO_CHOOSE.items()]
    made.options = [(name, str(word), False) for name, word in FIELDS.items()]


def _is_comparison(part: Any) -> bool:
    if _read_segment(part) is not None:
        return True
    return isinstance(part, dict) and len(part) == 2 and len(part.keys() & SUBJECTS.keys()) == 1


def _read_segment(part: Any) -> tuple[str, str] | None:
    """The key of the segment that a part says the customer is in, or is not, with the operator; None of others."""
    match part:
        case {"segment": str() as key} if len(part) == 1:
            return key, "is"
        case {"none": [{"segment": str() as key} as inner]} if len(part) == len(inner) == 1:
            return key, "is_not"
    return None


def fill_row(part: Mapping[str, Any], first: str) -> dict[str, Any]:
    """What the fields of one comparison hold. `first`: whose, where it says nothing yet."""
    if (named := _read_segment(part)) is not None:
        return {"subject": "segment", "name": named[0], "operator": named[1], "value": ""}
    subject = next((name for name in SUBJECTS if name in part), first)
    operator = next((name for name in OPERATORS if name in part), "is")
    value = part.get(operator, "")
    if operator == "exists":
        operator, value = ("exists" if value else "missing"), ""
    told = ", ".join(map(write_scalar, value)) if isinstance(value, list) else write_scalar(value)
    return {"subject": subject, "name": part.get(subject, ""), "operator": operator, "value": told}


def write_scalar(value: Any) -> str:
    """A value as it is typed: a text that would be read as something else is quoted."""
    if isinstance(value, str):
        return f'"{value}"' if value and read_scalar(value) != value else value
    return write_document(value).split("\n")[0]


def read_condition(posted: QueryDict, name: str) -> Any:
    """What the fields of a condition say; None for nothing."""
    if posted.get(f"{name}.mode") == "text":
        return read_yaml(posted.get(f"{name}.text", "").replace("\r\n", "\n"))
    columns = ("subject", "name", "operator", "value")
    rows = zip(*(posted.getlist(f"{name}.{column}") for column in columns), strict=False)
    parts = [read_row(*row) for row in rows if row[1].strip()]
    if not parts:
        return None
    mode = "any" if posted.get(f"{name}.mode") == "any" else "all"
    return parts[0] if len(parts) == 1 and mode == "all" else {mode: parts}


def read_row(subject: str, name: str, operator: str, value: str) -> dict[str, Any]:
    """The comparison that its fields say."""
    if subject == "segment":
        there = {"segment": name.strip()}
        return {"none": [there]} if operator in ("is_not", "not_in", "missing") else there
    made: dict[str, Any] = {subject if subject in SUBJECTS else "property": name.strip()}
    if operator in ("exists", "missing"):
        made["exists"] = operator == "exists"
    elif operator in ("in", "not_in"):
        made[operator] = [read_scalar(part.strip()) for part in value.split(",") if part.strip()]
    else:
        made[operator if operator in OPERATORS else "is"] = read_scalar(value.strip())
    return made


def read_scalar(text: str) -> Any:
    """A number and true or false as such; in quotes, and anything else, a text."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    try:
        number = float(text)
    except ValueError:
        return text
    if number - number != 0 or text.strip("+-0123456789.eE"):
        return text
    return int(number) if number.is_integer() and "." not in text else number


# types


def _list_fields(kind: type) -> Sequence[inspect.Field]:
    told = inspect.type_info(kind)
    assert isinstance(told, inspect.StructType)
    last = (*getattr(kind, "SELDOM", ()), "name")
    own = [one for one in told.fields if one.encode_name not in last]
    rest = [one for one in told.fields if one.encode_name in last]
    return [*own, *sorted(rest, key=lambda one: last.index(one.encode_name))] if "kind" in _all(told) else told.fields


def _all(told: inspect.StructType) -> set[str]:
    return {one.encode_name for one in told.fields}


def _names(kind: type) -> set[str]:
    told = inspect.type_info(kind)
    assert isinstance(told, inspect.StructType)
    return _all(told)


def _unwrap(told: inspect.Type) -> tuple[Any, Mapping[str, Any], Mapping[str, Any]]:
    """The type itself, without None where that is only left out, and what is said of it."""
    schema: Mapping[str, Any] = {}
    if isinstance(told, inspect.Metadata):
        schema, told = told.extra_json_schema or {}, told.type
    if isinstance(told, inspect.UnionType):
        rest = [one for one in told.types if not isinstance(one, inspect.NoneType)]
        if len(rest) == 1:
            return _unwrap(rest[0])[0], schema, schema
    return told, schema, schema


def _choose_widget(inner: Any, said: str, value: Any) -> str:
    """Empty for what is no field: a list of steps."""
    if said:
        return said
    match inner:
        case inspect.LiteralType():
            return "select"
        case inspect.StructType() if inner.cls is Condition:
            return "condition"
        case inspect.StructType():
            return "group"
        case inspect.UnionType() if any(isinstance(t, inspect.StructType) and t.cls is Reentry for t in inner.types):
            return "reentry"
        case inspect.VarTupleType(item_type=inspect.AnyType()):
            return ""
        case inspect.VarTupleType(item_type=inspect.StructType()):
            return "list"
        case inspect.VarTupleType(item_type=inspect.LiteralType()):
            return "several"
        case inspect.IntType():
            return "number"
        case inspect.FloatType():
            return "amount"
        case inspect.BoolType():
            return "check"
        case inspect.DateTimeType():
            return "instant"
        case inspect.DateType():
            return "date"
        case inspect.StrType():
            return "text"
        case _:
            return "yaml"


def _choices(inner: Any) -> list[Any]:
    """In the order in which they are explained."""
    order = list(CHOICES)
    return sorted(inner.values, key=lambda one: order.index(one) if one in order else len(order))


def _default(told: inspect.Field) -> Any:
    return None if told.required else told.default


def _struct_of(inner: Any) -> type[msgspec.Struct]:
    found: type[msgspec.Struct] = inner.cls
    return found
