"""Leaves the tables empty after a test, in a few milliseconds: most hold nothing, and the others a few rows."""

from contextlib import suppress

import psycopg

KEPT = ("django_migrations", "django_content_type", "auth_permission")
TABLES = """
select quote_ident(c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition and not c.relname = any(%s)
"""


class Emptier:
    """A connection of its own, kept: opening one takes longer than the emptying. Deleting does too, of many rows alone;
    truncating writes every file anew, of small tables as well."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._conn = self._connect()
        tables = [name for (name,) in self._conn.execute(TABLES, (list(KEPT),))]
        looks = (f"select '{name}' where exists (select from {name})" for name in tables)
        self._look = " union all ".join(looks)

    def empty(self) -> None:
        """Delete every row that anybody committed. Whoever holds one in an open transaction is waited for."""
        try:
            self._delete()
        except psycopg.OperationalError:  # the test had the server go away
            self._conn = self._connect()
            self._delete()

    def close(self) -> None:
        with suppress(psycopg.OperationalError):
            self._conn.close()

    def _connect(self) -> psycopg.Connection:
        conn = psycopg.connect(self._url, autocommit=True)
        conn.execute("set session_replication_role = replica")  # no table waits for another one
        return conn

    def _delete(self) -> None:
        filled = self._conn.execute(self._look, prepare=True).fetchall()
        if filled:
            self._conn.execute("; ".join(f"delete from {name}" for (name,) in filled))
