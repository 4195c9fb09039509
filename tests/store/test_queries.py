"""Every named query is prepared against the migrated schema, so a query and a migration cannot part ways."""

import re
from importlib.resources import files
from pathlib import Path

import psycopg
import pytest

from tertulia.store.db import load

NAMES = sorted(
    path.name.removesuffix(".sql")
    for path in files("tertulia.store").iterdir()
    if path.name.endswith(".sql") and not path.name.endswith("_parts.sql")  # no statements: test_segment_sql runs them
)
UTILITY = re.compile(r"^\s*(--[^\n]*\n\s*)*(listen|notify|set|copy|create|drop|analyze|vacuum|truncate|lock)\b", re.I)
BEFORE = re.compile(r"create temp(?:orary)? table", re.I)


def number_parameters(text: str) -> str:
    """The query with `$1` in place of `%(name)s`, equal names under one number."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)[sbt]", text)))
    numbered = re.sub(r"%\((\w+)\)[sbt]", lambda m: f"${names.index(m.group(1)) + 1}", text)
    return numbered.replace("%%", "%")


@pytest.mark.parametrize("name", NAMES)
def test_every_named_query_of_a_file_is_valid_sql_for_the_schema(conn: psycopg.Connection, name: str) -> None:
    """PREPARE checks tables, columns, types and parameters without running anything."""
    for query_name, text in load(name).items():
        if UTILITY.match(text):
            continue
        try:
            conn.execute(f"prepare q as {number_parameters(text)}".encode())
        except psycopg.errors.IndeterminateDatatype:
            conn.rollback()  # typed by the driver alone: a bare parameter that is only selected
            continue
        except psycopg.Error as error:
            raise AssertionError(f"{name}.sql, {query_name}: {error}") from error
        conn.execute("deallocate q")


def test_every_query_that_is_asked_for_exists() -> None:
    """`load("funnel")["states"]` names a block of `funnel.sql`."""
    root = Path(str(files("tertulia")))
    asked = re.compile(r'load\("(\w+)"\)\["(\w+)"\]')
    missing = [
        f"{path.name}: {name}.sql has no {query}"
        for path in root.rglob("*.py")
        for name, query in asked.findall(path.read_text(encoding="utf-8"))
        if query not in load(name)
    ]
    assert missing == []
