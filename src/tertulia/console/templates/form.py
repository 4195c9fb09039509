"""A template's form: drawn from its draft's text, and written back into that text, part by part.

What others wrote around a part (comments, a field that the form does not show) stays. A draft is shown and kept right
or wrong; only a text that is no document at all has no form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import get_language_info

from tertulia.actions.problems import Problem, read_problem
from tertulia.core.language_names import find_language, name_language
from tertulia.core.render import TemplateProblem, compile_template
from tertulia.core.templates import TEXTS
from tertulia.documents.edit import remove_part, replace_part
from tertulia.documents.lines import read_lines

HEAD: Final = ("name", "default", "on_missing", "note")
LINES_MIN: Final = 3
LEFT_OUT: Final = {"on_missing": "fail", "note": ""}  # what need not be written


@dataclass(frozen=True, slots=True)
class TextField:
    """One text of a variant, and what is wrong with it, by its own lines."""

    name: str
    value: str
    problem: Problem | None = None

    @property
    def lines(self) -> int:
        """How many the field has room for."""
        return max(LINES_MIN, self.value.count("\n") + 1)


@dataclass(frozen=True, slots=True)
class VariantForm:
    """One variant as the page draws it. `number` is its place in what is posted."""

    number: int
    tag: str
    title: str
    direction: str
    is_default: bool
    fields: Mapping[str, TextField]
    problems: tuple[Problem, ...] = ()

    @property
    def has_mail(self) -> bool:
        """Whether it says anything for e-mails, right or wrong."""
        return any(self.fields[name].value or self.fields[name].problem for name in ("subject", "html"))


def read_value(text: str) -> dict[str, Any]:
    """The draft's value. Raises BadDocument for what is no document, and TypeError for what has no fields."""
    value = read_lines(text).value
    if not isinstance(value, dict):
        raise TypeError("no group of fields")
    return value


def list_variants(value: Mapping[str, Any], problems: Sequence[Problem]) -> list[VariantForm]:
    """The draft's variants in their order."""
    variants = value.get("variants")
    items = variants.items() if isinstance(variants, dict) else ()
    return [
        _make_variant(number, tag, raw, value.get("default") == tag, problems)
        for number, (tag, raw) in enumerate(items, 1)
    ]


def write_form(text: str, posted: QueryDict) -> str:
    """The draft's text with what was posted. Raises BadDocument and TypeError as `read_value`."""
    before = read_value(text)
    for name in HEAD:
        if name in posted:
            text = _put(text, (name,), before.get(name), posted[name].strip(), LEFT_OUT.get(name))
    variants = before.get("variants")
    known = variants if isinstance(variants, dict) else {}
    for number, tag in enumerate(known, 1):
        raw = known[tag] if isinstance(known[tag], dict) else {}
        if posted.get(f"tag.{number}") != tag:
            continue  # somebody else added or took away a language meanwhile
        fields = {name: _read_text(posted, f"{name}.{number}") for name in TEXTS}
        if raw != known[tag]:
            text = replace_part(text, ("variants", tag), {name: told for name, told in fields.items() if told})
            continue
        for name, told in fields.items():
            if told is not None:
                left_out = None if name == "text" else ""
                text = _put(text, ("variants", tag, name), raw.get(name), told, left_out)
    return text


def add_variant(text: str, said: str) -> str:
    """With another language, given by its tag or name, empty as yet. Raises ValueError for what is none, and for one
    that is there."""
    tag = find_language(said)
    variants = read_value(text).get("variants")
    known = variants if isinstance(variants, dict) else {}
    if not tag or tag in known:
        raise ValueError(tag)
    path, part = (("variants", tag), {"text": ""}) if known else (("variants",), {tag: {"text": ""}})
    return replace_part(text, path, part)


def drop_variant(text: str, tag: str) -> str:
    """Without a language. Raises LookupError where there is none of that tag."""
    return remove_part(text, ("variants", tag))


def find_direction(tag: str) -> str:
    """Which way a language is written."""
    try:
        return "rtl" if get_language_info(tag.lower())["bidi"] else "ltr"
    except KeyError:
        return "ltr"


def _make_variant(number: int, tag: str, raw: Any, is_default: bool, problems: Sequence[Problem]) -> VariantForm:
    values = raw if isinstance(raw, dict) else {}
    here = f"variants.{tag}"
    fields = {}
    for name in TEXTS:
        told = values.get(name)
        value = told.rstrip() if isinstance(told, str) else ""
        found = [problem for problem in problems if problem.field == f"{here}.{name}"]
        fields[name] = TextField(name, value, _find_problem(value, found, f"{here}.{name}"))
    known = {f"{here}.{name}" for name in TEXTS}
    others = tuple(p for p in problems if (p.field == here or p.field.startswith(f"{here}.")) and p.field not in known)
    return VariantForm(number, tag, name_language(tag), find_direction(tag), is_default, fields, others)


def _find_problem(value: str, found: Sequence[Problem], field: str) -> Problem | None:
    """What is wrong with a text, by its own lines where that is Liquid's."""
    try:
        compile_template(value)
    except TemplateProblem as problem:
        return read_problem(problem, field)
    return Problem(found[0].code, found[0].sentence, field) if found else None


def _put(text: str, path: tuple[str, ...], before: Any, value: str, left_out: str | None) -> str:
    """Write a value where it is another one than before, but for the line's end that YAML puts after a long text."""
    if value == (before.rstrip() if isinstance(before, str) else before) or (before is None and value == left_out):
        return text
    return remove_part(text, path) if value == left_out else replace_part(text, path, value)


def _read_text(posted: QueryDict, name: str) -> str | None:
    return posted[name].replace("\r\n", "\n").rstrip() if name in posted else None
