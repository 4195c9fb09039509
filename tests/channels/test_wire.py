"""Reading what strangers send, and writing what providers read."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.channels.base import HttpRequest, HttpResponse
from tertulia.channels.wire import (
    Unreadable,
    clean_text,
    equal_secret,
    list_written,
    path_part,
    pick_id,
    pick_int,
    pick_maps,
    pick_text,
    read_form,
    read_instant,
    read_instant_ms,
    read_json_map,
    read_xml,
    retry_after_s,
    utf16_length,
    with_query,
    write_form,
    write_json,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@given(st.text())
def test_cleaned_text_fits_any_database(text: str) -> None:
    """No NUL and no lone surrogate is left, and what was clean stays."""
    cleaned = clean_text(text)
    assert "\0" not in cleaned
    assert cleaned.encode().decode() == cleaned
    assert clean_text(cleaned) == cleaned


def test_pickers_never_raise() -> None:
    """A missing key and a value of the wrong type are both not there."""
    value: Any = {"a": {"b": 7, "c": True, "d": "12", "e": [1, {"f": 2}], "g": None}}
    assert pick_text(value, "a", "b") == "7"
    assert pick_text(value, "a", "c") == ""
    assert pick_int(value, "a", "c") is None
    assert pick_int(value, "a", "d") == 12
    assert pick_int({"n": "9" * 30}, "n") is None
    assert pick_maps(value, "a", "e") == [{"f": 2}]
    assert pick_text(value, "a", "b", "x") == ""
    assert pick_text(None, "a") == ""
    assert pick_id({"id": "x" * 5_000}, "id") == ""


def test_large_ids_keep_their_digits() -> None:
    """A 64-bit message token comes through to the last digit."""
    assert pick_text(read_json_map(b'{"t":5741311803571721087}'), "t") == "5741311803571721087"


@given(st.one_of(st.none(), st.integers(), st.floats(allow_nan=True)))
def test_instants_never_raise(value: Any) -> None:
    """Whatever a provider calls a time, an aware instant comes out."""
    assert read_instant(value, NOW).tzinfo is UTC
    if value is None or isinstance(value, int):
        assert read_instant_ms(value, NOW).tzinfo is UTC


def test_instants() -> None:
    """Seconds and milliseconds since 1970; nonsense is now."""
    assert read_instant(1_760_000_000, NOW) == datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)
    assert read_instant_ms(1_760_000_000_123, NOW).microsecond == 123_000
    assert read_instant(-1, NOW) == NOW
    assert read_instant_ms(10**30, NOW) == NOW


@pytest.mark.parametrize("body", [b"", b"[1]", b"3", b"{", b"\xff", b'{"a":' * 100_000])
def test_json_that_is_none(body: bytes) -> None:
    """Anything but an object is Unreadable, deep nesting too."""
    with pytest.raises(Unreadable):
        read_json_map(body)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<a>", b"<!DOCTYPE a><a/>", b"<a>&x;</a>", b"\x00<a/>", b"<a/>" + b" " * 300_000]
)
def test_xml_that_is_refused(body: bytes) -> None:
    """DTDs, entities, broken and oversized documents are Unreadable."""
    with pytest.raises(Unreadable):
        read_xml(body)


def test_forms_keep_order_and_blanks() -> None:
    """Repeated parameters keep all values; a thousand and one are too many."""
    assert read_form(b"a=1&b=&a=2&c=%FF") == {"a": ["1", "2"], "b": [""], "c": ["�"]}
    with pytest.raises(Unreadable):
        read_form("&".join(f"a{i}=1" for i in range(1_001)))


@given(st.text("ab=&;é 1", max_size=20))
def test_a_form_without_escapes_is_read_like_any_other(text: str) -> None:
    """The short way through a plain form comes to what the standard library reads."""
    expected: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        expected.setdefault(name, []).append(value)
    assert read_form(text) == expected


def test_secrets_compare() -> None:
    """An empty expected secret never matches, and strange characters do not raise."""
    assert equal_secret("a", "a")
    assert not equal_secret("", "")
    assert not equal_secret("\udcff", "a")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=8, max_size=30))
def test_a_masked_request_holds_no_secret(secret: str) -> None:
    """A secret in the address, in an address inside it, in a header, a form or JSON is masked in every form."""
    secret = f"s3cr3t{secret}"
    inner = with_query("https://h.example.com/", [("k", secret)])
    url = with_query("https://p.example.com/x", [("k", secret), ("u", inner)])
    for body in (write_json({"s": secret}), write_form([("s", secret), ("u", inner)])):
        shown = HttpRequest("POST", url, (("a", secret),), body, list_written(secret)).masked()
        assert shown.url == "https://p.example.com/x?k=***&u=https%3A%2F%2Fh.example.com%2F%3Fk%3D***"
        assert shown.headers == (("a", "***"),)
        assert b"s3cr3t" not in shown.body


def test_small_readers() -> None:
    """Retry-After in seconds, UTF-16 units, path segments."""
    assert retry_after_s(HttpResponse(429, (("retry-after", "7"),))) == 7.0
    assert retry_after_s(HttpResponse(429, (("retry-after", "Wed, 21 Oct"),))) is None
    assert utf16_length("a😀") == 3
    assert path_part("a/b?c") == "a%2Fb%3Fc"
    assert with_query("https://x.example.com/?a=1", [("b", "c d")]) == "https://x.example.com/?a=1&b=c%20d"
