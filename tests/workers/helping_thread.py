"""A helping hand of an engine that is no process of its own: a thread that serves the other end of the socket."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from tertulia.store.db import Conn
from tertulia.workers.helping import Decider, Helper, serve


@contextmanager
def helping(conn: Conn, public_url: str) -> Iterator[Helper]:
    """Serves until the context ends, or its connection does."""
    ours, theirs = socket.socketpair()
    decider = Decider(conn, public_url, "helper")

    def work() -> None:
        with theirs, suppress(psycopg.OperationalError):
            serve(decider, theirs)

    thread = threading.Thread(target=work, name="helper", daemon=True)
    thread.start()
    helper = Helper(ours)
    try:
        yield helper
    finally:
        helper.close()
        thread.join()
