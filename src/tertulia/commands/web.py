"""`tertulia web`: console, API, webhooks and links on one port, in one process."""

import argparse

from tertulia import config
from tertulia.asgi import create_app
from tertulia.commands.ports import need_free_port, read_port
from tertulia.commands.roles import need_database
from tertulia.edge.server import run_server
from tertulia.workers.collector import collect_seldom
from tertulia.workers.stopping import watch_lifeline


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=read_port, help="where to listen (PORT)")


def run(options: argparse.Namespace) -> int:
    need_database()
    address, port = config.read("BIND"), options.port or config.read_int("PORT")
    need_free_port(address, port)
    app = create_app()
    collect_seldom()
    run_server(app, address, port, watch_lifeline)
    return 0
