"""What the commands that import files share: from what, and the wait for the importer."""

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tertulia import config
from tertulia.commands.roles import has_test_clock
from tertulia.core.import_states import WORKING_STATES, ImportState
from tertulia.errors import Invalid

if TYPE_CHECKING:
    from tertulia.data.models import Import

BLOCK_BYTES = 1 << 20
LOOK_AGAIN_S = 0.2


def read_changes(changes: Iterable[str]) -> dict[str, str]:
    """`--map COLUMN=FIELD`, each as column and field. Raises Invalid."""
    pairs = {}
    for change in changes:
        column, sign, target = change.partition("=")
        if not sign:
            raise Invalid(f"--map {change}: write COLUMN=FIELD, such as Fone=phone.")
        pairs[column] = target
    return pairs


def await_import(url: str, found: "Import", *, quiet: bool) -> None:
    """Do the work that the import waits for, or wait for the importer that has it."""
    from tertulia.workers.importer import Setup, work_once

    setup = Setup(url, config.data_dir(), test_clock=has_test_clock())
    while True:
        found.refresh_from_db()
        if ImportState(found.state) not in WORKING_STATES:
            return
        if not work_once(setup, only=found.pk):
            if not quiet and sys.stderr.isatty():
                sys.stderr.write(f"\r{found.state}: {found.rows_done} rows")
            time.sleep(LOOK_AGAIN_S)


def iter_blocks(path: Path) -> Iterator[bytes]:
    """A file's bytes, a block at a time."""
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block
