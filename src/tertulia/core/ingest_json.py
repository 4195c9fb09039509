"""JSON as tracking SDKs write it, read leniently: nearly all of it in one fast step, the rest by a slower road.

Python's SDKs write bare `NaN` and `Infinity`; every SDK passes lone surrogates and NULs inside strings. No database
takes those, and one such message must not spoil its batch. So they are mended here: not a number becomes null, a lone
surrogate U+FFFD, a NUL nothing. Of a key that comes twice the last value counts.
"""

import json
from typing import Any, Final

import msgspec

DEPTH_MAX: Final = 64  # of one message
NUMBER_CHARACTERS_MAX: Final = 300  # a longer whole number is read as a fraction, which is then none
_INFINITE: Final = frozenset({float("inf"), float("-inf")})


class NotJson(Exception):
    """Bytes that no lenient reader makes a value of, or that are nested a thousand deep."""


def read_lenient(body: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises NotJson."""
    try:
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
            return _mend(_read_slowly(body))
        return _mend(value) if b"\\u0000" in body else value
    except (ValueError, RecursionError):
        raise NotJson from None


def is_too_deep(value: Any, written: bytes) -> bool:
    """Whether a value is nested deeper than DEPTH_MAX. `written` is its JSON: where that has no more brackets than
    that, which is nearly always, they need not be followed."""
    if written.count(b"{") + written.count(b"[") <= DEPTH_MAX:
        return False
    return _reaches(value, DEPTH_MAX + 1)


def _read_slowly(body: bytes) -> Any:
    text = body.decode("utf-8-sig", "replace")
    return json.loads(text, strict=False, parse_constant=_read_nothing, parse_int=_read_whole)


def _read_nothing(_: str) -> None:
    return None


def _read_whole(text: str) -> int | float:
    return int(text) if len(text) <= NUMBER_CHARACTERS_MAX else float(text)


def _mend(value: Any) -> Any:
    if isinstance(value, str):
        return _mend_text(value)
    if isinstance(value, dict):
        return {_mend_text(key): _mend(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mend(item) for item in value]
    return None if isinstance(value, float) and value in _INFINITE else value


def _mend_text(text: str) -> str:
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _reaches(value: Any, depth: int) -> bool:
    """Whether a value has so many levels of objects and lists."""
    if not isinstance(value, dict | list):
        return False
    if depth == 1:
        return True
    return any(_reaches(item, depth - 1) for item in (value.values() if isinstance(value, dict) else value))
