"""One process that serves an ASGI application on one port: granian inside our own event loop (uvloop).

Granian takes no connection beyond a number, be they used or idle; a silent one would hold its place for ever where
both versions of HTTP are spoken. So the number is large, the process may open as many files, and HTTP/1.1 alone is
spoken, whose connections are closed after half a minute without a request. (HTTP/2 is the proxy's.)
"""

import asyncio
import resource
import signal
from collections.abc import Callable

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from starlette.types import ASGIApp

BACKLOG = 1024
CONNECTIONS_MAX = 10_000
FILES_SPARE = 500  # databases, logs, what is being sent


def run_server(
    app: ASGIApp, address: str, port: int, watch: Callable[[Callable[[], None]], None] | None = None
) -> None:
    """Serve until SIGINT or SIGTERM. `watch` is given a function, callable from any thread, that ends it too."""
    uvloop.run(_serve(app, address, port, watch))


def allow_files(wanted: int) -> int:
    """Let the process open so many files, or as many as it may; how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed


async def _serve(app: ASGIApp, address: str, port: int, watch: Callable[[Callable[[], None]], None] | None) -> None:
    server = Server(
        app,
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        backpressure=max(allow_files(CONNECTIONS_MAX + FILES_SPARE) - FILES_SPARE, 1),
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, server.stop)
    if watch is not None:
        watch(lambda: _stop_from_afar(loop, server))
    await server.serve()


def _stop_from_afar(loop: asyncio.AbstractEventLoop, server: Server) -> None:
    loop.call_soon_threadsafe(server.stop)
