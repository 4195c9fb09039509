"""A call's request as its step and endpoint write it: Liquid in the path and in the texts of the body.

A value in a path is encoded, so that nothing which a customer or an event says can lead to another address. A text of
the body that is one variable and nothing else keeps its value's type: `"{{ event.total }}"` is a number where that is
one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec

from tertulia.core.conditions import read_path
from tertulia.core.reasons import Reason
from tertulia.core.render import Abort, Broken, Missing, TemplateProblem, compile_template, render

PATH_CHARACTERS_MAX: Final = 2_000
BODY_BYTES_MAX: Final = 65_536
_VARIABLE: Final = re.compile(r"\s*\{\{-?\s*([\w-]+(?:\.[\w-]+)+)\s*-?\}\}\s*")
_NOT_IN_PATH: Final = re.compile(r"[\x00-\x20\x7f#\\]")
_UPWARDS: Final = re.compile(r"(^|/)\.{1,2}(/|\?|$)")


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out: `body` a JSON text, empty without one."""

    path: str
    body: str
    status_path: str


class Unwritten(Exception):
    """It cannot be written for this customer: the reason, and what a row of the ledger tells besides."""

    def __init__(self, reason: Reason, **facts: Any) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.facts = facts


def write_request(
    path: str, body: Mapping[str, Any] | None, status_path: str, facts: Mapping[str, Any], key: str, now: datetime
) -> Request:
    """The request for one customer. The status path knows the call's `key` as `{{ call.key }}`. Raises Unwritten."""
    encoded = _encode(facts)
    made = "" if body is None else msgspec.json.encode(_fill(body, facts, now)).decode()
    if len(made.encode()) > BODY_BYTES_MAX:
        raise Unwritten(Reason.CALL_TOO_LARGE)
    status = _write_path(status_path, {**encoded, "call": {"key": key}}, now) if status_path else ""
    return Request(_write_path(path, encoded, now), made, status)


def list_texts(body: Any) -> list[str]:
    """Every text of a body."""
    if isinstance(body, str):
        return [body]
    parts = body.values() if isinstance(body, Mapping) else body if isinstance(body, list) else ()
    return [text for part in parts for text in list_texts(part)]


def _write_path(template: str, encoded: Mapping[str, Any], now: datetime) -> str:
    path = "/" + _render(template, encoded, now).strip().lstrip("/")
    if len(path) > PATH_CHARACTERS_MAX or _NOT_IN_PATH.search(path) or _UPWARDS.search(path):
        raise Unwritten(Reason.CALL_BAD_PATH)
    return path


def _encode(facts: Any) -> Any:
    if isinstance(facts, str):
        return quote(facts, safe="")
    if isinstance(facts, Mapping):
        return {name: _encode(value) for name, value in facts.items()}
    return [_encode(value) for value in facts] if isinstance(facts, list) else facts


def _fill(part: Any, facts: Mapping[str, Any], now: datetime) -> Any:
    if isinstance(part, str):
        return _fill_text(part, facts, now)
    if isinstance(part, Mapping):
        return {str(name): _fill(value, facts, now) for name, value in part.items()}
    return [_fill(value, facts, now) for value in part] if isinstance(part, list) else part


def _fill_text(text: str, facts: Mapping[str, Any], now: datetime) -> Any:
    if (found := _VARIABLE.fullmatch(text)) is not None:
        value = read_path(facts, found[1])
        if value is not None and not isinstance(value, str):
            return value
    return _render(text, facts, now)


def _render(source: str, facts: Mapping[str, Any], now: datetime) -> str:
    try:
        outcome = render(compile_template(source), facts, now=now)
    except TemplateProblem:
        raise Unwritten(Reason.TEMPLATE_BROKEN) from None
    match outcome:
        case Missing(name, line):
            raise Unwritten(Reason.MISSING_VARIABLE, name=name, line=line)
        case Abort():
            raise Unwritten(Reason.TEMPLATE_ABORTED)
        case Broken():
            raise Unwritten(Reason.TEMPLATE_BROKEN)
    return outcome.text
