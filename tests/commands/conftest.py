"""Data folders of the tests' own."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.installation import run


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder, its server durable; whatever still runs over it is stopped at the end."""
    made = Path(tempfile.mkdtemp(prefix="tertulia-up-"))
    made.chmod(0o755)
    yield made
    from tertulia.embedded import stop_orphan

    stop_orphan(made)
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def original() -> Iterator[Path]:
    """A fresh installation that is made once, for copies of it: a schema, an owner, a key; nothing runs."""
    from tertulia.embedded import EmbeddedPostgres

    made = Path(tempfile.mkdtemp(prefix="tertulia-original-"))
    made.chmod(0o755)
    server = EmbeddedPostgres(made, durable=False)
    server.start()
    for step in ("migrate", "sign-in"):
        done = run(made, step)
        assert done.returncode == 0, done.stderr
    server.stop()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def installed(folder: Path, original: Path) -> Path:
    """The data folder, with an installation in it."""
    copy_installation(original, folder)
    return folder


@pytest.fixture
def served(installed: Path) -> Iterator[Path]:
    """The data folder with an installation in it, whose database runs: a command finds it so, and leaves it so."""
    from tertulia.embedded import EmbeddedPostgres

    spare_the_disk(installed)
    server = EmbeddedPostgres(installed)
    server.start()
    yield installed
    server.stop()


def copy_installation(original: Path, folder: Path) -> None:
    """All of it, with its owners and rights."""
    subprocess.run(["cp", "-a", f"{original}/.", str(folder)], check=True)


def spare_the_disk(folder: Path) -> None:
    """An installation's database, and those of its copies, wait for no disk whoever starts them."""
    from tertulia.embedded import FAST_AND_LOOSE

    with (folder / "postgres" / "postgresql.conf").open("a") as settings:
        settings.writelines(f"{name} = {value}\n" for name, value in FAST_AND_LOOSE.items())
