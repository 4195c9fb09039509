"""Run the simulator in a process of its own: `run(9100, config)`; stops on SIGINT and SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from tertulia.simulator.app import create_app, create_world
from tertulia.simulator.config import Config, WrongConfig, read_config

DEFAULT_PORT = 9100


async def serve(port: int, config: Config, *, host: str = "127.0.0.1") -> None:
    """Serve until cancelled. One event loop holds the whole world."""
    server = Server(
        create_app(create_world(config)), address=host, port=port, interface=Interfaces.ASGINL, websockets=False,
        log_enabled=False,
    )  # fmt: skip
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, server.stop)
    await server.serve()


def run(port: int = DEFAULT_PORT, config: Config | None = None, *, host: str = "127.0.0.1") -> None:
    """Serve in this process until a signal stops it. It listens on the loopback address unless told otherwise."""
    asyncio.run(serve(port, config or Config(), host=host))


def main(arguments: list[str] | None = None) -> int:
    """`python -m tertulia.simulator.serve [--port N] [--config FILE]`."""
    parser = argparse.ArgumentParser(prog="tertulia.simulator", description="The providers' side, simulated.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--config", type=Path, help="a JSON document with accounts, people and behaviours")
    options = parser.parse_args(arguments)
    try:
        config = read_config(options.config.read_bytes()) if options.config else Config()
        run(options.port, config, host=options.host)
    except (WrongConfig, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
