"""One process that serves an ASGI application on one port: granian inside our own event loop (uvloop)."""

import asyncio
import signal
from collections.abc import Callable

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.types import ASGIApp

BACKLOG = 1024


def run_server(
    app: ASGIApp, address: str, port: int, watch: Callable[[Callable[[], None]], None] | None = None
) -> None:
    """Serve until SIGINT or SIGTERM. `watch` is given a function, callable from any thread, that ends it too."""
    uvloop.run(_serve(app, address, port, watch))


async def _serve(app: ASGIApp, address: str, port: int, watch: Callable[[Callable[[], None]], None] | None) -> None:
    server = Server(
        app,
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        backlog=BACKLOG,
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
