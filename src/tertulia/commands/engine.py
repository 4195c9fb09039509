"""`tertulia engine`: one engine."""

import argparse

from tertulia import config
from tertulia.commands.roles import has_test_clock, need_database
from tertulia.workers.collector import collect_seldom
from tertulia.workers.engine_loop import run_engine
from tertulia.workers.stopping import watch_for_stop


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: everything is a setting."""


def run(options: argparse.Namespace) -> int:
    collect_seldom()
    run_engine(need_database(), config.public_url(), watch_for_stop(), test_clock=has_test_clock())
    return 0
