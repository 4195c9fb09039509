"""Data folders of the tests' own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder, its server durable; whatever still runs over it is stopped at the end."""
    made = Path(tempfile.mkdtemp(prefix="tertulia-up-"))
    made.chmod(0o755)
    yield made
    from tertulia.embedded import stop_orphan

    stop_orphan(made)
    shutil.rmtree(made, ignore_errors=True)
