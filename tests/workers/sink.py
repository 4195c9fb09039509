"""A provider's stand-in on the loopback address: answers like Twilio's Messages API and remembers what it was sent."""

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from aiohttp import web


@dataclass
class Sink:
    """`sent` counts messages by delivery id (it rides on the callback's address). While `open` is not set, requests
    wait after they were counted. A test may set `status` and `answer` (JSON), or a `handler` of its own."""

    port: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    bodies: list[str] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    answer: dict[str, object] = field(default_factory=dict)
    handler: Callable[[web.Request], Awaitable[web.Response]] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, request: web.Request) -> web.Response:
        return await (self.handler or self.take)(request)

    async def take(self, request: web.Request) -> web.Response:
        form = parse_qs((await request.read()).decode())
        query = parse_qs(urlsplit(form.get("StatusCallback", [""])[0]).query)
        delivery = query.get("m", [""])[0]
        self.sent[delivery] += 1
        self.bodies.append(form.get("Body", [""])[0])
        while not self.open.is_set():
            await asyncio.sleep(0.01)
        answer = self.answer or {"sid": f"SM{delivery.replace('-', '')}", "num_segments": "1", "status": "queued"}
        return web.json_response(answer, status=self.status, headers=self.headers)


@contextmanager
def run_sink() -> Iterator[Sink]:
    """A sink in a thread of its own, open."""
    sink = Sink()
    sink.open.set()
    ready, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", sink.serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)  # nobody waits for who hangs
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        sink.port = runner.addresses[0][1]
        ready.set()
        while not stop.is_set():
            await asyncio.sleep(0.02)
        sink.open.set()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    yield sink
    stop.set()
    thread.join(10)
