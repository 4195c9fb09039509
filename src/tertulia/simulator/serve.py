"""Run the simulator in a process of its own: `run(9100, config)`; stops on SIGINT and SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from tertulia.simulator.app import create_app, create_world
from tertulia.simulator.config import Config, WrongConfig, read_config
from tertulia.simulator.mail import MailServer

DEFAULT_PORT = 9100
STREAMS_END_S = 0.1
CONNECTIONS_MAX = 2_000  # the server takes no further one, used or idle: a sender alone keeps some hundreds


async def serve(port: int, config: Config, *, host: str = "127.0.0.1", mail_port: int | None = None) -> None:
    """Serve until cancelled. One event loop holds the whole world. Without `mail_port` nobody takes e-mails."""
    world = create_world(config)
    app, mail = create_app(world), MailServer(world)
    server = Server(
        app, address=host, port=port, interface=Interfaces.ASGINL, http=HTTPModes.http1, websockets=False,
        backpressure=CONNECTIONS_MAX, log_enabled=False,
    )  # fmt: skip
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    serving = asyncio.ensure_future(server.serve())
    if mail_port is not None:
        await mail.listen(host, mail_port)
    await asyncio.wait([serving, asyncio.ensure_future(stopped.wait())], return_when=asyncio.FIRST_COMPLETED)
    mail.close()
    await app.close()
    await asyncio.sleep(STREAMS_END_S)
    server.stop()
    await serving


def check_port(host: str, port: int) -> None:
    """Raise OSError when somebody else listens there: the server would share the port and get half of the calls."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind((host, port))


def run(
    port: int = DEFAULT_PORT, config: Config | None = None, *, host: str = "127.0.0.1", mail_port: int | None = None
) -> None:
    """Serve in this process until a signal stops it. It listens on the loopback address unless told otherwise."""
    check_port(host, port)
    asyncio.run(serve(port, config or Config(), host=host, mail_port=mail_port))


def main(arguments: list[str] | None = None) -> int:
    """`python -m tertulia.simulator.serve [--port N] [--mail-port N] [--config FILE]`."""
    parser = argparse.ArgumentParser(prog="tertulia.simulator", description="The providers' side, simulated.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--mail-port", type=int, help="where the mail server listens; without it there is none")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--config", type=Path, help="a JSON document with accounts, people and behaviours")
    options = parser.parse_args(arguments)
    try:
        config = read_config(options.config.read_bytes()) if options.config else Config()
        run(options.port, config, host=options.host, mail_port=options.mail_port)
    except (WrongConfig, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
