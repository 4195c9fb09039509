"""What pages ask of the engine: merges, their undoing, consent given or withdrawn by a person, erasure.

Each thread of the console has one connection of its own for it, made at its first ask; the engine answers through the
log, and the page waits a moment so that it can show what came of it.
"""

import threading
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import psycopg

from tertulia import config
from tertulia.core.entries import Entry
from tertulia.store.asks import Asks
from tertulia.store.db import connect

WAIT_S = 3.0
_own = threading.local()


def ask_engine(workspace: int, entries: Sequence[Entry], now: datetime) -> bool:
    """Append the entries and wait; whether they were decided in time. Others are decided later."""
    try:
        asks = _get_asks(now)
        asked = asks.ask(workspace, entries, now)
    except psycopg.OperationalError:
        _own.asks = None
        asks = _get_asks(now)
        asked = asks.ask(workspace, entries, now)
    return asks.wait(asked, WAIT_S)


def try_again(workspace: int, shard: int, parked_id: UUID, now: datetime) -> bool:
    """Try a parked entry again; False when somebody did already."""
    asks = _get_asks(now)
    asked = asks.try_again(workspace, shard, parked_id, now)
    if asked is not None:
        asks.wait([asked], WAIT_S)
    return asked is not None


def _get_asks(now: datetime) -> Asks:
    if getattr(_own, "asks", None) is None:
        _own.asks = Asks(connect(config.read("DATABASE_URL"), autocommit=True, name="console asks"), "console", now)
    return _own.asks
