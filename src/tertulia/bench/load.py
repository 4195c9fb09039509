"""Load from a process of its own: raw requests over kept-alive connections, one at a time on each.

`python -m tertulia.bench.load URL FILE SECONDS CONNECTIONS RATE`. The file holds whole HTTP/1.1 requests, each after
its length in four bytes. With a rate the loop is open: requests fall due by the clock, whoever answers how fast, and
latency counts from that moment; without one every connection sends as soon as it was answered.
"""

import asyncio
import itertools
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import msgspec

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
TICK_S = 0.001
LAST_ANSWERS_S = 10.0
SERIAL_MARK = b"5e71a15e71a1"  # hexadecimal digits, as long as what takes their place
TIME_MARK = b"1999-12-31T23:59:59.999Z"
DUE_MARK = b"9999999999999"  # milliseconds since 1970


class Record:
    """Answers by status and how long they took."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.sent = 0


class Connection(asyncio.Protocol):
    """One kept-alive connection with at most one request under way. `on_free` is called when it was answered."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.on_free: Callable[[Connection], None] = _forget
        self.transport: asyncio.Transport | None = None
        self.buffer = b""
        self.due = 0.0
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.busy:
            self.record.statuses["lost"] += 1
        self.transport = None

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self.busy = True
        self.record.sent += 1
        assert self.transport is not None
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer + data if self.buffer else data
        head = buffer.find(HEAD_END)
        if head < 0:
            self.buffer = buffer
            return
        at = buffer.find(LENGTH, 0, head)
        length = int(buffer[at + len(LENGTH) : buffer.find(b"\r", at)]) if at >= 0 else 0
        if len(buffer) < head + 4 + length:
            self.buffer = buffer
            return
        self.buffer = b""
        self.busy = False
        self.record.statuses[buffer[9:12].decode()] += 1
        self.record.latencies.append(time.perf_counter() - self.due)
        self.on_free(self)


def _forget(connection: Connection) -> None:
    """Nothing is to be done with a free connection yet."""


def read_requests(path: Path) -> Sequence[bytes]:
    """The requests of a file."""
    data = path.read_bytes()
    requests, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        requests.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return requests


def write_requests(path: Path, requests: Sequence[bytes]) -> None:
    """Keep whole requests for `read_requests`."""
    path.write_bytes(b"".join(len(request).to_bytes(4, "big") + request for request in requests))


def iter_stamped(requests: Sequence[bytes], rate_per_s: float) -> Iterator[bytes]:
    """The requests again and again, each with its serial number and the moment at which it falls due."""
    began = time.time()
    for serial, request in enumerate(itertools.cycle(requests)):
        due = began + serial / rate_per_s
        told = datetime.fromtimestamp(due, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        stamped = request.replace(SERIAL_MARK, b"%012x" % serial).replace(TIME_MARK, told.encode())
        yield stamped.replace(DUE_MARK, b"%013d" % (due * 1_000))


async def connect_all(url: str, count: int, record: Record) -> list[Connection]:
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Connection(record), parts.hostname, parts.port or 80) for _ in range(count)
    ]
    return [protocol for _, protocol in made]


async def run_closed(connections: Sequence[Connection], requests: Iterator[bytes], seconds: float) -> float:
    """Every connection sends as soon as it is free. Seconds until the last answer."""
    began = time.perf_counter()
    done = asyncio.Event()
    free: set[Connection] = set()

    def go_on(connection: Connection) -> None:
        now = time.perf_counter()
        request = next(requests, None) if now - began < seconds else None
        if request is None or connection.transport is None:
            free.add(connection)
            if len(free) == len(connections):
                done.set()
            return
        connection.send(request, now)

    for connection in connections:
        connection.on_free = go_on
        go_on(connection)
    await asyncio.wait_for(done.wait(), seconds + LAST_ANSWERS_S)
    return time.perf_counter() - began


async def run_open(
    connections: Sequence[Connection], requests: Iterator[bytes], seconds: float, rate_per_s: float
) -> float:
    """Requests fall due by the clock; one that finds no free connection waits, and its waiting counts."""
    began = time.perf_counter()
    free = deque(connections)
    waiting: deque[float] = deque()

    def send_due(connection: Connection) -> None:
        request = next(requests, None) if waiting else None
        if request is None or connection.transport is None:
            free.append(connection)
        else:
            connection.send(request, waiting.popleft())

    for connection in connections:
        connection.on_free = send_due
    total, planned = int(seconds * rate_per_s), 0
    while planned < total:
        now = time.perf_counter()
        while planned < total and began + planned / rate_per_s <= now:
            waiting.append(began + planned / rate_per_s)
            planned += 1
            if free:
                send_due(free.popleft())
        await asyncio.sleep(TICK_S)
    until = time.perf_counter() + LAST_ANSWERS_S
    while len(free) < len(connections) and time.perf_counter() < until:
        await asyncio.sleep(TICK_S)
    return time.perf_counter() - began


async def main(url: str, path: str, seconds: str, count: str, rate: str) -> None:
    record = Record()
    kept = read_requests(Path(path))
    stamped = float(rate) and SERIAL_MARK in kept[0]
    requests = iter_stamped(kept, float(rate)) if stamped else iter(kept)
    connections = await connect_all(url, int(count), record)
    if float(rate):
        took_s = await run_open(connections, requests, float(seconds), float(rate))
    else:
        took_s = await run_closed(connections, requests, float(seconds))
    latencies = sorted(record.latencies) or [0.0]
    report = {
        "sent": record.sent,
        "answered": len(record.latencies),
        "seconds": took_s,
        "statuses": dict(record.statuses),
        "p50_s": latencies[len(latencies) // 2],
        "p99_s": latencies[int(len(latencies) * 0.99)],
        "max_s": latencies[-1],
        "cpu_ms": round(time.process_time() * 1_000, 1),
    }
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(*sys.argv[1:6]))
