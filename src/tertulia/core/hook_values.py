"""Where a value of an event comes from: a path into the payload, a request's header, a constant, or several of them.

    customer.email               a JMESPath, on the payload or, within `each`, on the list's entry
    body:currency                the same, always on the whole payload
    header:X-Shopify-Topic       a header of the request, in any case
    {value: EUR}                 this very value
    {first: [email, phone]}      the first that is there
    {join: [id, status], with: "-"}   all of them as one text; nothing where one is missing

Nothing is there when a path leads nowhere, to null, to false where an id or text is asked for, or to an empty text.
"""

from collections.abc import Mapping
from typing import Any, Final

import jmespath
import msgspec
from jmespath.exceptions import JMESPathError, ParseError

from tertulia.core.hook_document import Part
from tertulia.core.hook_faults import Fault, FaultCode

PATH_CHARACTERS_MAX: Final = 1_000
PARTS_MAX: Final = 20
HEADER: Final = "header:"
BODY: Final = "body:"
_FORMS: Final = ({"value"}, {"first"}, {"join"}, {"join", "with"})


class Payload(msgspec.Struct, frozen=True):
    """What a path may look at: the `body`, the entry of `each` in it (the body itself without one), and the request's
    headers by their names in lower case."""

    body: Any
    item: Any
    headers: Mapping[str, str]


class Failed(Exception):
    """A path that does not fit a payload."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


class Source(msgspec.Struct, frozen=True):
    """A compiled value. `way` is path, body, header, value, first or join; of a path `what` is its text, of a header
    its name, of a value the value itself."""

    way: str
    field: str
    line: int
    column: int
    what: Any = None
    parts: tuple["Source", ...] = ()
    path: Any = None

    def read(self, payload: Payload) -> Any:
        """The value; None where there is nothing. Raises Failed."""
        match self.way:
            case "header":
                return payload.headers.get(self.what) or None
            case "value":
                return self.what
            case "first":
                return next((value for part in self.parts if is_there(value := part.read(payload))), None)
            case "join":
                told = [write_text(part.read(payload)) for part in self.parts]
                return str(self.what).join(told) if all(told) else None
        try:
            return self.path.search(payload.body if self.way == "body" else payload.item)
        except (JMESPathError, TypeError, ValueError, AttributeError, ZeroDivisionError, RecursionError):
            raise Failed(Fault(FaultCode.PATH_FAILED, self.field, self.line, self.column)) from None

    def list_headers(self) -> set[str]:
        """The headers that it looks at."""
        found = {str(self.what)} if self.way == "header" else set()
        return found.union(*(part.list_headers() for part in self.parts))


def is_there(value: Any) -> bool:
    """Whether a path led to something."""
    return value is not None and value is not False and value != ""


def is_true(value: Any) -> bool:
    """Whether a condition holds: as JMESPath has it, an empty list or object does not."""
    return is_there(value) and value not in ([], {})


def write_text(value: Any) -> str:
    """A text or number as text; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def compile_source(part: Part, field: str, faults: list[Fault]) -> Source | None:
    """The value that a part of the mapping asks for; None with a fault added."""
    if isinstance(part.value, str):
        return _compile_text(part, field, faults)
    forms = set(part.value) if isinstance(part.value, dict) else set()
    if forms not in _FORMS:
        faults.append(Fault(FaultCode.BAD_FORM, field, part.line, part.column))
        return None
    if forms == {"value"}:
        return Source("value", field, part.line, part.column, _plain(part.value["value"]))
    way = "first" if "first" in forms else "join"
    listed = part.value[way]
    if not isinstance(listed.value, list) or not listed.value:
        faults.append(Fault(FaultCode.NOT_A_LIST, way, listed.line, listed.column))
        return None
    if len(listed.value) > PARTS_MAX:
        faults.append(Fault(FaultCode.TOO_MANY, way, listed.line, listed.column, {"most": str(PARTS_MAX)}))
        return None
    joint = part.value["with"].value if "with" in forms else "-"
    if not isinstance(joint, str):
        faults.append(Fault(FaultCode.NOT_A_TEXT, "with", part.line, part.column))
        return None
    parts = [compile_source(item, field, faults) for item in listed.value]
    found = tuple(item for item in parts if item is not None)
    return Source(way, field, part.line, part.column, joint, found) if len(found) == len(parts) else None


def _compile_text(part: Part, field: str, faults: list[Fault]) -> Source | None:
    text = part.value.strip()
    place = (field, part.line, part.column)
    if text.lower().startswith(HEADER):
        name = text[len(HEADER) :].strip().lower()
        return Source("header", *place, what=name)
    way = "body" if text.startswith(BODY) else "path"
    path = text.removeprefix(BODY)
    if not path or len(path) > PATH_CHARACTERS_MAX:
        faults.append(Fault(FaultCode.BAD_PATH, *place, {"at": "1"}))
        return None
    try:
        return Source(way, *place, what=path, path=jmespath.compile(path))
    except ParseError as error:
        faults.append(Fault(FaultCode.BAD_PATH, *place, {"at": str(min(error.lex_position, len(path)) + 1)}))
    except (JMESPathError, ValueError, RecursionError):
        faults.append(Fault(FaultCode.BAD_PATH, *place, {"at": "1"}))
    return None


def _plain(part: Part) -> Any:
    if isinstance(part.value, dict):
        return {name: _plain(item) for name, item in part.value.items()}
    if isinstance(part.value, list):
        return [_plain(item) for item in part.value]
    return part.value
