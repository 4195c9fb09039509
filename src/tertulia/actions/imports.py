"""An import as a person steers it: a file becomes columns, a check, an apply, and for 30 days an undo.

These functions only change the import's own row, through Django's ORM in the caller's transaction; the importer sees a
working state and does the work. Every change of state goes through `import_states`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.import_files import SavedFile
from tertulia.core.import_fields import ListKind, check_mapping, has_head, propose_mapping
from tertulia.core.import_reasons import FileProblem, FileReason, Reason
from tertulia.core.import_states import UNDO_DAYS, ImportState, Options, may_follow, may_undo
from tertulia.core.tabular import Shape
from tertulia.data.models import Channel, Import, User, Workspace
from tertulia.errors import Conflict, NotFound
from tertulia.store.db import Conn
from tertulia.store.imports import LISTS, forget_check


def access_import(workspace: Workspace, import_id: int) -> Import:
    """The only way to an import of a list: one of this workspace. Raises NotFound."""
    lists = Import.objects.select_related("channel", "workspace").filter(kind__in=LISTS)
    try:
        found: Import = lists.get(pk=import_id, workspace=workspace)
    except Import.DoesNotExist:
        raise NotFound(_("This import does not exist in this workspace.")) from None
    return found


def list_imports(workspace: Workspace) -> list[Import]:
    """The workspace's imports of lists, the newest first."""
    return list(Import.objects.filter(workspace=workspace, kind__in=LISTS).select_related("channel").order_by("-id"))


def add_import(
    workspace: Workspace,
    user: User | None,
    now: datetime,
    *,
    kind: ListKind,
    name: str,
    saved: SavedFile,
    shape: Shape,
    options: Options,
    channel: Channel | None = None,
) -> Import:
    """Take a file in, with its columns proposed. Raises FileProblem when it has a head and nothing under it."""
    head = has_head(shape.first, kind)
    if head and not shape.samples:
        raise FileProblem(FileReason.NO_ROWS)
    made: Import = Import.objects.create(
        workspace=workspace,
        kind=kind.value,
        name=name[:255],
        path=saved.path,
        size=saved.size,
        sha256=saved.sha256,
        shape=msgspec.to_builtins(shape),
        mapping=_write_targets(propose_mapping(shape.first, shape.samples, kind)),
        options=msgspec.to_builtins(msgspec.structs.replace(options, has_head=head)),
        channel=channel,
        created_by=user,
        created_at=now,
    )
    record_change(workspace, user, now, "import_added", f"import:{made.pk}", {"kind": kind.value, "size": saved.size})
    return made


def read_shape_of(found: Import) -> Shape:
    """The shape of an import's file."""
    return msgspec.convert(found.shape, Shape)


def read_options_of(found: Import) -> Options:
    """What was said about an import's list."""
    return msgspec.convert(found.options, Options, strict=False)


def read_targets(found: Import) -> list[str]:
    """The target of each column, in order."""
    width = read_shape_of(found).width
    return [found.mapping.get(str(column), "ignore") for column in range(width)]


def list_heads(found: Import) -> list[str]:
    """The columns' names: the head, or numbers where the file has none."""
    first = read_shape_of(found).first
    if read_options_of(found).has_head:
        return [head.strip() or str(column) for column, head in enumerate(first, 1)]
    return [str(column) for column in range(1, len(first) + 1)]


def may_set_columns(found: Import) -> bool:
    """Whether the import has not gone past its columns."""
    return found.state in (ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED) and not found.started_at


def set_columns(conn: Conn, found: Import, targets: Sequence[str], options: Options) -> None:
    """Choose the columns and what is said about the list; a check that was made before is forgotten.

    Raises FileProblem that names the column, Conflict while the import is working or done."""
    check_mapping(targets, list_heads(found), ListKind(found.kind))
    found = lock_import(found)
    if not may_set_columns(found):
        raise Conflict(_("This import is past its columns. Undo it, or import the file again."))
    forget_check(conn, found.pk)
    found.mapping = _write_targets(targets)
    found.options = msgspec.to_builtins(options)
    reset_import(found)
    found.state = ImportState.UPLOADED.value
    found.save()


def start_check(conn: Conn, found: Import, options: Options | None = None) -> None:
    """Hand the import to the importer for its check; `options` changes what is said about the list."""
    found = lock_import(found)
    refuse_unless(found, ImportState.CHECKING)
    check_mapping(read_targets(found), list_heads(found), ListKind(found.kind))
    forget_check(conn, found.pk)
    if options is not None:
        found.options = msgspec.to_builtins(options)
    reset_import(found)
    found.state = ImportState.CHECKING.value
    found.save()


def start_apply(
    found: Import, user: User | None, now: datetime, *, keep_series: bool, take_erased: bool = False
) -> None:
    """Hand the checked import to the importer; `keep_series`: numbers that differ by one are real; `take_erased`:
    people who were erased are taken in again, which is somebody's decision and goes into the audit log (C5)."""
    found = lock_import(found)
    refuse_unless(found, ImportState.APPLYING)
    found.options = {**found.options, "keep_series": keep_series, "take_erased": take_erased}
    found.state = ImportState.APPLYING.value
    found.fault = ""
    found.save()
    record_change(found.workspace, user, now, "import_started", f"import:{found.pk}", {"name": found.name})
    erased = count_erased(found)
    if take_erased and erased:
        record_change(found.workspace, user, now, "erased_taken_in", f"import:{found.pk}", {"rows": erased})


def count_erased(found: Import) -> int:
    """How many rows of a checked import are people who were erased."""
    return int(found.counts.get("reasons", {}).get(Reason.ERASED.value, 0))


def start_undo(found: Import, user: User | None, now: datetime) -> None:
    """Hand a finished import to the importer for its undo. Raises Conflict when it is an opt-out list or too old."""
    found = lock_import(found)
    if found.kind == ListKind.OPT_OUTS:
        raise Conflict(_("An opt-out list is not undone. Lift a suppression at its contact."))
    if found.state != ImportState.FAILED and not may_undo(found.state, found.kind, found.ended_at, now):
        raise Conflict(_("An import can be undone for %(days)s days after its end.") % {"days": UNDO_DAYS})
    if found.started_at is None:
        raise Conflict(_("Nothing of this import was applied, so there is nothing to undo."))
    found.state = ImportState.UNDOING.value
    found.rows_done = 0
    found.fault = ""
    found.save()
    record_change(found.workspace, user, now, "import_undone", f"import:{found.pk}")


def discard(conn: Conn, found: Import, user: User | None, now: datetime) -> None:
    """Give up an import of which nothing was applied. Raises Conflict otherwise."""
    found = lock_import(found)
    if found.started_at is not None:
        raise Conflict(_("This import was applied. Undo it instead."))
    forget_check(conn, found.pk)
    workspace, subject = found.workspace, f"import:{found.pk}"
    found.delete()
    record_change(workspace, user, now, "import_discarded", subject)


def reset_import(found: Import) -> None:
    """Forget how far an import had come. The caller saves it."""
    found.cursor = 0
    found.rows_done = 0
    found.rows_total = None
    found.counts = {}
    found.warnings = []
    found.fault = ""


def lock_import(found: Import) -> Import:
    """The import as it stands, kept from others until the commit."""
    locked: Import = Import.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=found.pk)
    return locked


def refuse_unless(found: Import, following: ImportState) -> None:
    """Raises Conflict where a state does not follow the present one."""
    if not may_follow(found.state, following):
        raise Conflict(_("The import has moved on since this page was shown. Look at it again."))


def _write_targets(targets: Sequence[str]) -> Mapping[str, str]:
    return {str(column): target for column, target in enumerate(targets)}
