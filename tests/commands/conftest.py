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
    made = Path(tempfile.mkdtemp(prefix="tertulia-original-"))
    made.chmod(0o755)
    for step in ("migrate", "sign-in"):
        done = run(made, step)
        assert done.returncode == 0, done.stderr
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def installed(folder: Path, original: Path) -> Path:
    """The data folder, with an installation in it."""
    copy_installation(original, folder)
    return folder


def copy_installation(original: Path, folder: Path) -> None:
    """All of it, with its owners and rights."""
    subprocess.run(["cp", "-a", f"{original}/.", str(folder)], check=True)
