"""`tertulia engine`: one engine."""

import argparse
import socket

from tertulia import config
from tertulia.commands.roles import has_test_clock, need_database
from tertulia.store.db import connect
from tertulia.workers.collector import collect_seldom
from tertulia.workers.engine_loop import run_engine
from tertulia.workers.helping import Decider, serve
from tertulia.workers.owner_names import make_owner_name
from tertulia.workers.stopping import ignore_signals, watch_for_stop


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of a person's: everything is a setting. An engine starts its helpers with the socket between them."""
    parser.add_argument("--helps", type=int, metavar="DESCRIPTOR", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    collect_seldom()
    if options.helps is not None:
        return _help(options.helps)
    run_engine(need_database(), config.public_url(), watch_for_stop(), test_clock=has_test_clock())
    return 0


def _help(descriptor: int) -> int:
    ignore_signals()  # it ends with its engine
    with socket.socket(fileno=descriptor) as stream, connect(need_database(), name="tertulia engine") as conn:
        serve(Decider(conn, config.public_url(), make_owner_name()), stream)
    return 0
