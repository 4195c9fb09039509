"""What every bench needs: a report, a database of its own, a server, and load from another process.

A bench is a module of this package with `run() -> Report`. Its database is a fresh embedded server with fsync on, in a
temporary folder; servers and load generators are processes of their own, so that what is measured shares no
interpreter with what measures. The first figure is the headline.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, LiteralString
from urllib.error import URLError
from urllib.request import urlopen

import msgspec
import psycopg
from psycopg import sql

from tertulia.embedded import EmbeddedPostgres
from tertulia.errors import NotFound

BENCHES = (
    "import",
    "links",
    "webhooks",
    "send",
    "ingest",
    "engine",
    "reaction",
    "timers",
    "segments",
    "simulate",
    "billion",
)
MODULES = {"import": "imports"}
SCALED = ("ingest", "engine", "timers", "segments", "simulate")  # for any number of contacts
CONTACTS_LEAST = 10_000
START_LIMIT_S = 30.0
STOP_LIMIT_S = 20.0
LOAD_LIMIT_S = 900.0
ROLES_LIMIT_S = 60.0
ROLES_LOOK_S = 0.25


ROLES_LIVE = """
select exists (select from shard_owner where lease_until > now())
   and exists (select from log_writer where name = 'sender')
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `limit` is what the same work costs bare, `ratio` the value against it; `goal` says in words
    what is to be reached, `met` whether it was. Without a limit or goal those are None."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    ratio: float | None = None
    goal: str | None = None
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What `tertulia bench NAME --json` prints."""

    bench: str
    figures: tuple[Figure, ...]
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        return all(figure.met is not False for figure in self.figures)

    def to_json(self) -> bytes:
        return msgspec.json.encode(self)


def run_bench(name: str, contacts: int | None = None) -> Report:
    """Run one bench, for another number of contacts than its own where it can. Raises NotFound for a name that is
    none or cannot."""
    if contacts is not None and (name not in SCALED or contacts < CONTACTS_LEAST):
        raise NotFound(f"For a number of contacts, {CONTACTS_LEAST:,} or more, there are: {', '.join(SCALED)}.")
    if name not in BENCHES:
        raise NotFound(f"There is no bench {name!r}. There are: {', '.join(BENCHES)}.")
    sized = {} if contacts is None else {"contacts": contacts}
    report: Report = import_module(f"tertulia.bench.{MODULES.get(name, name)}").run(**sized)
    return report


def run_alone(name: str) -> Report:
    """Run a bench in a process of its own: a process has one database."""
    done = subprocess.run(  # noqa: S603 (our own arguments)
        [sys.executable, "-m", "tertulia.cli", "bench", name, "--json"], stdout=subprocess.PIPE, check=False
    )
    if not done.stdout:
        raise RuntimeError(f"the bench {name} ended without a report")
    return msgspec.json.decode(done.stdout, type=Report)


def against(name: str, value: float, unit: str, limit: float, goal: str, met: bool) -> Figure:
    """A figure beside its limit."""
    return Figure(name, round(value, 4), unit, round(limit, 4), round(value / limit, 4) if limit else None, goal, met)


@contextmanager
def fresh_database(extra: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address of a migrated, durable database of one's own. The process's settings point to it, Django is set up
    on it; a process runs one such bench."""
    folder = Path(tempfile.mkdtemp(prefix="tertulia-bench-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder, extra=extra)
    os.environ.update(
        TERTULIA_DATA=str(folder),
        SECRET_KEY="of a bench only, and long enough to be taken for one",  # noqa: S106
        DJANGO_SETTINGS_MODULE="tertulia.settings",
    )
    try:
        os.environ["DATABASE_URL"] = server.start("bench")
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield os.environ["DATABASE_URL"]
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def serve(*module: str, ready: str = "/readyz") -> Iterator[str]:
    """A server in a process of its own, started as a Python module that takes `--port`; its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = start_module(*module, "--port", str(port), PUBLIC_URL=url)
    try:
        wait_for(url + ready, process)
        yield url
    finally:
        end(process)


@contextmanager
def run_beside(*module: str, **settings: str) -> Iterator[None]:
    """A process of its own (an engine, a sender) for as long as the block runs."""
    process = start_module(*module, **settings)
    try:
        yield
    finally:
        end(process)


def start_module(*module: str, **settings: str) -> "subprocess.Popen[bytes]":
    """A Python module in a process of its own, under this process's settings and these."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **settings}
    return subprocess.Popen(  # noqa: S603 (our own arguments)
        [sys.executable, "-m", *module], env=environment, stdout=subprocess.DEVNULL
    )


def await_true(url: str, query: str, limit_s: float, every_s: float, failure: str) -> None:
    """Return when the query's one value is true. Raises RuntimeError with `failure` when it does not become so."""
    deadline = time.monotonic() + limit_s
    with psycopg.connect(url, autocommit=True) as conn:
        while time.monotonic() < deadline:
            row = conn.execute(query.encode()).fetchone()
            if row and row[0]:
                return
            time.sleep(every_s)
    raise RuntimeError(failure)


def await_roles(url: str) -> None:
    """Until the engine owns its shards and the sender has said that it lives: their start is no part of the figures."""
    await_true(url, ROLES_LIVE, ROLES_LIMIT_S, ROLES_LOOK_S, "the roles of the bench did not start")


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process politely, then by force."""
    process.terminate()
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Return when the address answers 200. Raises RuntimeError when the server ends or takes too long."""
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(url, timeout=5) as answer:  # noqa: S310 (our own address)
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the server of the bench is not ready: {url}")


def copy_bare(url: str, table: str, rows: Path) -> float:
    """Rows a second of a bare COPY of a table's rows into one like it, by way of the file `rows`."""

    def fill(text: LiteralString) -> sql.Composed:
        return sql.SQL(text).format(sql.Identifier(table))

    with psycopg.connect(url, autocommit=True) as conn:
        cursor = conn.cursor()
        with rows.open("wb") as out, cursor.copy(fill("copy (select * from {}) to stdout")) as copied:
            for block in copied:
                out.write(block)
        conn.execute(fill("create table bare (like {} including all)"))
        began = time.perf_counter()
        with rows.open("rb") as source, cursor.copy("copy bare from stdin") as copying:
            while block := source.read(1 << 20):
                copying.write(block)
        seconds = time.perf_counter() - began
        conn.execute("drop table bare")
        return cursor.rowcount / seconds


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def generate_load(url: str, requests: Path, *, seconds: float, connections: int, rate_per_s: float = 0) -> "Load":
    """Send the requests of a file to the server from another process and tell how it answered (`bench.load`)."""
    command = [sys.executable, "-m", "tertulia.bench.load", url, str(requests), str(seconds), str(connections)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(  # noqa: S603 (our own arguments)
        [*command, str(rate_per_s)], env=environment, stdout=subprocess.PIPE, check=True, timeout=LOAD_LIMIT_S
    )
    return msgspec.json.decode(done.stdout, type=Load)


class Load(msgspec.Struct, frozen=True):
    """What a load generator saw. Latencies in seconds, from the moment a request was due."""

    sent: int
    answered: int
    seconds: float
    statuses: dict[str, int]
    p50_s: float
    p99_s: float
    max_s: float
    cpu_ms: float  # of the generator itself

    @property
    def rate_per_s(self) -> float:
        return self.answered / self.seconds


def read_cpu(url: str) -> Counter[str]:
    """Processor time so far, ms, by kind of process: this bench's children and its database's. What a message costs
    says what a whole machine does; a rate on a busy one says little."""
    with psycopg.connect(url) as conn:
        backends = {row[0]: row[1] for row in conn.execute("select pid, application_name from pg_stat_activity")}
    spent: Counter[str] = Counter()
    tick_ms = 1_000 // os.sysconf("SC_CLK_TCK")
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            command = (stat.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid, parent = int(stat.parent.name), int(fields[1])
        if pid in backends:
            name = f"postgres: {backends[pid] or 'other'}"
        elif os.getpid() in (parent, parent_of(parent)) and pid != os.getpid():
            name = command.rpartition("tertulia.")[2].partition("--port")[0].strip() or "other"
        else:
            continue
        spent[name] += (int(fields[11]) + int(fields[12])) * tick_ms
    return spent


def share_cpu(spent: Counter[str], count: int) -> dict[str, float]:
    """Processor time, ms, for each of `count` messages, the dearest kinds first, and its total."""
    shares = {name: round(ms / count, 3) for name, ms in spent.most_common(10)}
    return {**shares, "total": round(spent.total() / count, 3)}


def parent_of(pid: int) -> int:
    """The process that started this one; 0 where there is none any more."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def median(values: Sequence[float]) -> float:
    """The middle value, of an even number the lower middle one."""
    return sorted(values)[(len(values) - 1) // 2]
