"""`import`: how long a list of a million rows takes from the file to contacts that the console finds.

A million contacts are there already. The second file has a million rows in messy spellings: 20 % known (half of them
with a change), 5 % twice in the file, 4 % rejected, some landlines, the rest new. It is imported by `tertulia import`
in a process of its own, whose peak memory, with that of the processes it starts, is the kernel's figure; meanwhile
another connection asks for what a contacts page asks. The limit is PostgreSQL's bare COPY of the same file into a table
without an index.
"""

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tertulia.bench.harness import Figure, Report, against, fresh_database
from tertulia.store.contacts import Filter, list_contacts
from tertulia.store.db import connect

ROWS = 1_000_000
GOAL_S = 60.0
MEMORY_GOAL_MIB = 300
PAGE_GOAL_S = 1.0
PAGE_EVERY_S = 0.25
MEMORY_EVERY_S = 0.1
SEED = 20_261_122

_FIRST = (
    "Ana",
    "Beatriz",
    "Carla",
    "Daniel",
    "Eduarda",
    "Fábio",
    "Gabriela",
    "Heitor",
    "Inês",
    "João",
    "Nuno",
    "Olívia",
)
_LAST = ("Silva", "Souza", "Costa", "Santos", "Oliveira", "Pereira", "Lima", "Carvalho", "Gonçalves", "Rocha", "Peña")
_AREAS = ("11", "19", "21", "27", "31", "41", "48", "51", "61", "71", "81", "85")
_SPELLINGS = ("+55 {a} 9{b}-{c}", "({a}) 9{b}-{c}", "55{a}9{b}{c}", "0{a} 9{b} {c}", "{a} {b}-{c}", "+55{a}9{b}{c}")
_BROKEN = ("", "11 9855A-0200", "+55 11 9855", "+55 11 98555-020000", "+55 20 98555-0200", "5.51E+12", "000000000")


def run() -> Report:
    """Import a million rows beside a million contacts."""
    with fresh_database() as url, tempfile.TemporaryDirectory() as folder:
        from tertulia.data.models import Workspace
        from tertulia.store.sealing import seal

        workspace = Workspace.objects.create(
            name="Bench", slug="bench", country="BR", link_key=seal(b"of a bench only")
        )
        first, second = Path(folder) / "first.csv", Path(folder) / "second.csv"
        _write(first, _iter_known())
        _write(second, _iter_messy())
        _import(first)
        limit = _copy_bare(url, second)
        with _Pages(url, workspace.pk) as pages:
            seconds, memory_mib, answer = _import(second)
        found = _search(url, workspace.pk)
        return _report(seconds, memory_mib, limit, answer, pages.times, found)


def _report(
    seconds: float, memory_mib: float, limit: float, answer: dict[str, Any], pages: list[float], found: bool
) -> Report:
    slowest = max(pages, default=0.0)
    p95 = sorted(pages)[int(len(pages) * 0.95)] if pages else 0.0
    counts = {name: answer[name] for name in ("new", "updated", "unchanged", "duplicate", "rejected", "without_sms")}
    whole = sum(counts[name] for name in counts if name != "without_sms") == ROWS and found
    return Report(
        "import",
        (
            against("import", seconds, "s", limit, f"<= {GOAL_S:.0f} s for {ROWS} rows", seconds <= GOAL_S and whole),
            Figure(
                "memory",
                round(memory_mib, 1),
                "MiB",
                goal=f"<= {MEMORY_GOAL_MIB} MiB",
                met=memory_mib <= MEMORY_GOAL_MIB,
            ),
            Figure("page_p95", round(p95, 4), "s", goal=f"<= {PAGE_GOAL_S:.0f} s meanwhile", met=p95 <= PAGE_GOAL_S),
            Figure("page_max", round(slowest, 4), "s"),
            Figure("rate", round(ROWS / seconds), "1/s"),
        ),
        {**counts, "pages_asked": len(pages), "found_by_search": found},
    )


class _Pages:
    """Asks for a page of contacts, again and again, while the import runs, and notes how long each took."""

    def __init__(self, url: str, workspace: int) -> None:
        self._url, self._workspace = url, workspace
        self._stop = threading.Event()
        self.times: list[float] = []
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> "_Pages":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        with connect(self._url, autocommit=True) as conn:
            while not self._stop.wait(PAGE_EVERY_S):
                begun = time.perf_counter()
                list_contacts(conn, self._workspace, Filter(), None, 50)
                self.times.append(time.perf_counter() - begun)


def _import(path: Path) -> tuple[float, float, dict[str, Any]]:
    """Seconds, peak memory of the importing process in MiB, and its report."""
    command = [sys.executable, "-m", "tertulia.cli", "import", str(path), "--country", "BR", "--basis", "customer"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    begun = time.perf_counter()
    process = subprocess.Popen([*command, "--source", "bench", "--json"], env=environment, stdout=subprocess.PIPE)  # noqa: S603
    assert process.stdout is not None
    with _Memory(process.pid) as memory:
        answer = process.stdout.read()
        process.wait()
    seconds = time.perf_counter() - begun
    if process.returncode:
        raise RuntimeError("the import of the bench failed")
    return seconds, memory.peak_mib, msgspec.json.decode(answer)


class _Memory:
    """Asks the kernel for the peaks of a process and of those that it starts; their sum is at least the real peak."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks_kib: dict[int, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> "_Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def peak_mib(self) -> float:
        """All peaks together."""
        return sum(self._peaks_kib.values()) / 1024

    def _ask(self) -> None:
        while not self._stop.wait(MEMORY_EVERY_S):
            self._look_at(self._pid)

    def _look_at(self, pid: int) -> None:
        process = Path(f"/proc/{pid}")
        with contextlib.suppress(OSError):
            lines = (process / "status").read_text().splitlines()
            for peak in (int(line.split()[1]) for line in lines if line.startswith("VmHWM")):
                self._peaks_kib[pid] = max(peak, self._peaks_kib.get(pid, 0))
            for children in process.glob("task/*/children"):
                for child in children.read_text().split():
                    self._look_at(int(child))


def _search(url: str, workspace: int) -> bool:
    """Whether the console's search finds the first and the last new contact."""
    with connect(url, autocommit=True) as conn:
        return all(list_contacts(conn, workspace, Filter(words=(word,)), None, 5) for word in ("n50", f"n{ROWS - 1}"))


def _copy_bare(url: str, path: Path) -> float:
    with connect(url) as conn:
        conn.execute("create table bare (name text, surname text, phone text)")
        begun = time.perf_counter()
        with path.open("rb") as file, conn.cursor().copy("copy bare from stdin (format csv, header)") as copy:
            while block := file.read(1 << 20):
                copy.write(block)
        conn.commit()
        seconds = time.perf_counter() - begun
        conn.execute("drop table bare")
        conn.commit()
    return seconds


def _write(path: Path, rows: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("nome,sobrenome,telefone\n")
        file.writelines(rows)


def _iter_known() -> Iterator[str]:
    """A million people: person n has number n, spelled well."""
    for n in range(ROWS):
        area, number = _number(n)
        yield f"{_name(n)},{_LAST[n % len(_LAST)]} k{n},+55{area}9{number}\n"


def _iter_messy() -> Iterator[str]:
    draw = random.Random(SEED)  # noqa: S311 (a bench's data)
    for n in range(ROWS):
        kind = n % 100
        if kind < 20:  # known; half of them have a further name by now
            area, number = _number(n)
            more = " Neto" if kind < 10 else ""
            yield f"{_name(n)},{_LAST[n % len(_LAST)]} k{n}{more},{_spell(draw, area, number)}\n"
        elif kind < 25 and n > 1000:  # twice in this file
            yield _new(draw, n - kind + 50 - 100 * draw.randrange(1, 10))
        elif kind < 29:
            yield f"{_name(n)},x{n},{draw.choice(_BROKEN)}\n"
        elif kind < 31:
            yield f"{_name(n)},Land n{n},({_AREAS[n % 12]}) 3{n % 10_000_000:07d}\n"
        else:
            yield _new(draw, n)


def _new(draw: random.Random, n: int) -> str:
    area, number = _number(ROWS + n)
    return f"{_name(n)},{_LAST[n % len(_LAST)]} n{n},{_spell(draw, area, number)}\n"


def _name(n: int) -> str:
    return _FIRST[n % len(_FIRST)]


def _number(n: int) -> tuple[str, str]:
    """An area and eight digits that begin as a mobile number does; different for different n."""
    return _AREAS[n % len(_AREAS)], str(80_000_000 + (n // len(_AREAS) * 7_919) % 19_999_999)


def _spell(draw: random.Random, area: str, number: str) -> str:
    return draw.choice(_SPELLINGS).format(a=area, b=number[:4], c=number[4:])
