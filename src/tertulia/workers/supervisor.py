"""Keeps a set of processes alive: starts them, starts again what dies, stops them all politely.

Each child is a command of ours in the supervisor's own process group. One that dies is started again after a pause
that doubles while it keeps dying and is short again once it has lived for a while. Children hold one end of a pipe, so
that they stop too when the supervisor itself is killed.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from tertulia.workers.stopping import LIFELINE

LOOK_EVERY_S = 0.2
PAUSE_S_MIN = 0.2
PAUSE_S_MAX = 15.0
HEALTHY_AFTER_S = 30.0
STOP_LIMIT_S = 45.0

log = structlog.get_logger("supervisor")


@dataclass(slots=True)
class Child:
    """One process to keep alive. `arguments` follow `python -m`."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause_s: float = PAUSE_S_MIN

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Not thread-safe: one thread starts, looks and stops."""

    def __init__(
        self, children: Sequence[Child], log_folder: Path | None = None, revive: Callable[[], object] = bool
    ) -> None:
        """With `log_folder` each child writes its log to a file there, else to our standard error. `revive` is called
        at every look, for what has to live and is no child."""
        self.children = list(children)
        self._revive = revive
        self._log_folder = log_folder
        self._ours, self._theirs = -1, -1

    def start(self) -> None:
        self._theirs, self._ours = os.pipe()
        for child in self.children:
            self._start(child)

    def keep_alive(self, stop: threading.Event) -> None:
        """Look after the children until `stop`."""
        while not stop.wait(LOOK_EVERY_S):
            self._revive()
            for child in self.children:
                self._look_after(child)

    def stop(self) -> None:
        """Ask all to stop, wait, and kill what does not."""
        for child in self.children:
            if child.alive and child.process is not None:
                child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_LIMIT_S
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("child_killed", child=child.name)
                child.process.kill()
                child.process.wait()
        if self._ours >= 0:
            os.close(self._ours)
            os.close(self._theirs)
            self._ours = self._theirs = -1

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.start_at:
                self._start(child)
            return
        status = child.process.poll()
        if status is None:
            return
        if now - child.started_at > HEALTHY_AFTER_S:
            child.pause_s = PAUSE_S_MIN
        log.error("child_died", child=child.name, status=status, again_in_s=child.pause_s)
        child.process = None
        child.start_at = now + child.pause_s
        child.pause_s = min(child.pause_s * 2, PAUSE_S_MAX)

    def _start(self, child: Child) -> None:
        environment = {**os.environ, **child.environment, LIFELINE: str(self._theirs)}
        errors = None
        if self._log_folder is not None:
            self._log_folder.mkdir(parents=True, exist_ok=True)
            errors = (self._log_folder / f"{child.name}.log").open("ab")
        try:
            child.process = subprocess.Popen(  # noqa: S603 (our own interpreter, our own arguments)
                [sys.executable, "-m", *child.arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=(self._theirs,),
            )
        finally:
            if errors is not None:
                errors.close()
        child.started_at = time.monotonic()
