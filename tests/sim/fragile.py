"""Connections that can be made to break at a chosen point, as when the process that held them dies.

Nothing of ours is replaced: the statements run on the real database until the fuse is burnt. Then the connection
closes (the server rolls back what was not committed) and the caller gets the error that a dead connection gives. Until
the server has noticed, its rows stay locked and whoever skips locked rows passes them by: only then does play go on, so
that what comes next does not hang on how quickly it noticed.
"""

import time
from typing import Any

import psycopg

from tertulia.store.db import Conn, tune


class Fuse:
    """How many statements a connection still lasts; None: for ever. Or how many commits: the last of them is made, and
    its answer is lost."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.commits: int | None = None
        self.burnt = 0

    def light(self, statements: int) -> None:
        self.left, self.commits = statements, None

    def light_commit(self, commits: int = 1) -> None:
        self.left, self.commits = None, commits

    def put_out(self) -> None:
        self.left = self.commits = None


class FragileConnection(psycopg.Connection[Any]):
    """A connection on a fuse."""

    fuse: Fuse
    url: str

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        self._burn()
        return super().execute(*args, **kwargs)

    def commit(self) -> None:
        self._burn()
        super().commit()
        if self.fuse.commits is not None:
            self.fuse.commits -= 1
            if self.fuse.commits <= 0:
                self._break()

    def _burn(self) -> None:
        if self.fuse.left is not None:
            self.fuse.left -= 1
            if self.fuse.left < 0:
                self._break()

    def _break(self) -> None:
        self.fuse.put_out()
        self.fuse.burnt += 1
        pid = self.info.backend_pid
        self.close()
        self._await_end(pid)
        raise psycopg.OperationalError("the process that held this connection died")

    def _await_end(self, pid: int) -> None:
        with psycopg.connect(self.url, autocommit=True) as watch:
            while watch.execute("select 1 from pg_stat_activity where pid = %s", (pid,)).fetchone():
                time.sleep(0.001)


def connect_fragile(url: str, fuse: Fuse) -> Conn:
    """A connection of ours on a fuse of the test's."""
    conn = FragileConnection.connect(url, application_name="sim", options="-c timezone=UTC")
    conn.fuse, conn.url = fuse, url
    tune(conn)
    return conn
