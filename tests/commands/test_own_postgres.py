"""On a PostgreSQL of one's own: whatever is wrong with it is one clear line, from every command, and nothing begins."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from commands.installation import run
from tertulia.commands.database import check_version
from tertulia.errors import ConfigError

ROLES = ("web", "engine", "sender", "keeper", "importer")
NAME = "tertulia_of_ones_own"
KEY = "the key of all processes, long enough to be taken for one"


@pytest.fixture
def template() -> str:
    """What the database is made from: nothing."""
    return "template1"


@pytest.fixture
def url(database_url: str, template: str) -> Iterator[str]:
    """A database on the test run's server, and a role without rights to it."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(f"create database {NAME} template {template}")
        conn.execute("create role clerk login password 'of%the/clerk'")
    yield aim(database_url, dbname=NAME)
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(f"drop database {NAME} (force)")
        conn.execute("drop role clerk")


def aim(url: str, **parts: str) -> str:
    """The URL with some of its parts exchanged."""
    known = {**conninfo_to_dict(url), **parts}
    password = quote(known["password"], safe="")
    return f"postgresql://{known['user']}:{password}@/{known['dbname']}?host={known['host']}"


def free_port() -> int:
    """A port that nobody listens on, whatever else this machine runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refuse(folder: Path, command: str, **settings: str) -> str:
    """The one line with which a command refuses."""
    done = run(folder, command, **settings)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


REFUSED = ("postgresql://clerk@127.0.0.1:1/tertulia", "Connection refused")
NO_PORT = ("postgresql://clerk@127.0.0.1:54x2/tertulia", 'invalid integer value "54x2"')


@pytest.mark.parametrize(
    ("command", "given", "reason"),
    [(command, *REFUSED) for command in ("migrate", "up", "sign-in", "engine", "web")] + [("migrate", *NO_PORT)],
)
def test_an_address_that_leads_nowhere(folder: Path, command: str, given: str, reason: str) -> None:
    """The reason in the database's own words."""
    said = refuse(folder, command, DATABASE_URL=given, PORT=str(free_port()))
    assert said.startswith("The database of DATABASE_URL cannot be opened: ")
    assert reason in said


@pytest.mark.parametrize("given", ["127.0.0.1:5432", "postgresql://clerk:my secret@127.0.0.1/tertulia"])
def test_an_address_that_cannot_be_read(folder: Path, given: str) -> None:
    """How one looks, and nothing of this one, for it may hold the password."""
    said = refuse(folder, "migrate", DATABASE_URL=given)
    assert said.startswith("DATABASE_URL cannot be read. It looks like postgresql://ROLE:PASSWORD@HOST:5432/DATABASE")
    assert "secret" not in said


def test_a_wrong_password_or_name(folder: Path, url: str) -> None:
    """Said by every role too, and the password is not in it."""
    said = refuse(folder, "engine", DATABASE_URL=aim(url, user="clerk", password="secretly"))
    assert 'password authentication failed for user "clerk"' in said
    assert "secretly" not in said
    assert 'database "nowhere" does not exist' in refuse(folder, "migrate", DATABASE_URL=aim(url, dbname="nowhere"))


def test_a_server_that_is_too_old() -> None:
    """17 is the first that will do."""
    check_version(170_000)
    with pytest.raises(ConfigError, match=r"PostgreSQL 15\.18 is too old: 17 or later is needed\."):
        check_version(150_018)


@pytest.mark.parametrize(("template", "command"), [("template1", "migrate"), ("tertulia_migrated", "sender")])
def test_a_role_without_rights(folder: Path, url: str, command: str) -> None:
    """Before the schema is made, and afterwards."""
    clerk = aim(url, user="clerk", password="of%the/clerk")
    sentence = f"The role clerk may not work in the database {NAME}. Make it the owner: alter database {NAME} owner to "
    assert refuse(folder, command, DATABASE_URL=clerk).startswith(sentence)


def test_roles_wait_for_no_schema(folder: Path, url: str) -> None:
    """An unmigrated database."""
    for role in ROLES:
        said = refuse(folder, role, DATABASE_URL=url, SECRET_KEY=KEY)
        assert said == f"The database {NAME} has no schema yet. Run `tertulia migrate` first.\n"


@pytest.mark.parametrize("template", ["tertulia_migrated"])
def test_roles_make_no_key(folder: Path, url: str) -> None:
    """A process that was not given the key of the others; what all roles ask of a database is asked in one place."""
    assert refuse(folder, "engine", DATABASE_URL=url).startswith("SECRET_KEY is missing, and ")
    assert not (folder / "secret.key").exists()


@pytest.mark.parametrize("template", ["tertulia_migrated"])
def test_a_schema_that_lacks_something(folder: Path, url: str) -> None:
    """After an upgrade that forgot `migrate`."""
    with psycopg.connect(url) as conn:
        conn.execute("delete from django_migrations where app = 'data' and name like '0005%'")
    assert "lacks 1 step. Run `tertulia migrate`" in refuse(folder, "keeper", DATABASE_URL=url)


@pytest.mark.parametrize("template", ["tertulia_migrated"])
def test_another_key(folder: Path, url: str) -> None:
    """A key that opens nothing is refused by whatever would work or save with it."""
    assert run(folder, "sign-in", DATABASE_URL=url).returncode == 0
    commands = (["engine"], ["up"], ["backup", str(folder / "file")])
    for command in commands:
        done = run(folder, *command, DATABASE_URL=url, SECRET_KEY=KEY)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert "SECRET_KEY is not the one it was sealed with" in done.stderr
    (folder / "secret.key").unlink()
    for command in commands:
        done = run(folder, *command, DATABASE_URL=url)
        assert done.stderr.startswith("SECRET_KEY is missing, and "), done.stderr
    assert not (folder / "file").exists()


def test_two_migrate_at_once(folder: Path, url: str) -> None:
    """The second waits for the first and finds nothing to do."""
    import subprocess
    import sys

    from commands.installation import make_environment

    environment = {**make_environment(folder), "DATABASE_URL": url}
    command = [sys.executable, "-m", "tertulia.cli", "migrate"]
    both = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(each.communicate(timeout=120)[1], each.returncode) for each in both] == [("", 0)] * 2
