"""What the benches of one engine share: rounds until nothing is left to do, with the time that they took."""

import time
from collections import Counter
from datetime import UTC, datetime
from typing import NamedTuple

import psycopg

from tertulia.bench.harness import read_cpu
from tertulia.store.log import LogWriter, NewEntry
from tertulia.workers.collector import collect_seldom
from tertulia.workers.engine import Engine


class Worked(NamedTuple):
    """So many rounds in so many seconds; processor time in ms by kind of process."""

    rounds: int
    seconds: float
    spent: Counter[str]


def drain(engine: Engine) -> int:
    """Rounds until there is nothing left; how many."""
    rounds = 0
    while engine.run_round():
        rounds += 1
    return max(rounds, 1)


def measure_rounds(url: str, engine: Engine) -> Worked:
    """The same, timed, under the collector of the engine's command."""
    collect_seldom()
    before = read_cpu(url)
    began, cpu = time.perf_counter(), time.process_time()
    rounds = drain(engine)
    seconds, own = time.perf_counter() - began, time.process_time() - cpu
    spent = read_cpu(url) - before
    spent["engine"] = round(own * 1_000)
    return Worked(rounds, seconds, spent)


def append_group(conn: psycopg.Connection, writer: LogWriter, group: list[NewEntry]) -> None:
    """As the edge does, one commit a group."""
    writer.append(conn, group, datetime.now(UTC))
    conn.commit()
    writer.committed()
