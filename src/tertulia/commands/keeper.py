"""`tertulia keeper`: the sweeper and the poller, in one process."""

import argparse
import threading

from tertulia.commands.roles import has_test_clock, need_database
from tertulia.workers.poller import run_poller
from tertulia.workers.stopping import watch_for_stop
from tertulia.workers.sweeper import run_sweeper


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: everything is a setting."""


def run(options: argparse.Namespace) -> int:
    url, stop, test_clock = need_database(), watch_for_stop(), has_test_clock()
    poller = threading.Thread(target=run_poller, args=(url, stop), kwargs={"test_clock": test_clock}, name="poller")
    poller.start()
    run_sweeper(url, stop, test_clock=test_clock)
    poller.join()
    return 0
