"""What pages ask of the engine: merges, their undoing, consent given or withdrawn by a person, erasure.

Each thread of the console has one connection of its own for it, made at its first ask; the engine answers through the
log, and the page waits a moment so that it can show what came of it.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

import psycopg

from tertulia import config
from tertulia.core.entries import Entry
from tertulia.store.asks import Asks
from tertulia.store.db import connect

T = TypeVar("T")

WAIT_S = 3.0
_own = threading.local()


def ask_engine(workspace: int, entries: Sequence[Entry], now: datetime) -> bool:
    """Append the entries and wait; whether they were decided in time. Others are decided later."""
    return use_asks(lambda asks: asks.wait(asks.ask(workspace, entries, now), WAIT_S), now)


def use_asks(do: Callable[[Asks], T], now: datetime) -> T:
    """Let an action use this thread's appender, on a fresh connection where the old one is lost."""
    try:
        return do(_get_asks(now))
    except psycopg.OperationalError:
        _own.asks = None
        return do(_get_asks(now))


def _get_asks(now: datetime) -> Asks:
    if getattr(_own, "asks", None) is None:
        _own.asks = Asks(connect(config.read("DATABASE_URL"), autocommit=True, name="console asks"), "console", now)
    return _own.asks
