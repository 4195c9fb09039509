"""`tertulia doctor`: is everything there that an installation needs? One line a finding; status 1 when one is wrong."""

import argparse
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tertulia import config
from tertulia.commands.people import open_django
from tertulia.errors import ConfigError, TertuliaError

if TYPE_CHECKING:
    from tertulia.store.db import Conn

POSTGRES_MIN = 170_000
FREE_BYTES_MIN = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """`good` None: worth knowing, nothing wrong."""

    good: bool | None
    sentence: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(options: argparse.Namespace) -> int:
    findings = [*check_settings()]
    try:
        with open_django() as url:
            from tertulia.store.db import connect

            with connect(url) as conn:
                findings += [*check_database(conn), *check_schema(), *check_secrets(conn), *check_work(conn)]
    except TertuliaError as error:
        findings.append(Finding(False, error.sentence))
    for finding in findings:
        mark = {True: "good ", False: "WRONG", None: "note "}[finding.good]
        sys.stdout.write(f"{mark}  {finding.sentence}\n")
    return 1 if any(finding.good is False for finding in findings) else 0


def check_settings() -> Iterator[Finding]:
    url = config.public_url()
    if url.startswith("https://"):
        yield Finding(True, f"Customers and providers reach this machine at {url}.")
    else:
        yield Finding(None, f"PUBLIC_URL is {url}. Webhooks and links need an https address that the world can reach.")
    try:
        folder = config.need_data_dir()
    except ConfigError as error:
        yield Finding(False, error.sentence)
        return
    free = shutil.disk_usage(folder).free
    good = free >= FREE_BYTES_MIN
    yield Finding(good, f"{free / 1e9:,.1f} GB are free in {folder}." + ("" if good else " Make room: 2 GB or more."))


def check_database(conn: "Conn") -> Iterator[Finding]:
    from tertulia.store.health import read_server

    server = read_server(conn)
    yield Finding(True, f"PostgreSQL {server.version // 10_000}.{server.version % 10_000} answers.")
    if not server.lettered:
        yield Finding(False, "The database's character type is C: searching in Arabic and Chinese finds nothing.")
    if not server.durable:
        yield Finding(False, "The server may lose what it has confirmed: fsync or synchronous_commit is off.")


def check_schema() -> Iterator[Finding]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    good = missing == 0
    yield Finding(
        good, "The schema is up to date." if good else f"{missing} migrations are missing: `tertulia migrate`."
    )


def check_secrets(conn: "Conn") -> Iterator[Finding]:
    from tertulia.store.channels import load_channels

    channels = load_channels(conn)  # raises ConfigError when SECRET_KEY is another one
    yield Finding(True, f"SECRET_KEY opens the secrets of all {len(channels)} channels.")
    for channel in channels.values():
        if channel.state == "fault":
            yield Finding(False, f"The channel {channel.name} is stopped by a fault. See its page.")


def check_work(conn: "Conn") -> Iterator[Finding]:
    from tertulia.store.clock import real_now
    from tertulia.store.health import read_work

    work = read_work(conn, real_now(), real_now() - timedelta(seconds=60))
    if work.owned_shards == 0:
        yield Finding(None, "No engine runs now.")
    elif work.owned_shards < work.all_shards:
        yield Finding(False, f"Engines own {work.owned_shards} of {work.all_shards} shards. Look at their logs.")
    else:
        yield Finding(True, f"Engines own all shards; {work.senders} senders live.")
    if work.parked:
        yield Finding(False, f"{work.parked} log entries are parked and wait for a person. See the console.")
    if work.stale_sending:
        yield Finding(False, f"{work.stale_sending} messages wait for a sender for more than a minute.")
