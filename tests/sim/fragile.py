"""Connections that can be made to break at a chosen point, as when the process that held them dies.

Nothing of ours is replaced: the statements run on the real database until the fuse is burnt. Then the connection
closes (the server rolls back what was not committed) and the caller gets the error that a dead connection gives.
"""

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
        self.close()
        raise psycopg.OperationalError("the process that held this connection died")


def connect_fragile(url: str, fuse: Fuse) -> Conn:
    """A connection of ours on a fuse of the test's."""
    conn = FragileConnection.connect(url, application_name="sim", options="-c timezone=UTC")
    conn.fuse = fuse
    tune(conn)
    return conn
