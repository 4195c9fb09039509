"""A provider's stand-in, and senders as real processes."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from tertulia.workers.sender import run_sender
from workers.sink import Sink, run_sink

WAIT_LIMIT_S = 30.0


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """A provider on the loopback address, which the operator allows."""
    with run_sink() as sink:
        monkeypatch.setenv("ALLOW_PRIVATE_HOSTS", f"127.0.0.1:{sink.port}")
        yield sink


def wait_for(condition: Callable[[], bool]) -> None:
    """Return as soon as the condition holds."""
    deadline = time.monotonic() + WAIT_LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@contextmanager
def sending(url: str) -> Iterator[None]:
    """A sender in a thread of this process; stopped politely at the end."""
    stop = threading.Event()
    thread = threading.Thread(target=partial(run_sender, url, stop, test_clock=False), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(WAIT_LIMIT_S)
        assert not thread.is_alive()


@contextmanager
def sender_process(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A sender in a process of its own; killed at the end if it still runs."""
    code = (
        "import signal, sys, threading\n"
        "from tertulia.workers.sender import run_sender\n"
        "stop = threading.Event()\n"
        "signal.signal(signal.SIGTERM, lambda *_: stop.set())\n"
        "run_sender(sys.argv[1], stop, test_clock=False)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, url], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(WAIT_LIMIT_S)
