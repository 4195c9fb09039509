"""`tertulia restore FILE`: an installation as a backup has it.

The database is restored beside the present one and takes its place only when it is whole. Erasures that the present
database knows and the backup does not are done again (C5), before anything else may run.
"""

import argparse
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

import tertulia
from tertulia import config
from tertulia.commands.backup import DUMP, IMPORTS, KEY, MANIFEST, Manifest
from tertulia.commands.database import list_steps, open_connection, open_database, run_client
from tertulia.commands.erase import decide
from tertulia.commands.migrate import migrate
from tertulia.commands.up import own_data_folder
from tertulia.core.entries import EraseEntry
from tertulia.errors import ConfigError, Conflict, Invalid
from tertulia.store.clock import real_now
from tertulia.store.db import connect
from tertulia.store.erasures import Erasure, list_again, list_erasures
from tertulia.store.health import read_applied, read_sealed

LIKE_OURS = """template template0 encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8'
    lc_collate 'C' lc_ctype 'C.UTF-8'"""
NEW, OLD = "tertulia_restoring", "tertulia_before"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A backup's parts in a folder."""

    folder: Path
    manifest: Manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a file that `backup` wrote")
    parser.add_argument("--yes", action="store_true", help="replace the data that is there now")


def run(options: argparse.Namespace) -> int:
    with own_data_folder() as data, tempfile.TemporaryDirectory(dir=data) as temporary:
        unpacked = unpack(options.file, Path(temporary))
        if not unpacked.manifest.own_key and not config.read("SECRET_KEY"):
            raise Invalid("The backup was made with a SECRET_KEY of your own. Give the same one again.")
        with open_database(owns=True, any_key=True) as url:
            if not options.yes and has_data(url):
                raise Invalid("There is data here already, which this would replace. Say --yes if you mean it.")
            again = replace_database(url, unpacked)
            put_files(unpacked, data)
            migrate(url)
            erase_again(url, again)
    sys.stdout.write(f"Restored the backup of {unpacked.manifest.made_at}; {say_again(len(again))}\n")
    return 0


def unpack(path: Path, folder: Path) -> Unpacked:
    """Raises Invalid for what is no backup of ours."""
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                if is_ours(member):
                    put_member(tar, member, folder)
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, tarfile.TarError, msgspec.DecodeError):
        raise Invalid(f"{path} cannot be read as a backup of Tertulia.") from None
    return Unpacked(folder, manifest)


def is_ours(member: tarfile.TarInfo) -> bool:
    """Whether `backup` writes such a member; what else a file may hold, paths that lead elsewhere too, is left out."""
    place, _, name = member.name.rpartition("/")
    known = member.name in (MANIFEST, DUMP, KEY) or (place == IMPORTS and name not in ("", ".", ".."))
    return member.isreg() and known


def put_member(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one file. (`extractall` with its filters is missing in the Python 3.11 of Debian 12.)"""
    source, path = tar.extractfile(member), folder / member.name
    assert source is not None  # it is a regular file
    path.parent.mkdir(exist_ok=True)
    with source, path.open("wb") as target:
        shutil.copyfileobj(source, target)


def has_data(url: str) -> bool:
    """Whether a workspace was ever made here."""
    with open_connection(url) as conn:
        try:
            return read_sealed(conn) is not None
        except psycopg.errors.UndefinedTable:
            return False


def replace_database(url: str, unpacked: Unpacked) -> list[Erasure]:
    """Restore beside, then swap the names; the erasures that have to be done again. Raises Conflict while others use
    the database, Invalid for a backup that this version cannot read, ConfigError for rights that are missing."""
    erased = read_erasures(url)
    beside = make_conninfo(url, dbname=NEW)
    with psycopg.connect(make_conninfo(url, dbname="postgres"), autocommit=True) as conn:
        _execute(conn, "drop database if exists {}", NEW)
        try:
            _execute(conn, f"create database {{}} {LIKE_OURS}", NEW)
        except psycopg.errors.InsufficientPrivilege:
            role = conn.info.user
            raise ConfigError(
                f"The role {role} may not make a database, which restoring needs. Allow it: alter role {role} createdb"
            ) from None
        try:
            run_client("pg_restore", beside, "--no-owner", "--exit-on-error", str(unpacked.folder / DUMP))
            check_origin(beside, unpacked.manifest)
            swap_names(conn, str(conninfo_to_dict(url)["dbname"]))
        except BaseException:
            _execute(conn, "drop database if exists {}", NEW)
            raise
        _execute(conn, "drop database {}", OLD)
    with connect(url) as conn:
        return list_again(conn, erased)


def check_origin(url: str, manifest: Manifest) -> None:
    """Raises Invalid for a schema that a later version made."""
    with connect(url) as conn:
        later = read_applied(conn) - list_steps()
    if later:
        raise Invalid(
            f"The backup comes from a later version of Tertulia ({manifest.version}; this is {tertulia.__version__}). "
            "Bring this machine up to date, then restore."
        )


def swap_names(conn: "psycopg.Connection[tuple[object, ...]]", name: str) -> None:
    """The restored database takes the place of `name`, which becomes OLD, both at once. Raises Conflict."""
    _execute(conn, "drop database if exists {}", OLD)
    try:
        with conn.transaction():
            _execute(conn, "alter database {} rename to {}", name, OLD)
            _execute(conn, "alter database {} rename to {}", NEW, name)
    except psycopg.errors.ObjectInUse:
        raise Conflict("Other programs use the database. Stop them, then restore again.") from None


def read_erasures(url: str) -> list[Erasure]:
    """Those that the present database knows; none where it is empty."""
    with connect(url) as conn:
        try:
            return list_erasures(conn)
        except psycopg.errors.UndefinedTable:
            return []


def put_files(unpacked: Unpacked, data: Path) -> None:
    """The key and the imported files."""
    if unpacked.manifest.own_key:
        key = data / KEY
        key.unlink(missing_ok=True)
        (unpacked.folder / KEY).rename(key)
        key.chmod(0o600)
    if (unpacked.folder / IMPORTS).is_dir():
        (data / IMPORTS).mkdir(exist_ok=True)
        for file in (unpacked.folder / IMPORTS).iterdir():
            file.replace(data / IMPORTS / file.name)


def erase_again(url: str, erasures: Sequence[Erasure]) -> None:
    """Erase whom the backup brought back."""
    for erasure in erasures:
        entry = EraseEntry(erasure.contact_id, erasure.actor, real_now())
        decide(url, erasure.workspace, [entry])


def say_again(erasures: int) -> str:
    """How many people had to be erased again."""
    return "1 erasure was done again." if erasures == 1 else f"{erasures} erasures were done again."


def _execute(conn: "psycopg.Connection[tuple[object, ...]]", command: str, *names: str) -> None:
    conn.execute(sql.SQL(command).format(*map(sql.Identifier, names)))
