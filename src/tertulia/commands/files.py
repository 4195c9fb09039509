"""What the commands that import files share: where to, from what, and the wait for the importer."""

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tertulia import config
from tertulia.commands.roles import has_test_clock
from tertulia.core.import_states import WORKING_STATES, ImportState
from tertulia.errors import Invalid, NotFound

if TYPE_CHECKING:
    from tertulia.data.models import Import, Workspace

BLOCK_BYTES = 1 << 20
LOOK_AGAIN_S = 0.2


def find_workspace(slug: str) -> "Workspace":
    """The workspace of a slug, or the only one. Raises NotFound, Invalid where there are several."""
    from tertulia.data.models import Workspace

    found = list(Workspace.objects.filter(slug=slug) if slug else Workspace.objects.order_by("id")[:2])
    if len(found) == 1:
        return found[0]
    if slug or not found:
        raise NotFound(f"There is no workspace {slug}.".replace(" .", " yet. Run `tertulia up` and sign in once."))
    raise Invalid("There are several workspaces. Name one with --workspace.")


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
