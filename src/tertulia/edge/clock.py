"""The decision clock as the edge reads it (E8): real time, or the virtual instant of a test clock."""

import threading
from collections.abc import Callable
from datetime import datetime

import psycopg

from tertulia.store.clock import decision_now, real_now
from tertulia.store.db import Conn


class Clock:
    """`now` for decisions, from any thread. With a test clock it asks the database each time, on a connection of its
    own; without one it costs nothing."""

    def __init__(self, connect: Callable[[], Conn] | None = None) -> None:
        """`connect` only where a test clock is kept."""
        self._connect = connect
        self._conn: Conn | None = None
        self._lock = threading.Lock()

    def now(self) -> datetime:
        if self._connect is None:
            return real_now()
        with self._lock:
            try:
                return self._read(self._connect)
            except psycopg.OperationalError:
                self._conn = None
                return self._read(self._connect)

    def _read(self, connect: Callable[[], Conn]) -> datetime:
        if self._conn is None or self._conn.closed:
            self._conn = connect()
            self._conn.autocommit = True
        return decision_now(self._conn, test_clock=True)

    def close(self) -> None:
        if self._conn is not None:
            self._conn.close()
