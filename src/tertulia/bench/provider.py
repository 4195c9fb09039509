"""A provider on the loopback address for `send`: takes texts as JSON and, when asked to, reports each twice.

`python -m tertulia.bench.provider --port PORT` speaks HTTP by hand, so that as little of the machine as may be
goes into it. Every text is answered with an id; its two reports, accepted and delivered, are posted to the text's
`callback` over kept-alive connections. `GET /counts` tells what it took and what it reported, `GET /late` how long
after the moment that a text names (`due=` and milliseconds since 1970) it came.
"""

import asyncio
import sys
import time
from array import array
from collections import deque
from typing import cast
from urllib.parse import urlsplit

import msgspec
import uvloop

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
REPORTERS = 64
STATUSES = ("accepted", "delivered")
DUE = "due="


class Text(msgspec.Struct):
    """What the program sends; other fields are of no interest."""

    reference: str
    callback: str = ""
    text: str = ""


class Provider:
    """What was taken, and the reports that wait to be posted."""

    def __init__(self) -> None:
        self.taken = 0
        self.reported = 0
        self.refused = 0
        self.reports: deque[tuple[str, bytes]] = deque()
        self.idle: list[Reporter] = []
        self.reporters = 0
        self.late = array("d")
        self.decoder = msgspec.json.Decoder(Text)

    def take(self, body: bytes) -> bytes:
        """Accept a text; its reports are posted as connections become free."""
        self.taken += 1
        text = self.decoder.decode(body)
        name = f"g{self.taken}"
        _, marked, due = text.text.partition(DUE)
        if marked:
            self.late.append(time.time() - int(due) / 1_000)
        if text.callback:
            for status in STATUSES:
                report = msgspec.json.encode({"id": name, "reference": text.reference, "status": status})
                self.reports.append((text.callback, report))
            self.go_on()
        return b'{"id":"%b"}' % name.encode()

    def tell_late(self) -> dict[str, float]:
        """Seconds between the moments that texts named and their coming."""
        late = sorted(self.late) or [0.0]
        return {"p50": late[len(late) // 2], "p99": late[int(len(late) * 0.99)], "max": late[-1]}

    def go_on(self) -> None:
        while self.reports and self.idle:
            self.idle.pop().post(*self.reports.popleft())
        if self.reports and self.reporters < REPORTERS:
            self.reporters += 1
            parts = urlsplit(self.reports[0][0])
            loop = asyncio.get_running_loop()
            task = loop.create_task(loop.create_connection(lambda: Reporter(self), parts.hostname, parts.port or 80))
            task.add_done_callback(lambda done: done.exception())


class Speaker(asyncio.Protocol):
    """One HTTP/1.1 connection: whole messages are handed to `hear`."""

    transport: asyncio.Transport
    buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer + data if self.buffer else data
        while (end := buffer.find(HEAD_END)) >= 0:
            head = buffer[:end].lower()
            at = head.find(LENGTH)
            line_end = head.find(b"\r", at)
            length = int(head[at + len(LENGTH) : line_end if line_end >= 0 else end]) if at >= 0 else 0
            if len(buffer) < end + 4 + length:
                break
            self.hear(buffer[:end], buffer[end + 4 : end + 4 + length])
            buffer = buffer[end + 4 + length :]
        self.buffer = buffer

    def hear(self, head: bytes, body: bytes) -> None:
        raise NotImplementedError


class Counter(Speaker):
    """A connection of the program's: texts in, ids out."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    def hear(self, head: bytes, body: bytes) -> None:
        provider = self.provider
        if head.startswith(b"GET /late"):
            answer = msgspec.json.encode(provider.tell_late())
        elif head.startswith(b"GET"):
            counts = {"taken": provider.taken, "reported": provider.reported, "refused": provider.refused}
            answer = msgspec.json.encode(counts)
        else:
            answer = provider.take(body)
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(answer), answer)
        )


class Reporter(Speaker):
    """A connection to the program's webhook: one report at a time."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.provider.idle.append(self)
        self.provider.go_on()

    def post(self, address: str, report: bytes) -> None:
        parts = urlsplit(address)
        self.transport.write(
            f"POST {parts.path}?{parts.query} HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(report)}\r\n\r\n".encode()
            + report
        )

    def hear(self, head: bytes, body: bytes) -> None:
        self.provider.reported += 1
        self.provider.refused += head[9:12] != b"200"
        self.provider.idle.append(self)
        self.provider.go_on()

    def connection_lost(self, error: Exception | None) -> None:
        self.provider.reporters -= 1
        if self in self.provider.idle:
            self.provider.idle.remove(self)


async def serve(port: int) -> None:
    provider = Provider()
    server = await asyncio.get_running_loop().create_server(lambda: Counter(provider), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[-1])))
