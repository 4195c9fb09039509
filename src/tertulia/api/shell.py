"""What the operations share: the key's workspace, the decision clock, the connection, the transaction, the log.

Reads run by themselves; an operation that changes configuration wraps itself in `writing()`, which commits. Asks of
the engine go through a connection of the thread's own.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

import psycopg
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from tertulia import config
from tertulia.core.entries import Entry
from tertulia.data.models import Workspace
from tertulia.store.asks import Asks
from tertulia.store.clock import decision_now, real_now
from tertulia.store.db import Conn, connect, django_conn

T = TypeVar("T")

ASK_WAIT_S = 5.0
_own = threading.local()
writing = transaction.atomic


def workspace_of(request: HttpRequest) -> Workspace:
    """The workspace of the request's key."""
    workspace: Workspace = request.auth.workspace
    return workspace


def conn_of() -> Conn:
    """Django's own connection, for reads and for writes in its transaction."""
    return django_conn()


def now() -> datetime:
    """The decision clock's instant (E8)."""
    return decision_now(django_conn(), test_clock=is_test_clock())


def is_test_clock() -> bool:
    """Whether this server was started with a test clock."""
    return config.read("TEST_CLOCK") == "1"


def public_url() -> str:
    """The server's own address, without a slash at its end."""
    url: str = settings.PUBLIC_URL
    return url


def ask_engine(workspace: Workspace, entries: Sequence[Entry]) -> bool:
    """Append what is asked to the log and wait a moment; whether it was decided in time. It is decided anyway."""
    at = now()
    return use_asks(lambda asks: asks.wait(asks.ask(workspace.pk, entries, at), ASK_WAIT_S))


def use_asks(do: Callable[[Asks], T]) -> T:
    """Let an action use this thread's appender, on a fresh connection where the old one is lost."""
    try:
        return do(get_asks())
    except psycopg.OperationalError:
        _own.asks = None
        return do(get_asks())


def get_asks() -> Asks:
    """This thread's appender."""
    if getattr(_own, "asks", None) is None:
        conn = connect(config.read("DATABASE_URL"), autocommit=True, name="api asks")
        _own.asks = Asks(conn, "api", real_now())
    asks: Asks = _own.asks
    return asks
