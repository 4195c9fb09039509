"""Templates: Liquid compiled once, rendered per contact, with problems that a person can act on (S4).

A template sees `contact.*`, `links.*` and `link` (the chooser's), `workspace.name`, `channels.*` (their names), `now`,
and in a journey `event.*`, `answers.*`, `results.*`, `coupons.*` and `catalogs.*`; what is empty counts as missing.
What a missing variable does is the template's policy: `fail` and `skip` give `Missing` (the gate tells them apart),
`default` renders nothing in its place. `{{ contact.city | default: "your city" }}` and `{% if contact.city %}` are
never missing. `{% abort "reason" %}` sends nothing. `{{ "https://..." | link }}` is a link whose clicks are known.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from liquid import BoundTemplate, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, StringLiteral
from liquid.builtin.tags.for_tag import ForNode
from liquid.exceptions import (
    BlockNestingError,
    ContextDepthError,
    LiquidError,
    LocalNamespaceLimitError,
    LoopIterationLimitError,
    OutputStreamLimitError,
    UndefinedError,
    UnknownFilterError,
)
from liquid.expression import Expression

from tertulia.core.leave import SAMPLE_TOKEN
from tertulia.core.links import WEB, write_sample
from tertulia.core.reasons import gettext_noop
from tertulia.core.render_limits import (
    FILTERS,
    LINKS_MAX,
    SOURCE_CHARACTERS_MAX,
    Aborted,
    BadAddress,
    TooManyLinks,
    Track,
    fill_in,
    lenient_sandbox,
    strict_sandbox,
)
from tertulia.core.web_addresses import read_address

ROOTS: Final = frozenset(
    {
        *("answers", "catalogs", "contact", "coupons", "event", "results", "links", "link", "unsubscribe"),
        *("workspace", "channels", "now", "today"),
    }
)


class OnMissing(StrEnum):
    """A template's policy for a variable without a value (S4)."""

    FAIL = "fail"
    DEFAULT = "default"
    SKIP = "skip"


class ProblemCode(StrEnum):
    """What is wrong with a template."""

    SYNTAX = "syntax"
    UNKNOWN_TAG = "unknown_tag"
    UNKNOWN_FILTER = "unknown_filter"
    UNCLOSED_TAG = "unclosed_tag"
    UNCLOSED_OUTPUT = "unclosed_output"
    SOURCE_TOO_LONG = "source_too_long"
    TOO_DEEP = "too_deep"
    ENDLESS_LOOP = "endless_loop"
    TOO_LARGE = "too_large"
    FILTER_FAILED = "filter_failed"
    BAD_ADDRESS = "bad_address"
    BAD_LINK_NAME = "bad_link_name"
    TOO_MANY_LINKS = "too_many_links"


SENTENCES: Final = {
    ProblemCode.SYNTAX: (
        gettext_noop("This is not understood: %(what)s."),
        gettext_noop("Compare it with the examples beside the editor."),
    ),
    ProblemCode.UNKNOWN_TAG: (
        gettext_noop("There is no tag called “%(what)s”."),
        gettext_noop("Use one of if, unless, case, for, assign, capture, comment and abort."),
    ),
    ProblemCode.UNKNOWN_FILTER: (
        gettext_noop("There is no filter called “%(what)s”."),
        gettext_noop("Correct its name, or take the filter away."),
    ),
    ProblemCode.UNCLOSED_TAG: (
        gettext_noop("The tag “%(what)s” is opened and never closed."),
        gettext_noop("Close it with {%% end%(what)s %%}."),
    ),
    ProblemCode.UNCLOSED_OUTPUT: (
        gettext_noop("A variable or tag is opened and its closing braces are missing."),
        gettext_noop("Close {{ with }} and {%% with %%}."),
    ),
    ProblemCode.SOURCE_TOO_LONG: (
        gettext_noop("The template is longer than %(what)s characters."),
        gettext_noop("Shorten it."),
    ),
    ProblemCode.TOO_DEEP: (
        gettext_noop("The tags are nested too deeply."),
        gettext_noop("Nest fewer conditions and loops in each other."),
    ),
    ProblemCode.ENDLESS_LOOP: (
        gettext_noop("The loop runs too often."),
        gettext_noop("A template may go round a thousand times in all; give the loop a limit."),
    ),
    ProblemCode.TOO_LARGE: (
        gettext_noop("The template makes a text or value that is too large."),
        gettext_noop("Shorten what it puts together."),
    ),
    ProblemCode.FILTER_FAILED: (
        gettext_noop("A filter cannot work with this value: %(what)s."),
        gettext_noop("Correct the filter's arguments."),
    ),
    ProblemCode.BAD_ADDRESS: (
        gettext_noop("“%(what)s” is no web address that a link can lead to."),
        gettext_noop("Write it whole, from https:// on, without blanks."),
    ),
    ProblemCode.BAD_LINK_NAME: (
        gettext_noop("“%(what)s” cannot be the name of a link."),
        gettext_noop("Give one name in quotes, of at most 40 letters, digits, blanks, dots and dashes."),
    ),
    ProblemCode.TOO_MANY_LINKS: (
        gettext_noop("The message has more than %(what)s links."),
        gettext_noop("Take some out."),
    ),
}
"""Code -> (what is wrong, what to do), both for gettext, with `what` as their only parameter."""


class TemplateProblem(Exception):
    """Why a template cannot be used: where (`line` and `column` from 1), a `sentence` and a `fix` in English.

    `message_ids` and `parameters` give the same two for a translator."""

    def __init__(self, code: ProblemCode, line: int, column: int, what: str = "") -> None:
        self.code = code
        self.line = line
        self.column = column
        self.parameters = {"what": what}
        super().__init__(self.sentence)

    @property
    def message_ids(self) -> tuple[str, str]:
        return SENTENCES[self.code]

    @property
    def sentence(self) -> str:
        return self.message_ids[0] % self.parameters

    @property
    def fix(self) -> str:
        return self.message_ids[1] % self.parameters


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template. Compile once and keep: rendering costs a tenth. `roots`: of what it takes its variables."""

    source: str
    strict: BoundTemplate
    lenient: BoundTemplate
    roots: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text to send."""

    text: str


@dataclass(frozen=True, slots=True)
class Abort:
    """The template itself decided not to send."""

    reason: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A variable without a value (S4)."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Broken:
    """The template fails for this contact: an endless loop, a filter that cannot work with the value."""

    problem: TemplateProblem


Outcome = Rendered | Abort | Missing | Broken


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that a template names, and the line where it first does."""

    name: str
    line: int


@lru_cache(maxsize=512)
def compile_template(source: str, escapes: bool = False) -> Template:
    """Compile, or raise TemplateProblem with its place, a sentence and what to do. What compiled is kept. `escapes`:
    the template is HTML, and what its variables hold is shown, not obeyed."""
    if len(source) > SOURCE_CHARACTERS_MAX:
        raise TemplateProblem(ProblemCode.SOURCE_TOO_LONG, 1, 1, str(SOURCE_CHARACTERS_MAX))
    try:
        strict = strict_sandbox(escapes).from_string(source)
        analysis = strict.analyze(include_partials=False)
        for name, spans in analysis.filters.items():
            if name not in FILTERS:
                line, column = spans[0].line_col(source)
                raise TemplateProblem(ProblemCode.UNKNOWN_FILTER, line, column + 1, name)
        _check_links(source, strict, escapes)
        return Template(source, strict, lenient_sandbox(escapes).from_string(source), frozenset(analysis.variables))
    except LiquidError as error:
        raise _read_problem(source, error) from None
    except RecursionError:
        raise TemplateProblem(ProblemCode.TOO_DEEP, 1, 1) from None


def render(
    template: Template,
    facts: Mapping[str, object],
    *,
    now: datetime,
    on_missing: OnMissing = OnMissing.FAIL,
    track: Track | None = None,
) -> Outcome:
    """The text for one contact. `facts` are nested mappings under `ROOTS`; `now` is the contact's local time; `track`
    makes the links whose clicks are known, without it they are plain addresses. Total: whatever the template does, an
    outcome comes back."""
    bound = template.lenient if on_missing is OnMissing.DEFAULT else template.strict
    known = _without_empty({root: facts[root] for root in template.roots if root in facts})
    known |= {"now": now, "today": now}
    try:
        return Rendered(fill_in(bound, known, track))
    except Aborted as abort:
        return Abort(abort.reason)
    except UndefinedError as error:
        return Missing(_read_name(error), _place_of(template.source, error)[0])
    except LiquidError as error:
        return Broken(_read_problem(template.source, error))
    except (ArithmeticError, ValueError, TypeError) as error:
        return Broken(TemplateProblem(ProblemCode.FILTER_FAILED, 1, 1, type(error).__name__))


def render_source(
    source: str,
    facts: Mapping[str, object],
    now: datetime,
    on_missing: OnMissing,
    is_html: bool = False,
    track: Track | None = None,
) -> Outcome:
    """The same of a text that may not compile."""
    try:
        template = compile_template(source, is_html)
    except TemplateProblem as problem:
        return Broken(problem)
    return render(template, facts, now=now, on_missing=on_missing, track=track)


def variables(template: Template) -> tuple[Variable, ...]:
    """What the template takes from its facts, in order: `contact.name`, `links.whatsapp`; not its own assignments."""
    found: dict[str, Variable] = {}
    for uses in template.strict.analyze(include_partials=False).globals.values():
        for use in uses:
            name = str(use)
            line = use.span.line_col(template.source)[0]
            if name not in found or line < found[name].line:
                found[name] = Variable(name, line)
    return tuple(sorted(found.values(), key=lambda v: (v.line, v.name)))


def find_unknown(template: Template, known: frozenset[str]) -> tuple[Variable, ...]:
    """Variables that no contact can have: another root, or a link of an app that is not `known`
    (`links.whatsapp`, ...). Attributes of contacts are not judged."""
    return tuple(
        v
        for v in variables(template)
        if v.name.split(".")[0] not in ROOTS or (v.name.startswith("links.") and v.name not in known)
    )


def sample_links(link_base: str, apps: tuple[str, ...]) -> dict[str, object]:
    """The facts `links` and `link` with codes of the real length, for previews and part counts: every code has
    fourteen symbols of the GSM alphabet, so the worst case is every case. `link_base` ends without a slash."""
    urls = {app: f"{link_base}/l/{write_sample(app)}" for app in ("chooser", *apps)}
    chooser = urls.pop("chooser")
    leave = chooser.replace("/l/", "/u/")
    return {"link": chooser, "links": {"any": chooser, "chooser": chooser, **urls}, "unsubscribe": leave}


def sample_leave(link_base: str) -> dict[str, object]:
    """The fact `unsubscribe` of a journey's message, of the real length on all channels but e-mail, for previews."""
    return {"unsubscribe": f"{link_base}/u/{SAMPLE_TOKEN}"}


def track_sample(link_base: str) -> Track:
    """For previews: a link of the real length that is nobody's. `link_base` ends without a slash."""
    return lambda _address, _name: f"{link_base}/l/{write_sample(WEB)}"


def count_links(template: Template) -> int:
    """How many links with a code of their own a text may come to; of a text with a loop as many as one may have."""
    context = RenderContext(template.strict)
    nodes = list(_iter_nodes(template.strict.nodes, context))
    if not (found := sum(1 for _ in _iter_links(nodes))):
        return 0
    return LINKS_MAX if any(isinstance(node, ForNode) for node in nodes) else min(found, LINKS_MAX)


_LINK_NAME: Final = re.compile(r"[\w .-]{1,40}")


def _check_links(source: str, strict: BoundTemplate, escapes: bool) -> None:
    """Every address that stands in the text itself, and every link's name. Raises TemplateProblem."""
    nodes = _iter_nodes(strict.nodes, RenderContext(strict))
    for expression, place in _iter_links(nodes):
        use = (expression.filters or [])[place]
        names = [argument.value for argument in use.args]
        told = ", ".join(map(str, use.args))
        good = all(isinstance(name, StringLiteral) and _LINK_NAME.fullmatch(name.value) for name in names)
        if not good or len(names) > 1:
            raise TemplateProblem(ProblemCode.BAD_LINK_NAME, *_place_at(source, use.token.start_index), told)
        if place == 0 and isinstance(expression.left, StringLiteral):
            address = expression.left.value.strip()
            if not read_address(address.replace("&amp;", "&") if escapes else address):
                at = _place_at(source, expression.left.token.start_index)
                raise TemplateProblem(ProblemCode.BAD_ADDRESS, *at, address)


def _iter_links(nodes: Iterable[Node]) -> Iterator[tuple[FilteredExpression, int]]:
    """Every use of the filter `link`: the expression, and which of its filters that is."""
    for node in nodes:
        for expression in _iter_expressions(node.expressions()):
            if isinstance(expression, FilteredExpression):
                for place, use in enumerate(expression.filters or ()):
                    if use.name == "link":
                        yield expression, place


def _iter_nodes(nodes: Iterable[Node], context: RenderContext) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _iter_nodes(node.children(context, include_partials=False), context)


def _iter_expressions(expressions: Iterable[Expression]) -> Iterator[Expression]:
    for expression in expressions:
        yield expression
        yield from _iter_expressions(expression.children())


def _place_at(source: str, index: int) -> tuple[int, int]:
    """Line and column from 1."""
    before = source[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1


def _without_empty(facts: Mapping[str, object]) -> dict[str, Any]:
    """The facts less what has no value, so that an empty name is a missing name."""
    return {
        key: _without_empty(value) if isinstance(value, Mapping) else value
        for key, value in facts.items()
        if value is not None and value != ""
    }


def _read_name(error: UndefinedError) -> str:
    return str(error.message).removesuffix(" is undefined").strip("'")


def _place_of(source: str, error: LiquidError) -> tuple[int, int]:
    """Line and column from 1; the first of the template where Liquid does not say."""
    try:
        context = error.context()
    except ValueError:  # at the very end
        return source.count("\n") + 1, 1
    return (context[0], context[1] + 1) if context else (1, 1)


def _read_problem(source: str, error: LiquidError) -> TemplateProblem:
    line, column = _place_of(source, error)
    message = str(error.message)
    match error:
        case BadAddress():
            return TemplateProblem(ProblemCode.BAD_ADDRESS, line, column, message)
        case TooManyLinks():
            return TemplateProblem(ProblemCode.TOO_MANY_LINKS, line, column, str(LINKS_MAX))
        case LoopIterationLimitError():
            return TemplateProblem(ProblemCode.ENDLESS_LOOP, line, column)
        case OutputStreamLimitError() | LocalNamespaceLimitError():
            return TemplateProblem(ProblemCode.TOO_LARGE, line, column)
        case ContextDepthError() | BlockNestingError():
            return TemplateProblem(ProblemCode.TOO_DEEP, line, column)
        case UnknownFilterError():
            return TemplateProblem(ProblemCode.UNKNOWN_FILTER, line, column, message.split("'")[1])
    if message.startswith(("unexpected tag '", "missing tag '")):
        return TemplateProblem(ProblemCode.UNKNOWN_TAG, line, column, message.split("'")[1])
    if message.startswith("expected tag end"):
        return _read_unclosed(source, message.removeprefix("expected tag end").split(",")[0])
    if "found end of file" in message:
        return TemplateProblem(ProblemCode.UNCLOSED_OUTPUT, line, column)
    code = ProblemCode.FILTER_FAILED if "Filter" in type(error).__name__ else ProblemCode.SYNTAX
    return TemplateProblem(code, line, column, message)


def _read_unclosed(source: str, tag: str) -> TemplateProblem:
    """Liquid names the tag, not its place: the last one of that name that is opened."""
    at = max(source.rfind(f"{{% {tag}"), source.rfind(f"{{%- {tag}"), source.rfind(f"{{%{tag}"), 0)
    line = source.count("\n", 0, at) + 1
    return TemplateProblem(ProblemCode.UNCLOSED_TAG, line, at - (source.rfind("\n", 0, at) + 1) + 1, tag)
