"""`tertulia sender`: one sender."""

import argparse

from tertulia.commands.roles import has_test_clock, need_database
from tertulia.workers.collector import collect_seldom
from tertulia.workers.sender import run_sender
from tertulia.workers.stopping import watch_for_stop


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: everything is a setting."""


def run(options: argparse.Namespace) -> int:
    collect_seldom()
    run_sender(need_database(), watch_for_stop(), test_clock=has_test_clock())
    return 0
