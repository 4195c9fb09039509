"""When a process of ours has to stop: at SIGINT or SIGTERM, or when the supervisor that started it is gone.

The supervisor holds the other end of a pipe (its descriptor is named in TERTULIA_LIFELINE). When it dies, even by
SIGKILL, the pipe ends and its children stop as politely as at a signal.
"""

import os
import signal
import threading
from collections.abc import Callable

LIFELINE = "TERTULIA_LIFELINE"


def watch_for_stop() -> threading.Event:
    """An event that is set when this process has to stop. Called once, by the main thread."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    watch_lifeline(stop.set)
    return stop


def ignore_signals() -> None:
    """For a process that ends when another does, which is asked in its place."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)


def watch_lifeline(lost: Callable[[], None]) -> None:
    """Call `lost` from a thread when the supervisor is gone. Without a supervisor nothing is watched."""
    end = os.environ.pop(LIFELINE, "")
    if end:
        threading.Thread(target=_wait_for_end, args=(int(end), lost), name="lifeline", daemon=True).start()


def _wait_for_end(descriptor: int, lost: Callable[[], None]) -> None:
    while os.read(descriptor, 1):
        pass
    lost()
