"""Lists come back from the database as they were written, whatever is in them."""

from datetime import UTC, date, datetime
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tertulia.store.arrays import Utf8Texts, Uuids

TEXT = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=20)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ['a"b', "c\\d", "{e,f}", "", "NULL", "null", " g ", "é\n", None]),
        ("text", ['","', '"', "\\", ","]),
        ("bigint", [1, None, -(2**62), 2**62]),
        ("smallint", []),
        ("bytea", [b"", b"\x00\xff\\", b'"']),
        ("uuid", [UUID(int=5), None]),
        ("timestamptz", [datetime(2026, 11, 22, 5, 1, 2, 345678, UTC), None]),
        ("date", [date(2026, 11, 22)]),
        ("boolean", [True, False, None]),
        ("double precision", [1.5, None]),
        ("text", [None, None]),
    ],
)
def test_a_list_reads_back_as_it_was_written(conn: psycopg.Connection, kind: str, values: list) -> None:
    """Flat lists of every type that statements use, with what needs quoting in them."""
    row = conn.execute(f"select %s::{kind}[]", (values,)).fetchone()
    assert row == (values,)


def test_a_nested_list_goes_the_usual_way(conn: psycopg.Connection) -> None:
    assert conn.execute("select %s::int[]", ([[1, 2], [3, 4]],)).fetchone() == ([[1, 2], [3, 4]],)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.one_of(st.none(), TEXT), max_size=8))
def test_any_text_survives(conn: psycopg.Connection, values: list[str | None]) -> None:
    assert conn.execute("select %s::text[]", (values,)).fetchone() == (values,)


def test_texts_in_utf_8_go_as_they_are(conn: psycopg.Connection) -> None:
    texts = ['{"a": "b\\\\c"}', "", "é", "{,}", "NULL"]
    raw = Utf8Texts([text.encode() for text in texts])
    assert conn.execute("select %s::text[]", (raw,)).fetchone() == (texts,)


def test_uuids_go_as_their_bytes(conn: psycopg.Connection) -> None:
    ids = [UUID(int=1), UUID(int=2**128 - 1)]
    assert conn.execute("select %s::uuid[]", (Uuids([id_.bytes for id_ in ids]),)).fetchone() == (ids,)
    assert conn.execute("select %s::uuid[]", (Uuids(),)).fetchone() == ([],)
