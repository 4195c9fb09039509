"""Bodies, queries and headers of any kind give a value, a key or one of two errors, and nothing else."""

import base64
import contextlib
import gzip
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tertulia.core.ingest_json import NotJson
from tertulia.edge.http import BodyTooLarge
from tertulia.edge.ingest_body import BODY_BYTES_MAX, MEMBERS_MAX, find_header_key, read_pixel, read_value

FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
types = st.sampled_from(["", "application/json", FORM, PARTS, "multipart/form-data", "text/plain"]) | st.text()
bodies = st.binary() | st.binary().map(gzip.compress) | st.binary().map(lambda raw: b"--x\r\n" + raw + b"\r\n--x--")


@given(bodies, types)
@example(b"\x1f\x8b", "")
@example(b"data=" + b"%7B" * 10, FORM)
@example(b"data", FORM)
@example(
    b"--x\r\nContent-Disposition: form-data; name=data\r\nContent-Transfer-Encoding: base64\r\n\r\n?\r\n--x--", PARTS
)
def test_any_body(raw: bytes, content_type: str) -> None:
    with contextlib.suppress(NotJson, BodyTooLarge):
        read_value(raw, content_type)


@given(st.text())
@example("data=%F0")
@example("a=1&a.b=2&a.b.c=3&.=4&..x=5")
@example("&".join(f"x{n}=1" for n in range(2_000)))
def test_any_query_of_a_pixel(query: str) -> None:
    with contextlib.suppress(NotJson):
        read_pixel(query)


@given(
    st.text(st.characters(max_codepoint=255)) | st.binary().map(lambda raw: "Basic " + base64.b64encode(raw).decode())
)
@example("Basic")
@example("Bearer ")
@example("Basic é")
def test_any_authorization(header: str) -> None:
    key = find_header_key({"headers": [(b"authorization", header.encode("latin-1"))]})
    assert key == key.strip()


def test_an_unpacked_body_is_as_large_as_it_may_be_and_no_larger() -> None:
    most = b'"' + b"x" * (BODY_BYTES_MAX - 2) + b'"'
    assert len(read_value(gzip.compress(most, 1), "")) == BODY_BYTES_MAX - 2
    with pytest.raises(BodyTooLarge):
        read_value(gzip.compress(most + b" ", 1), "")
    halves = gzip.compress(most[: len(most) // 2], 1) + gzip.compress(most[len(most) // 2 :] + b" ", 1)
    with pytest.raises(BodyTooLarge):
        read_value(halves, "")


def test_a_gzip_file_of_very_many_members_is_refused() -> None:
    """Each one costs a copy of what follows."""
    digit = gzip.compress(b"1")
    assert read_value(digit * MEMBERS_MAX, "") == int("1" * MEMBERS_MAX)
    with pytest.raises(NotJson):
        read_value(digit * (MEMBERS_MAX + 1), "")


def test_of_two_parameters_that_cannot_both_be_the_later_counts() -> None:
    assert read_pixel("a=1&a.b=2") == {"a": {"b": "2"}}
    assert read_pixel("a.b=1&a=2") == {"a": "2"}


def test_a_pixels_data_in_either_alphabet() -> None:
    told = {"event": "???>>>"}
    raw = json.dumps(told).encode()
    for written in (base64.b64encode(raw), base64.urlsafe_b64encode(raw), base64.urlsafe_b64encode(raw).rstrip(b"=")):
        assert read_pixel("data=" + written.decode()) == told
