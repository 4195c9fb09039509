"""One embedded server a test process, one migrated database; each test leaves the tables empty."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from tests import chromium as debian
from tests.emptying import Emptier

from tertulia.embedded import EmbeddedPostgres

SMALL = {"shared_buffers": "128MB", "max_connections": "150"}

# The speed of a machine under load is no property of the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# Modules that take long by themselves come first, so that no worker is left with one of them at the end.
LONG = ("stories", "commands", "sim", "test_what_if.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not any(part in LONG for part in item.path.parts))


@pytest.fixture(scope="session")
def data_folder() -> Iterator[Path]:
    """A data folder of the test run's own, with the settings that point to it."""
    folder = Path(tempfile.mkdtemp(prefix="tertulia-test-"))
    folder.chmod(0o711)
    os.environ["TERTULIA_DATA"] = str(folder)
    os.environ["SECRET_KEY"] = "a key for tests only, long enough to be taken for one"
    os.environ["PUBLIC_URL"] = "http://127.0.0.1:8080"
    os.environ["TEST_CLOCK"] = "1"  # its part of the API exists; without a set instant the time is real
    os.environ["DJANGO_SETTINGS_MODULE"] = "tertulia.settings"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database_url(data_folder: Path) -> Iterator[str]:
    """The address of a migrated, empty database on an embedded server (fsync off). Django is set up on it. Beside it
    lies `tertulia_migrated`, a database like it that nobody works on, to make others from."""
    server = EmbeddedPostgres(data_folder, durable=False, extra=SMALL)
    url = server.start("tertulia_test")
    os.environ["DATABASE_URL"] = url
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", verbosity=0)
    connection.close()
    with psycopg.connect(server.url("postgres"), autocommit=True) as conn:
        _hash_lightly(conn, url)
        conn.execute("create database tertulia_migrated template tertulia_test")
    yield url
    server.stop()


def _hash_lightly(conn: psycopg.Connection, url: str) -> None:
    """Half of the time that a connection takes to open is the password's hash, a thousand times over."""
    info = psycopg.conninfo.conninfo_to_dict(url)
    conn.execute("set scram_iterations = 1")
    conn.execute(
        psycopg.sql.SQL("alter role {} password {}").format(psycopg.sql.Identifier(info["user"]), info["password"])
    )


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """One browser for the run: a process has one of Playwright's loops."""
    playwright = pytest.importorskip("playwright.sync_api")
    if debian.PROGRAM is None:
        pytest.skip(debian.MISSING)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this thread
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=debian.PROGRAM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def emptier(database_url: str) -> Iterator[Emptier]:
    """Whoever empties the database."""
    made = Emptier(database_url)
    yield made
    made.close()


@pytest.fixture
def empty_database(database_url: str, emptier: Emptier) -> Iterator[str]:
    """The database, emptied after the test."""
    yield database_url
    from django.db import connections

    connections.close_all()
    emptier.empty()


@pytest.fixture
def conn(empty_database: str) -> Iterator[psycopg.Connection]:
    """A connection in a transaction of its own; what the test commits is removed afterwards."""
    from tertulia.store.db import connect

    with connect(empty_database) as connection:
        yield connection
        connection.rollback()
