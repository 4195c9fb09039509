"""The database that a command works on: DATABASE_URL, or the embedded server of the data folder.

What is wrong with it is told in one sentence before anything begins: an address that leads nowhere, a server that is
too old, a role without rights, a schema that is missing, a key that opens nothing.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tertulia import config
from tertulia.embedded import EmbeddedPostgres, find_client
from tertulia.errors import ConfigError
from tertulia.store.db import Conn, connect
from tertulia.store.health import read_applied, read_sealed
from tertulia.store.sealing import unseal

POSTGRES_MIN = 170_000

log = structlog.get_logger("database")


@contextmanager
def open_database(*, owns: bool = False, any_key: bool = False, durable: bool = True) -> Iterator[str]:
    """A libpq URL. The embedded server is started where it is down, and stopped again by whoever started it, so that
    a command works beside a running `up` and without one. With `owns` (the data folder is this process's alone) a
    server that a killed parent left behind is taken over and stopped too. Raises ConfigError, also when SECRET_KEY
    does not open what is sealed there, unless `any_key`. What is thrown away afterwards need not be `durable`."""
    given = config.read("DATABASE_URL")
    if given:
        with open_connection(given) as conn:
            if not any_key:
                check_key(conn)
        yield given
        return
    server = EmbeddedPostgres(config.need_data_dir(), durable=durable)
    keep_running = server.running and not owns
    url = server.start()
    try:
        if not any_key:
            with open_connection(url) as conn:
                check_key(conn)
        yield url
    finally:
        if not keep_running:
            server.stop()


def make_reviver() -> Callable[[], None]:
    """A function that starts the embedded server again when it has died, to be called now and then. One's own
    PostgreSQL is left alone."""
    if config.read("DATABASE_URL"):
        return lambda: None
    server = EmbeddedPostgres(config.data_dir())

    def revive() -> None:
        if server.running:
            return
        log.error("database_died")
        try:
            server.start()
        except (ConfigError, psycopg.Error) as error:  # what is left of the old one may hold its memory for a moment
            log.error("database_not_started", error=type(error).__name__)

    return revive


@contextmanager
def open_connection(url: str) -> Iterator[Conn]:
    """A connection to a server that is new enough. Raises ConfigError, also for rights that turn out to be missing."""
    try:
        conn = connect(url)
    except psycopg.ProgrammingError:  # libpq's own words would quote a part of the password
        raise ConfigError(
            "DATABASE_URL cannot be read. It looks like postgresql://ROLE:PASSWORD@HOST:5432/DATABASE, and in a "
            "password whatever is no letter or digit is written with % (a blank is %20)."
        ) from None
    except psycopg.Error as error:
        raise ConfigError(f"The database of DATABASE_URL cannot be opened: {say_reason(error)}") from None
    with conn:
        check_version(conn.info.server_version)
        try:
            yield conn
        except psycopg.errors.InsufficientPrivilege:
            raise refuse_role(url) from None


def check_version(version: int) -> None:
    """`version` as PostgreSQL numbers it. Raises ConfigError for one that is too old."""
    if version < POSTGRES_MIN:
        name = f"{version // 10_000}.{version % 10_000}"
        raise ConfigError(f"PostgreSQL {name} is too old: {POSTGRES_MIN // 10_000} or later is needed.")


def check_schema(conn: Conn) -> None:
    """Raises ConfigError unless every step of our schema was taken. A later version's steps do no harm."""
    try:
        missing = len(list_steps() - read_applied(conn))
    except psycopg.errors.UndefinedTable:
        raise ConfigError(f"The database {conn.info.dbname} has no schema yet. Run `tertulia migrate` first.") from None
    if missing:
        steps = "1 step" if missing == 1 else f"{missing} steps"
        raise ConfigError(f"The schema of {conn.info.dbname} lacks {steps}. Run `tertulia migrate` first.")


def list_steps() -> set[str]:
    """The names of the steps that make our schema."""
    names = {path.name.removesuffix(".py") for path in files("tertulia.data.migrations").iterdir()}
    return {name for name in names if name[:4].isdecimal()}


def check_key(conn: Conn) -> None:
    """Raises ConfigError where something is sealed that SECRET_KEY does not open; nothing is made."""
    try:
        sealed = read_sealed(conn)
    except psycopg.errors.UndefinedTable:
        conn.rollback()
        return
    if sealed is not None:
        need_key()
        unseal(sealed)


def need_key() -> None:
    """Raises ConfigError where there is no SECRET_KEY and a new one would not be that of the others."""
    if not config.has_secret_key():
        raise ConfigError(
            f"SECRET_KEY is missing, and {config.data_dir()} holds no secret.key. Give the key that this installation "
            "began with, or the data folder where it lies (TERTULIA_DATA)."
        )


def refuse_role(url: str) -> ConfigError:
    """What a role is told that may not do what it has to."""
    parts = conninfo_to_dict(url)
    role, name = parts.get("user", ""), parts.get("dbname", "")
    return ConfigError(
        f"The role {role} may not work in the database {name}. Make it the owner: alter database {name} owner to {role}"
    )


def say_reason(error: psycopg.Error) -> str:
    """Why a connection failed, in the words of PostgreSQL, on one line. It never holds the password of an address that
    could be read."""
    lines = [line.strip() for line in str(error).splitlines()]
    return lines[0].removeprefix("connection failed: ").removeprefix("connection is bad: ")


def run_client(program: str, url: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs against a database; the password goes through the environment, where no
    list of processes shows it. Raises ConfigError."""
    parts = conninfo_to_dict(url)
    environment = {**os.environ, "PGPASSWORD": str(parts.pop("password", os.environ.get("PGPASSWORD", "")))}
    done = subprocess.run(  # noqa: S603 (our own program, our own arguments)
        [str(find_client(program)), f"--dbname={make_conninfo(**parts)}", *arguments],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise ConfigError(f"{program} failed: {last[0]}")
