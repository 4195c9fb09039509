"""Connections and named queries.

SQL lives in `.sql` files beside the functions that run it, in blocks headed `-- name: <name>`. `load("links")` reads
`links.sql` into a mapping of name to text. Connections speak JSON through msgspec and never autocommit: the shell that
opened one commits it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any, cast

import msgspec
import psycopg
from psycopg.pq import Format
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_dumps, set_json_loads

from tertulia.store.arrays import FlatListDumper, Utf8Texts, Utf8TextsDumper, Uuids, UuidsDumper

Conn = psycopg.Connection[TupleRow]

_HEAD = "-- name: "


def connect(url: str, *, autocommit: bool = False, name: str = "tertulia") -> Conn:
    """A connection whose JSON is read and written by msgspec. Instants come back in UTC."""
    conn = psycopg.connect(url, autocommit=autocommit, application_name=name, options="-c timezone=UTC")
    tune(conn)
    return conn


def tune(conn: Conn) -> None:
    """Make a connection of ours speak JSON through msgspec and write lists quickly. Not Django's: its JSONField decodes
    for itself."""
    conn.adapters.register_dumper(list, FlatListDumper)
    conn.adapters.register_dumper(Utf8Texts, Utf8TextsDumper)
    conn.adapters.register_dumper(Uuids, UuidsDumper)
    set_json_dumps(msgspec.json.encode, conn)
    set_json_loads(msgspec.json.decode, conn)


@cache
def load(name: str) -> Mapping[str, str]:
    """The named queries of `store/<name>.sql`. Raises KeyError at the first use of an unknown name."""
    text = (files("tertulia.store") / f"{name}.sql").read_text(encoding="utf-8")
    queries: dict[str, str] = {}
    for block in text.split(_HEAD)[1:]:
        head, _, body = block.partition("\n")
        queries[head.strip()] = body.strip()
    return queries


def django_conn() -> Conn:
    """Django's own connection, for a page that reads contact-scale data in the transaction of its configuration. It
    gives JSON as text, for Django decodes that itself: read such columns with `read_json`, and never `tune` it."""
    from django.db import connection

    connection.ensure_connection()
    return cast(Conn, connection.connection)


@contextmanager
def reading_json(conn: Conn) -> Iterator[Conn]:
    """Let Django's connection give JSON as values for a while, as ours do: for a page that loads what cycles load. The
    ORM, which decodes for itself, waits until the end."""
    oid = conn.adapters.types["jsonb"].oid
    before = {format_: conn.adapters.get_loader(oid, format_) for format_ in (Format.TEXT, Format.BINARY)}
    set_json_loads(msgspec.json.decode, conn)
    try:
        yield conn
    finally:
        for loader in before.values():
            if loader is not None:
                conn.adapters.register_loader(oid, loader)


def read_json(value: Any) -> Any:
    """The value of a JSON column, whichever connection read it."""
    return msgspec.json.decode(value) if isinstance(value, str | bytes) else value


def write_json(value: Any) -> str:
    """JSON text for a parameter that the query casts to jsonb; the same on every connection."""
    return msgspec.json.encode(value).decode()


def fetch_all(conn: Conn, query: str, args: Mapping[str, Any]) -> list[TupleRow]:
    """Every row of a named query."""
    return conn.execute(query, args).fetchall()


def fetch_one(conn: Conn, query: str, args: Mapping[str, Any]) -> TupleRow | None:
    """The first row of a named query, or None."""
    return conn.execute(query, args).fetchone()


def run(conn: Conn, query: str, args: Mapping[str, Any]) -> int:
    """Execute a named query; the number of rows it touched."""
    return conn.execute(query, args).rowcount
