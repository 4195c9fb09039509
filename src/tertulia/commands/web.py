"""`tertulia web`: console, API, webhooks and links on one port, in one process."""

import argparse
import asyncio
import signal

from granian.constants import Interfaces
from granian.server.embed import Server

from tertulia import config
from tertulia.asgi import create_app
from tertulia.commands.roles import need_database
from tertulia.workers.stopping import watch_lifeline

BACKLOG = 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, help="where to listen (PORT)")


def run(options: argparse.Namespace) -> int:
    need_database()
    asyncio.run(_serve(config.read("BIND"), options.port or config.read_int("PORT")))
    return 0


async def _serve(address: str, port: int) -> None:
    server = Server(
        create_app(),
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
    watch_lifeline(lambda: loop.call_soon_threadsafe(server.stop))
    await server.serve()
