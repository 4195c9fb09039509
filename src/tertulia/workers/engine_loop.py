"""Runs an engine until it is told to stop: round after round, waiting for a hint (LISTEN) or polling between them."""

import threading
import time
from typing import Final

import psycopg
import structlog

from tertulia.errors import StoodDown
from tertulia.store.db import Conn, connect
from tertulia.store.live import publish
from tertulia.store.log import CHANNEL
from tertulia.workers.engine import Engine
from tertulia.workers.helping import start_helpers

IDLE_S: Final = 0.1
GATHER_S: Final = 0.05  # rounds begin so far apart unless work is left: larger cycles cost less for each entry
TOPICS_PER_ROUND: Final = 200

log = structlog.get_logger("tertulia.engine")


def run_engine(url: str, public_url: str, stop: threading.Event, *, test_clock: bool = False) -> None:
    """Work until `stop`. A lost connection is opened again; the lease decides whether the shards are still ours."""
    while not stop.is_set():
        try:
            with (
                connect(url, name="tertulia engine") as conn,
                connect(url, autocommit=True, name="hints") as hints,
                start_helpers(url) as helpers,
            ):
                _work(Engine(conn, public_url, test_clock=test_clock, helpers=helpers), hints, stop)
        except (StoodDown, psycopg.OperationalError) as error:
            log.warning("engine_restarts", error=type(error).__name__)
            stop.wait(1.0)


def _work(engine: Engine, hints: Conn, stop: threading.Event) -> None:
    hints.execute(psycopg.sql.SQL("listen {}").format(psycopg.sql.Identifier(CHANNEL)))
    while not stop.is_set():
        began = time.monotonic()
        busy = engine.run_round()
        if engine.touched:
            publish(hints, sorted(engine.touched, key=_rank_topic)[:TOPICS_PER_ROUND])
            engine.touched.clear()
        if engine.full:
            continue
        if not busy:
            for _ in hints.notifies(timeout=IDLE_S, stop_after=1):
                break
        stop.wait(max(began + GATHER_S - time.monotonic(), 0.0))
    engine.release()


def _rank_topic(topic: str) -> tuple[bool, str]:
    """Contacts last: a round may touch thousands of them, and few of their pages are open."""
    return topic.startswith("contact:"), topic
