"""`tertulia migrate`: bring the schema up to date. `up` does it by itself; many machines do it once, before others."""

import argparse
import os

from tertulia.commands.database import open_database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: the database is DATABASE_URL or the embedded one."""


def run(options: argparse.Namespace) -> int:
    with open_database() as url:
        migrate(url)
    return 0


def migrate(url: str) -> None:
    """Apply what is missing, in this process."""
    os.environ["DATABASE_URL"] = url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tertulia.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
