"""`tertulia story NAME|all`: a story of the product, played end to end against the provider simulator.

Everything runs as processes of its own: the embedded database, `up`'s roles, the simulator; on free ports and in a
data folder that is removed afterwards (`--data` keeps it).
"""

import argparse
import os
import secrets
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tertulia import config
from tertulia.commands.database import open_database
from tertulia.commands.migrate import migrate
from tertulia.commands.up import list_children, own_data_folder, wait_until_ready
from tertulia.errors import ConfigError, NotFound
from tertulia.store.clock import real_now
from tertulia.stories.cart_series.story import tell_cart_series
from tertulia.stories.four_steps.story import tell_four_steps
from tertulia.stories.match.story import tell_match
from tertulia.stories.otp.story import tell_otp
from tertulia.stories.place import Place
from tertulia.stories.report import Report
from tertulia.stories.win_back.story import tell_win_back
from tertulia.workers.supervisor import Child, Supervisor


@dataclass(frozen=True, slots=True)
class Story:
    """`rows`: how long its list is, at least `rows_min`. `timed`: it is told on the test clock."""

    tell: Callable[..., Report]
    rows: int
    rows_min: int
    timed: bool = False


STORIES = {
    "match": Story(tell_match, 1_000, 100),
    "four-steps": Story(tell_four_steps, 90, 9, timed=True),
    "cart-series": Story(tell_cart_series, 80, 8, timed=True),
    "win-back": Story(tell_win_back, 70, 7, timed=True),
    "otp": Story(tell_otp, 1_000, 100),
}
SEED = 20417
OWNER = "marta@verbena.example"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=[*STORIES, "all"], metavar="NAME", help=f"{', '.join(STORIES)} or all")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--seed", type=int, default=SEED, help="the same seed tells the same story")
    parser.add_argument("--rows", type=int, help="how long the customer list is (each story has its own length)")
    parser.add_argument("--data", type=Path, help="keep the data and the logs in this folder")


def run(options: argparse.Namespace) -> int:
    names = list(STORIES) if options.name == "all" else [options.name]
    reports = [tell(name, options) for name in names]
    if options.json:
        documents = [report.as_document() for report in reports]
        shown = documents[0] if options.name != "all" else {
            "story": "all",
            "passed": all(report.passed for report in reports),
            "checks": [check for document in documents for check in document["checks"]],
            "failures": [failure for document in documents for failure in document["failures"]],
            "seconds": round(sum(report.seconds for report in reports), 1),
            "figures": {document["story"]: document["figures"] for document in documents},
        }  # fmt: skip
        sys.stdout.write(msgspec.json.encode(shown).decode() + "\n")
    else:
        for report in reports:
            sys.stdout.writelines(f"{line}\n" for line in report.iter_lines())
    return 0 if all(report.passed for report in reports) else 1


def tell(name: str, options: argparse.Namespace) -> Report:
    """Start everything, tell one story, stop everything."""
    story = STORIES[name]
    rows = options.rows or story.rows
    if rows < story.rows_min:
        told = f"This story needs at least {story.rows_min} rows"
        raise ConfigError(f"{told}: every role and every kind of trouble has to be in it.")
    kept = options.data is not None
    with (
        take_folder(options.data, timed=story.timed) as folder,
        own_data_folder(),
        open_database(durable=kept) as url,
    ):
        os.environ["DATABASE_URL"] = url
        migrate(url)
        key = open_workspace()
        phones, mail = take_free_port(), take_free_port()
        with keep_running(phones, mail, folder / "logs") as supervisor:
            place = Place(
                base_url=config.public_url(),
                phones_url=f"http://127.0.0.1:{phones}",
                mail_port=mail,
                key=key,
                kill=lambda role: kill(supervisor, role),
                say=make_voice(quiet=options.json),
            )
            return story.tell(place, seed=options.seed, rows=rows)


def make_voice(*, quiet: bool) -> Callable[[str], None]:
    """Tells on standard error how far the story is, with the seconds since its start."""
    began = time.monotonic()

    def say(what: str) -> None:
        if not quiet:
            sys.stderr.write(f"{time.monotonic() - began:6.1f} s  {what}\n")

    return say


@contextmanager
def take_folder(given: Path | None, *, timed: bool) -> Iterator[Path]:
    """The story's own settings: a data folder and ports that nobody else uses, and a test clock where it is `timed`."""
    with tempfile.TemporaryDirectory(prefix="tertulia-story-") as temporary:
        folder = given.absolute() if given else Path(temporary)
        os.environ["TERTULIA_DATA"] = str(folder)
        os.environ["PORT"] = str(take_free_port())
        for name in ("DATABASE_URL", "PUBLIC_URL", "TEST_CLOCK"):
            os.environ.pop(name, None)
        if timed:
            os.environ["TEST_CLOCK"] = "1"
        yield folder


def take_free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def open_workspace() -> str:
    """An empty workspace; the key to its API."""
    from django.db import connections, transaction

    from tertulia.actions.owners import create_owned
    from tertulia.actions.workspaces import WorkspaceForm, create_key
    from tertulia.data.models import User

    form = WorkspaceForm("Verbena Market", currency="BRL", zone="America/Sao_Paulo")
    with transaction.atomic():
        owner = User.objects.create_user(OWNER)
        workspace = create_owned(owner, real_now(), form, secrets.token_bytes(32))
        _, key = create_key(workspace, owner, real_now(), "story", ["read", "write"], secrets.token_urlsafe(32))
    connections.close_all()
    return key


@contextmanager
def keep_running(phones: int, mail: int, logs: Path) -> Iterator[Supervisor]:
    """The platform's processes and the simulator, started again when they die."""
    os.environ["ALLOW_PRIVATE_HOSTS"] = f"127.0.0.1:{phones},127.0.0.1:{mail}"
    ports = ("--port", str(phones), "--mail-port", str(mail))
    simulator = Child("simulator", ("tertulia.cli", "simulator", *ports))
    supervisor = Supervisor([simulator, *list_children()], logs)
    stop = threading.Event()
    supervisor.start()
    keeper = threading.Thread(target=supervisor.keep_alive, args=(stop,), name="keeper", daemon=True)
    keeper.start()
    try:
        wait_until_ready(stop.is_set)
        yield supervisor
    finally:
        stop.set()
        keeper.join()
        supervisor.stop()


def kill(supervisor: Supervisor, role: str) -> None:
    """SIGKILL for a role's process. Raises NotFound when there is none."""
    for child in supervisor.children:
        if child.name == role and child.process is not None:
            os.kill(child.process.pid, signal.SIGKILL)
            return
    raise NotFound(f"No {role} runs.")
