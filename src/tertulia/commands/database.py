"""The database that a command works on: DATABASE_URL, or the embedded server of the data folder."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tertulia import config
from tertulia.embedded import EmbeddedPostgres, find_client
from tertulia.errors import ConfigError


@contextmanager
def open_database(*, owns: bool = False) -> Iterator[str]:
    """A libpq URL. The embedded server is started where it is down, and stopped again by whoever started it, so that
    a command works beside a running `up` and without one. With `owns` (the data folder is this process's alone) a
    server that a killed parent left behind is taken over and stopped too. Raises ConfigError."""
    given = config.read("DATABASE_URL")
    if given:
        yield given
        return
    server = EmbeddedPostgres(config.data_dir())
    keep_running = server.running and not owns
    url = server.start()
    try:
        yield url
    finally:
        if not keep_running:
            server.stop()


def run_client(program: str, url: str, *arguments: str, database: bool = False) -> None:
    """Run one of PostgreSQL's own programs against a database; the password goes through the environment, where no
    list of processes shows it. `database` names the database on the command line too. Raises ConfigError."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    environment = {**os.environ, **{names[key]: str(value) for key, value in parts.items() if key in names}}
    more = [f"--dbname={parts['dbname']}"] if database else []
    done = subprocess.run(  # noqa: S603 (our own program, our own arguments)
        [str(find_client(program)), *more, *arguments], env=environment, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise ConfigError(f"{program} failed: {last[0]}")
