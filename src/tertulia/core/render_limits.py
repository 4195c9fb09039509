"""The Liquid that templates may use: a sandbox without files, clock or chance, and with limits.

Only the tags and filters named here exist; nothing can be included. Nested loops run a thousand times in all, a text or
value grows to 20,000 characters, numbers to 30 digits, and all filters together go over two million characters, which
is this module's time limit; what goes beyond ends with an error of Liquid's own. Filters are checked *before* they
build a long text where their arguments tell its length.

The filter `link` is ours: it makes of a web address a link whose clicks are known, by whatever `track` it is given for
one rendering; without one the address stands as it is.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import cache, wraps
from typing import Any, Final, TextIO

from liquid import BoundTemplate, Environment, Mode, RenderContext, Tag, TokenStream, Undefined
from liquid.ast import Node
from liquid.builtin.expressions import StringLiteral, parse_primitive
from liquid.builtin.tags.for_tag import ForNode, ForTag
from liquid.exceptions import (
    FilterArgumentError,
    LiquidSyntaxError,
    LoopIterationLimitError,
    OutputStreamLimitError,
)
from liquid.filter import with_context
from liquid.output import LimitedStringIO
from liquid.token import TOKEN_EOF, TOKEN_TAG, Token
from liquid.undefined import FalsyStrictUndefined
from markupsafe import Markup

from tertulia.core.web_addresses import read_address

SOURCE_CHARACTERS_MAX: Final = 10_000
TEXT_CHARACTERS_MAX: Final = 20_000
LIST_ITEMS_MAX: Final = 1_000
LOOP_ITERATIONS_MAX: Final = 1_000
NAMESPACE_BYTES_MAX: Final = 200_000
NUMBER_MAX: Final = 10**30
WORK_CHARACTERS_MAX: Final = 2_000_000  # that all filters of one rendering may go over: a tenth of a second
NESTING_MAX: Final = 20
LINKS_MAX: Final = 50  # of one message

Track = Callable[[str, str], str]
"""What stands in the text for a web address and the name that its link is given, which may be empty. Raises
TooManyLinks."""

TAGS: Final = frozenset(
    {
        *("#", "abort", "assign", "break", "capture", "case", "comment", "continue", "cycle", "decrement"),
        *("doc", "echo", "for", "if", "ifchanged", "increment", "liquid", "content", "output", "illegal"),
        "unless",
    }
)
FILTERS: Final = frozenset(
    {
        *("abs", "append", "at_least", "at_most", "capitalize", "ceil", "compact", "concat", "date", "default"),
        *("divided_by", "downcase", "escape", "escape_once", "find", "find_index", "first", "floor", "has"),
        *("join", "last", "link", "lstrip", "map", "minus", "modulo", "newline_to_br", "plus", "prepend", "reject"),
        *("remove", "remove_first", "remove_last", "replace", "replace_first", "replace_last", "reverse"),
        *("round", "rstrip", "size", "slice", "sort", "sort_natural", "split", "squish", "strip"),
        *("strip_newlines", "sum", "times", "truncate", "truncatewords", "uniq", "upcase", "url_decode"),
        *("url_encode", "where"),
    }
)
_DATE_FORMAT: Final = re.compile(r"(?:[^%]|%[-^_]?[a-zA-Z%]){0,200}")


class Aborted(Exception):
    """`{% abort "reason" %}`: this message is not to be sent, by the template's own decision."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadAddress(FilterArgumentError):
    """What the filter `link` was given leads nowhere on the web."""


class TooManyLinks(FilterArgumentError):
    """A message has more links than one may have."""


class Absent(FalsyStrictUndefined):
    """A variable without a value: false in conditions, replaced by the filter `default`, an error when printed."""

    __slots__ = ()
    force_liquid_default = True


class AbortNode(Node):
    """The parsed tag."""

    __slots__ = ("reason",)

    def __init__(self, token: Token, reason: str) -> None:
        super().__init__(token)
        self.reason = reason
        self.blank = False

    def __str__(self) -> str:
        return f'{{% abort "{self.reason}" %}}'

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        raise Aborted(self.reason)


class AbortTag(Tag):
    """`{% abort %}` or `{% abort "a reason for the ledger" %}`."""

    name = "abort"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        if stream.current.kind == TOKEN_EOF or stream.current.kind != "expression":
            return AbortNode(token, "")
        inner = stream.into_inner(tag=token, eat=False)
        reason = parse_primitive(self.env, inner)
        inner.expect_eos()
        if not isinstance(reason, StringLiteral):
            raise LiquidSyntaxError("abort takes a text in quotes", token=token)
        return AbortNode(token, reason.value)


class BoundedForNode(ForNode):
    """A loop over a range is measured before Liquid turns it round or slices it, which takes memory."""

    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        over = self.expression.iterable.evaluate(context)
        if isinstance(over, range) and over.stop - over.start > LOOP_ITERATIONS_MAX:
            raise LoopIterationLimitError("loop iteration limit reached", token=self.token)
        return super().render_to_output(context, buffer)


class BoundedForTag(ForTag):
    """`for`, bounded."""

    node_class = BoundedForNode


class Sandbox(Environment):
    """Liquid with the limits of this module."""

    loop_iteration_limit = LOOP_ITERATIONS_MAX
    local_namespace_limit = NAMESPACE_BYTES_MAX
    output_stream_limit = TEXT_CHARACTERS_MAX * 4  # counted in bytes
    context_depth_limit = NESTING_MAX
    block_nesting_limit = NESTING_MAX

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Liquid's own, less what is not named above, each filter guarded."""
        super().setup_tags_and_filters(extra=extra)
        self.add_tag(AbortTag)
        self.add_tag(BoundedForTag)
        for name in [name for name in self.tags if name not in TAGS]:
            del self.tags[name]
        for name, function in list(self.filters.items()):
            del self.filters[name]
            if name in FILTERS:
                self.filters[name] = _guard(name, function)
        self.filters["link"] = _guard("link", _link)


@cache
def strict_sandbox(escapes: bool = False) -> Sandbox:
    """A variable without a value is an error. `escapes`: the template is HTML, and values are no part of it."""
    return Sandbox(tolerance=Mode.STRICT, undefined=Absent, strict_filters=True, autoescape=escapes)


@cache
def lenient_sandbox(escapes: bool = False) -> Sandbox:
    """A variable without a value is empty."""
    return Sandbox(tolerance=Mode.STRICT, undefined=Undefined, strict_filters=True, autoescape=escapes)


def fill_in(template: BoundTemplate, facts: Mapping[str, object], track: Track | None) -> str:
    """The text that a template makes of its facts. Raises what Liquid and the filters raise."""
    context = template.context_class(template, globals=template.make_globals(dict(facts)))
    context.tag_namespace["track"] = track
    made = LimitedStringIO(limit=Sandbox.output_stream_limit)
    template.render_with_context(context, made)
    return made.getvalue()


@with_context
def _link(value: Any, name: object = "", *, context: RenderContext) -> str:
    """The link in the place of a web address. HTML that writes & as &amp; means the sign."""
    written = str(value).strip()
    if isinstance(value, Markup):
        written = written.replace("&amp;", "&")
    if not written:
        return ""
    address = read_address(written)
    if not address:
        raise BadAddress(written, token=None)
    track: Track | None = context.tag_namespace["track"]
    return track(address, str(name)) if track is not None else written


def _guard(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter with its arguments, its result and its share of the work checked."""
    wants_context = getattr(function, "with_context", False)

    @wraps(function)
    def guarded(value: Any, *args: Any, context: RenderContext, **kwargs: Any) -> Any:
        if isinstance(value, range):
            raise FilterArgumentError("a range can only be looped over", token=None)
        if wants_context:
            kwargs["context"] = context
        _count_work(context, value)
        _check_size(sum(_iter_growth(name, value, args)))
        if name == "date":
            value = _check_date(value, args)
        result = _write_instant(value, args) if name == "date" else None
        if result is None:
            result = function(value, *args, **kwargs)
        if isinstance(result, str):
            _check_size(len(result))
        elif isinstance(result, list | tuple) and len(result) > LIST_ITEMS_MAX:
            raise OutputStreamLimitError("the list is too long", token=None)
        elif isinstance(result, int | float) and abs(result) > NUMBER_MAX:
            raise OutputStreamLimitError("the number is too large", token=None)
        return result

    return with_context(guarded)


def _count_work(context: RenderContext, value: Any) -> None:
    """The clock of a function that has none: characters and items gone over, summed over the whole rendering."""
    spent = context.tag_namespace.get("work", 0) + 16
    spent += len(value) if isinstance(value, str | list | tuple | dict) else 1
    context.tag_namespace["work"] = spent
    if spent > WORK_CHARACTERS_MAX:
        raise OutputStreamLimitError("the template works too long", token=None)


def _iter_growth(name: str, value: Any, args: tuple[Any, ...]) -> Iterator[int]:
    """How long the result can be, for the filters that multiply."""
    if name == "replace" and len(args) == 2:
        text, old, new = str(value), str(args[0]), str(args[1])
        yield len(text)
        yield text.count(old) * len(new)
    elif name == "join" and isinstance(value, list | tuple):
        yield len(value) * (len(str(args[0])) if args else 1)
    elif name == "split":
        yield 0 if str(value).count(str(args[0]) if args else "") <= LIST_ITEMS_MAX else TEXT_CHARACTERS_MAX + 1


def _check_size(characters: int) -> None:
    if characters > TEXT_CHARACTERS_MAX:
        raise OutputStreamLimitError("the text is too long", token=None)


def _check_date(value: Any, args: tuple[Any, ...]) -> Any:
    """Neither the machine's clock nor a format that pads to a billion characters."""
    if value in ("now", "today"):
        raise FilterArgumentError("write now without quotes", token=None)
    if args and not isinstance(args[0], Undefined) and not _DATE_FORMAT.fullmatch(str(args[0])):
        raise FilterArgumentError("the date format is not understood", token=None)
    return value if isinstance(value, datetime | date | Undefined) else str(value)


def _write_instant(value: Any, args: tuple[Any, ...]) -> str | None:
    """An instant in its own zone; None for anything else. Liquid's own filter remembers what it was given, and two of
    one instant are the same to it, so that everybody would be told the time of the first one's zone."""
    if not isinstance(value, datetime) or not args or isinstance(args[0], Undefined):
        return None
    return value.strftime(str(args[0]))
