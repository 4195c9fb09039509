"""Backup and restore by hand: a fresh folder, a folder with data, files that are no good, a PostgreSQL of one's own."""

import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from commands.conftest import copy_installation, spare_the_disk
from commands.installation import database, run
from commands.test_own_postgres import aim
from commands.test_person import add_person, read_names
from tertulia.commands.restore import is_ours

OWN = "tertulia_to_restore"


@pytest.fixture(scope="module")
def kept(original: Path) -> Iterator[Path]:
    """The backup of an installation with one person, made once."""
    folder = Path(tempfile.mkdtemp(prefix="tertulia-kept-"))
    folder.chmod(0o755)
    copy_installation(original, folder)
    spare_the_disk(folder)
    with database(folder) as conn:
        add_person(conn)
    (folder / "imports").mkdir()
    (folder / "imports" / "list.csv").write_text("Fone\n1\n")
    done = run(folder, "backup", str(folder / "saved.tar"))
    assert done.returncode == 0, done.stderr
    yield folder / "saved.tar"
    shutil.rmtree(folder)


@pytest.fixture
def saved(folder: Path, kept: Path) -> Path:
    """A data folder's own installation with one person, and the backup of it."""
    copy_installation(kept.parent, folder)
    return folder / kept.name


def count_rows(conn: psycopg.Connection) -> dict[str, int]:
    """Of every table that has any."""
    tables = conn.execute("select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")
    counts = {name: conn.execute(f'select count(*) from "{name}"').fetchone()[0] for (name,) in tables.fetchall()}
    return {name: count for name, count in counts.items() if count}


def test_a_fresh_folder_gets_everything_and_one_with_data_is_asked_about(folder: Path, saved: Path) -> None:
    """The same rows, key and files on another machine, without a question; over data only with --yes."""
    fresh = folder / "fresh"
    fresh.mkdir(mode=0o755)
    restored = run(fresh, "restore", str(saved))
    assert restored.returncode == 0, restored.stderr
    with database(folder) as old, database(fresh) as new:
        assert count_rows(old) == count_rows(new)
        assert read_names(new) == ["Beatriz"]
        assert [row[0] for row in new.execute("select datname from pg_database where datname like 'tert%'")] == [
            "tertulia"
        ]
        add_person(new, "Later", "+5511985550199", serial=2)
    assert (fresh / "secret.key").read_text() == (folder / "secret.key").read_text()
    assert (fresh / "imports" / "list.csv").read_text() == "Fone\n1\n"

    refused = run(fresh, "restore", str(saved))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "There is data here already, which this would replace. Say --yes if you mean it.\n"
    with database(fresh) as new:
        assert read_names(new) == ["Beatriz", "Later"]


def test_files_that_are_no_good_change_nothing(folder: Path, saved: Path) -> None:
    """Cut off, damaged inside, or of a later version: one line each."""
    whole = saved.read_bytes()
    (folder / "cut.tar").write_bytes(whole[: len(whole) // 2])
    with tarfile.open(saved) as tar:
        dump = tar.getmember("database.dump")
    damaged = bytearray(whole)
    damaged[dump.offset_data + dump.size // 2 : dump.offset_data + dump.size - 10] = b"x" * (
        dump.size - dump.size // 2 - 10
    )
    (folder / "damaged.tar").write_bytes(bytes(damaged))
    with database(folder) as conn:
        conn.execute("insert into django_migrations (app, name, applied) values ('data', '9999_later', now())")
        conn.commit()
        assert run(folder, "backup", str(folder / "later.tar")).returncode == 0
        conn.execute("delete from django_migrations where name = '9999_later'")
        conn.commit()
        add_person(conn, "Later", "+5511985550199", serial=2)
    for name, reason in [
        ("cut.tar", "cannot be read as a backup of Tertulia."),
        ("damaged.tar", "pg_restore failed: "),
        ("later.tar", "comes from a later version of Tertulia"),
        ("nowhere.tar", "cannot be read as a backup of Tertulia."),
    ]:
        refused = run(folder, "restore", str(folder / name), "--yes")
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1), refused.stderr
        assert reason in refused.stderr
    with database(folder) as conn:
        assert read_names(conn) == ["Beatriz", "Later"]
        assert conn.execute("select count(*) from pg_database where datname = 'tertulia_restoring'").fetchone() == (0,)


def test_only_what_a_backup_writes_is_read(tmp_path: Path) -> None:
    """Paths that lead elsewhere, links and folders are left out."""
    (tmp_path / "file").write_text("text")
    names = [
        "manifest.json",
        "imports/list.csv",
        "../elsewhere",
        "imports/../elsewhere",
        "/tmp/elsewhere",
        "imports/..",
    ]
    with tarfile.open(tmp_path / "odd.tar", "w") as tar:
        for name in names:
            tar.add(tmp_path / "file", name)
        tar.add(tmp_path, "imports", recursive=False)
        link = tarfile.TarInfo("secret.key")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(link)
    with tarfile.open(tmp_path / "odd.tar") as tar:
        assert [member.name for member in tar if is_ours(member)] == names[:2]


def test_a_backup_that_cannot_be_written(folder: Path, saved: Path) -> None:
    """One line, and no half of a file."""
    for place in ("/proc/nowhere/b.tar", str(folder / "no" / "b.tar")):
        refused = run(folder, "backup", place)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), refused.stderr
        assert "cannot be written" in refused.stderr
    assert not list(folder.glob("*.part"))


@pytest.fixture
def own(database_url: str) -> Iterator[str]:
    """A database on one's own PostgreSQL, made as its page says, and its owner, who may not make another."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("create role keeper login password 'of-the-keeper'")
        conn.execute(
            f"""create database {OWN} owner keeper template template0 encoding 'UTF8' locale_provider builtin
                builtin_locale 'C.UTF-8' lc_collate 'C' lc_ctype 'C.UTF-8'"""
        )
    yield aim(database_url, dbname=OWN, user="keeper", password="of-the-keeper")
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(f"drop database {OWN} (force)")
        conn.execute("drop role keeper")


def test_on_ones_own_postgres(folder: Path, saved: Path, own: str, database_url: str) -> None:
    """It needs the right to make a database and nobody else at work; letters are letters afterwards."""
    fresh = folder / "fresh"
    fresh.mkdir(mode=0o755)
    refused = run(fresh, "restore", str(saved), DATABASE_URL=own)
    assert refused.stderr == (
        "The role keeper may not make a database, which restoring needs. Allow it: alter role keeper createdb\n"
    )
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("alter role keeper createdb")
    with psycopg.connect(own):
        refused = run(fresh, "restore", str(saved), DATABASE_URL=own)
    assert refused.stderr == "Other programs use the database. Stop them, then restore again.\n"
    done = run(fresh, "restore", str(saved), DATABASE_URL=own)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(own) as conn:
        assert read_names(conn) == ["Beatriz"]
        assert conn.execute(
            "select lower('É'), pg_get_userbyid(datdba) from pg_database where datname = current_database()"
        ).fetchone() == ("é", "keeper")
    shutil.rmtree(fresh)
