"""An installation in a data folder of the test's own, worked on by the command line as a user would."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

LIMIT_S = 400.0  # of a command on a machine under load
OURS = ("DATABASE_URL", "PUBLIC_URL", "TERTULIA_DATA", "SECRET_KEY")


def make_environment(folder: Path) -> dict[str, str]:
    """The test run's own settings left out."""
    keep = {name: value for name, value in os.environ.items() if name not in OURS}
    return {**keep, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TERTULIA_DATA": str(folder)}


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tertulia.cli", *arguments]
    environment = {**make_environment(folder), **settings}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_S)


@contextmanager
def database(folder: Path) -> Iterator[psycopg.Connection]:
    """A connection to the installation's database, whose server is stopped again."""
    from tertulia.embedded import EmbeddedPostgres

    server = EmbeddedPostgres(folder)
    was_running = server.running
    try:
        with psycopg.connect(server.start()) as conn:
            yield conn
    finally:
        if not was_running:
            server.stop()
