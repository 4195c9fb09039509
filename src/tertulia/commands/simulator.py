"""`tertulia simulator`: the providers' side and the virtual phones, as the demo runs them."""

import argparse
import os
import signal
from pathlib import Path

from tertulia.commands.ports import need_free_port, read_port
from tertulia.edge.server import FILES_SPARE, allow_files
from tertulia.simulator import serve
from tertulia.workers.stopping import watch_lifeline


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=read_port, default=serve.DEFAULT_PORT)
    parser.add_argument("--mail-port", type=read_port, help="where the mail server listens; without it there is none")
    parser.add_argument("--config", type=Path, help="a JSON document with accounts, people and behaviours")


def run(options: argparse.Namespace) -> int:
    ports = {"--port": options.port, "--mail-port": options.mail_port}
    given = {name: port for name, port in ports.items() if port is not None}
    for port in given.values():
        need_free_port("127.0.0.1", port)
    watch_lifeline(lambda: os.kill(os.getpid(), signal.SIGTERM))
    allow_files(serve.CONNECTIONS_MAX + FILES_SPARE)
    config = ["--config", str(options.config)] if options.config else []
    return serve.main([*(text for name, port in given.items() for text in (name, str(port))), *config])
