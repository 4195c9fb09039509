"""`tertulia up`: everything on one machine, in one process group: the embedded database, the schema brought up to date,
console and webhooks, an engine, a sender, the keeper, an importer.
"""

import argparse
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tertulia import config
from tertulia.commands.database import make_reviver, open_database
from tertulia.commands.ports import need_free_port, read_port
from tertulia.errors import ConfigError
from tertulia.workers.stopping import watch_for_stop
from tertulia.workers.supervisor import Child, Supervisor

READY_LIMIT_S = 60.0
ROLES = ("web", "engine", "sender", "keeper", "importer")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="the data folder (TERTULIA_DATA)")
    parser.add_argument("--port", type=read_port, help="where to listen (PORT, 8080)")
    parser.add_argument("--test-clock", action="store_true", help="decide by a virtual clock that tests move")


def run(options: argparse.Namespace) -> int:
    take_options(options)
    stop = watch_for_stop()
    revive = make_reviver()
    with own_data_folder(), open_database(owns=True) as url:
        os.environ["DATABASE_URL"] = url
        run_migrations()
        supervisor = Supervisor(list_children(), revive=revive)
        supervisor.start()
        try:
            wait_until_ready(stop.is_set)
            say_where(find_first_sign_in())
            supervisor.keep_alive(stop)
        finally:
            supervisor.stop()
    return 0


def take_options(options: argparse.Namespace) -> None:
    """The options become settings, for this process and its children."""
    if options.data is not None:
        os.environ["TERTULIA_DATA"] = str(options.data.absolute())
    if options.port is not None:
        os.environ["PORT"] = str(options.port)
    if options.test_clock:
        os.environ["TEST_CLOCK"] = "1"
    need_free_port(config.read("BIND"), config.read_int("PORT"))


@contextmanager
def own_data_folder() -> Iterator[Path]:
    """The data folder for this process alone. Raises ConfigError when it cannot be written, or another `up` works on
    it."""
    folder = config.need_data_dir()
    with (folder / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(f"Another Tertulia works on {folder}. Stop it, or choose another --data.") from None
        yield folder


def run_migrations() -> None:
    """In a process of its own, so that the supervisor stays small. Raises ConfigError."""
    done = subprocess.run([sys.executable, "-m", "tertulia.cli", "migrate"], check=False)
    if done.returncode:
        raise ConfigError("The database's schema could not be brought up to date; the reason stands above.")


def find_first_sign_in() -> str:
    """On a fresh installation the line of its first sign-in, for who opens that address is the owner; else empty."""
    command = [sys.executable, "-m", "tertulia.cli", "sign-in", "--if-new"]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603 (our own)
    return done.stdout


def say_where(sign_in: str) -> None:
    """The addresses as one block, in one write: what the processes log stands before it or after it."""
    sys.stdout.write(f"\nConsole   {config.public_url()}/\n{sign_in}\n")
    sys.stdout.flush()


def list_children(roles: Sequence[str] = ROLES) -> list[Child]:
    """The processes of one machine."""
    return [Child(role, ("tertulia.cli", role)) for role in roles]


def wait_until_ready(given_up: Callable[[], bool]) -> None:
    """Return when the console answers. Raises ConfigError when it does not in time."""
    deadline = time.monotonic() + READY_LIMIT_S
    url = f"http://{config.read('BIND')}:{config.read('PORT')}/readyz"
    while not given_up():
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise ConfigError(f"The console did not answer within {READY_LIMIT_S:.0f} s. Its log stands above.")
        time.sleep(0.1)
