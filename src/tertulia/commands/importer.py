"""`tertulia importer`: one importer, which checks, applies and undoes imports."""

import argparse

from tertulia import config
from tertulia.commands.roles import has_test_clock, need_database
from tertulia.workers.importer import Setup, serve
from tertulia.workers.stopping import watch_for_stop


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: everything is a setting."""


def run(options: argparse.Namespace) -> int:
    url = need_database()
    serve(Setup(url, config.need_data_dir(), test_clock=has_test_clock()), watch_for_stop())
    return 0
