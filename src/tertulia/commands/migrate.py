"""`tertulia migrate`: bring the schema up to date. `up` does it by itself; many machines do it once, before others."""

import argparse
import os

import psycopg

from tertulia.commands.database import open_database, refuse_role
from tertulia.errors import ConfigError, Conflict
from tertulia.store.db import connect
from tertulia.store.health import hold_schema


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: the database is DATABASE_URL or the embedded one."""


def run(options: argparse.Namespace) -> int:
    with open_database() as url:
        migrate(url)
    return 0


def migrate(url: str) -> None:
    """Apply what is missing, in this process, when nobody else does. Raises ConfigError."""
    os.environ["DATABASE_URL"] = url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tertulia.settings")
    import django
    from django.core.management import call_command
    from django.db import DatabaseError

    django.setup()
    with connect(url, autocommit=True) as holder:
        hold_schema(holder)
        try:
            call_command("migrate", verbosity=0, interactive=False)
        except DatabaseError as error:
            raise _explain(error, url) from None


def _explain(error: Exception, url: str) -> Exception:
    """The error as a sentence where a person can mend it."""
    cause: BaseException = error
    while (deeper := cause.__cause__ or cause.__context__) is not None:
        cause = deeper
    match cause:
        case psycopg.errors.InsufficientPrivilege():
            return refuse_role(url)
        case psycopg.errors.LockNotAvailable():
            return Conflict("Others hold the tables. Stop what works on this database, then run `tertulia migrate`.")
        case psycopg.errors.UndefinedFile() | psycopg.errors.FeatureNotSupported():
            return ConfigError("The server lacks the extension pg_trgm. On Debian it is in postgresql-contrib.")
        case _:
            return error
