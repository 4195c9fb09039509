"""`tertulia backup FILE`: everything of an installation in one file: the database, the key that opens its secrets, the
imported files. May run beside a running `up`: the database is dumped as of one moment.
"""

import argparse
import os
import sys
import tarfile
import tempfile
from pathlib import Path

import msgspec

import tertulia
from tertulia import config
from tertulia.commands.database import open_database, run_client
from tertulia.errors import ConfigError, Conflict
from tertulia.store.clock import real_now

DUMP, KEY, IMPORTS, MANIFEST = "database.dump", "secret.key", "imports", "manifest.json"


class Manifest(msgspec.Struct, frozen=True):
    """What a backup is, first in its file."""

    version: str
    made_at: str
    own_key: bool  # the key in the file opens the secrets; else SECRET_KEY has to be given again


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="where to write; must not exist yet")


def run(options: argparse.Namespace) -> int:
    if options.file.exists():
        raise Conflict(f"{options.file} is there already. A backup never writes over a file.")
    part = options.file.with_name(f"{options.file.name}.part")
    try:
        part.touch(mode=0o600)
    except OSError as error:
        raise ConfigError(f"{options.file} cannot be written ({error.strerror}).") from None
    try:
        with open_database() as url:
            write_backup(url, part)
        os.rename(part, options.file)
    finally:
        part.unlink(missing_ok=True)
    sys.stdout.write(f"Backed up to {options.file} ({options.file.stat().st_size / 1e6:,.1f} MB).\n")
    if config.read("SECRET_KEY"):
        sys.stdout.write("SECRET_KEY is a setting of yours and not in the file. Keep it safe beside it.\n")
    return 0


def write_backup(url: str, path: Path) -> None:
    """The backup as a tar file that only its owner may read."""
    own_key = not config.read("SECRET_KEY")
    folder = config.data_dir()
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        dump, manifest = Path(temporary) / DUMP, Path(temporary) / MANIFEST
        run_client("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={dump}")
        made = Manifest(tertulia.__version__, real_now().isoformat(), own_key)
        manifest.write_bytes(msgspec.json.encode(made))
        with tarfile.open(path, "w") as tar:
            tar.add(manifest, MANIFEST)
            tar.add(dump, DUMP)
            if own_key:
                config.secret_key()  # makes it, should nobody have needed it yet
                tar.add(folder / KEY, KEY)
            if (folder / IMPORTS).is_dir():
                tar.add(folder / IMPORTS, IMPORTS)
