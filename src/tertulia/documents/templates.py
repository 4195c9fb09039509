"""Templates as documents: read, and checked with everything that is wrong in them named by line and column."""

from collections.abc import Iterator
from typing import Any

import msgspec

from tertulia.core.language_names import find_language
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.render import TemplateProblem, compile_template, find_unknown
from tertulia.core.templates import TEXTS, VARIANTS_MAX, Template, Variant
from tertulia.documents.fields import convert
from tertulia.documents.journeys import NAME_CHARACTERS_MAX
from tertulia.documents.lines import BadDocument, Path, Place, Problem, Written, read_lines
from tertulia.documents.texts import check_liquid, place_line


def read_template(text: str) -> Template:
    """A template that was found valid before. Raises BadDocument for what is none."""
    written = read_lines(text)
    found = convert(written, written.value, Template, ())
    if isinstance(found, Problem):
        raise BadDocument([found])
    return found


def check_template(text: str) -> Template:
    """The template, or BadDocument with everything that is wrong with it, in the order of its lines."""
    written = read_lines(text)
    if not isinstance(written.value, dict):
        message = _("A template begins with its name: write name, default and variants.")
        raise BadDocument([Problem(Place(1, 1), (), message)])
    template = convert(written, written.value, Template, ())
    problems = [template] if isinstance(template, Problem) else list(_check_head(written, template))
    variants = written.value.get("variants")
    for tag, raw in variants.items() if isinstance(variants, dict) else ():
        problems += _check_variant(written, raw, tag)
    if problems or isinstance(template, Problem):
        unique = {(p.place.line, p.place.column, p.message): p for p in problems}
        raise BadDocument([unique[key] for key in sorted(unique)])
    return template


def _check_head(written: Written, template: Template) -> Iterator[Problem]:
    """Its name, and a variant for everybody."""

    def problem(path: Path, message: str, **parameters: str) -> Problem:
        return Problem(written.find(path), path, message, parameters)

    if not 0 < len(template.name.strip()) <= NAME_CHARACTERS_MAX:
        yield problem(("name",), _("Give the template a name of at most 200 characters."))
    if not template.variants:
        yield problem(("variants",), _("Give at least one variant: a language, such as en, with its text."))
    elif template.default not in template.variants:
        message = _("No variant is called “%(tag)s”. There are: %(known)s.")
        yield problem(("default",), message, tag=template.default, known=", ".join(template.variants))
    if len(template.variants) > VARIANTS_MAX:
        yield problem(("variants",), _("Give at most %(most)s variants."), most=str(VARIANTS_MAX))


def _check_variant(written: Written, raw: Any, tag: str) -> Iterator[Problem]:
    """Its language, and texts that can be rendered."""
    path: Path = ("variants", tag)
    if (language := find_language(tag)) != tag:
        message = _("Write the language as %(tag)s.") if language else _("Give a language such as en, pt-BR or ar.")
        yield Problem(written.find(path), path, message, {"tag": language} if language else {})
    variant = convert(written, raw, Variant, path)
    if isinstance(variant, Problem):
        yield variant
        return
    if not variant.text.strip():
        yield Problem(written.find((*path, "text")), (*path, "text"), _("Give the text of the message."))
    for name in TEXTS:
        yield from _check_text(written, (*path, name), getattr(variant, name), is_html=name == "html")


def _check_text(written: Written, path: Path, text: str, *, is_html: bool) -> Iterator[Problem]:
    """It compiles, and names nothing that no contact can have."""
    yield from check_liquid(written, path, text, is_html)
    try:
        unknown = find_unknown(compile_template(text, is_html), frozenset(_LINKS))
    except TemplateProblem:
        return
    for variable in unknown:
        place, told = place_line(written, path, variable.line), {"name": variable.name}
        yield Problem(place, path, _("There is nothing called “%(name)s”."), told)


_LINKS = ("links.any", "links.chooser")


def write_schema() -> dict[str, Any]:
    """The JSON Schema of a template's document."""
    (schema,), defs = msgspec.json.schema_components([Template], ref_template="#/$defs/{name}")
    defs["Template"]["properties"]["variants"]["minProperties"] = 1
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Template", **schema, "$defs": defs}
