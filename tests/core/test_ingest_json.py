"""JSON read leniently: any bytes give a value or one error, and a value that every strict reader takes."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tertulia.core.ingest_json import DEPTH_MAX, NotJson, is_too_deep, read_lenient

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None))
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(st.binary() | st.text().map(str.encode))
@example(b"\x00")
@example(b"[" * 5_000)
@example(b"9" * 5_000)
@example(b"1e999")
@example(b'{"a":1} b')
def test_any_bytes_give_a_value_or_not_json(body: bytes) -> None:
    try:
        value = read_lenient(body)
    except NotJson:
        return
    assert msgspec.json.decode(msgspec.json.encode(value)) is not ...


@given(values)
def test_what_python_writes_is_read_and_can_be_written_again(value: Any) -> None:
    """Python writes NaN, infinities and lone surrogates; what is read of them holds none, and no NUL."""
    read = read_lenient(json.dumps(value).encode())
    written = msgspec.json.encode(read)
    assert b"\\u0000" not in written
    assert msgspec.json.decode(written) == read
    assert read == mend(value)


def mend(value: Any) -> Any:
    """The rule, said slowly."""
    match value:
        case str():
            return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in join(value)).replace("\0", "")
        case float():
            return value if math.isfinite(value) else None
        case list():
            return [mend(item) for item in value]
        case dict():
            return {mend(key): mend(item) for key, item in value.items()}
        case _:
            return value


def join(text: str) -> str:
    """A text whose surrogates that stand in pairs are one character each."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"\xef\xbb\xbf{}", {}),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b"[NaN,Infinity,-Infinity,1e999]", [None] * 4),
        (b'"a\\u0000b\\ud800"', "ab\ufffd"),
        (b'"a\nb\tc"', "a\nb\tc"),
        (b'"\xff"', "\ufffd"),
        (b"12345678901234567890123", 12345678901234567890123),
        (b"[NaN," + b"1" * 301 + b"]", [None, float("1" * 301)]),
        (b"1" * 5_000, None),
    ],
)
def test_examples(body: bytes, value: Any) -> None:
    assert read_lenient(body) == value


@pytest.mark.parametrize("body", [b"", b" ", b"{", b"undefined", b"{'a':1}", b"[1,]", b"\x1f\x8b"])
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(NotJson):
        read_lenient(body)


def test_depth() -> None:
    value: Any = 1
    for depth in range(1, 2 * DEPTH_MAX):
        value = [value] if depth % 2 else {"x": value}
        assert is_too_deep(value, msgspec.json.encode(value)) == (depth > DEPTH_MAX)
    wide = [[]] * 1_000
    assert not is_too_deep(wide, msgspec.json.encode(wide))
