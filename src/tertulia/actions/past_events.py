"""An import of past events as a person steers it: a file becomes fields, a check, a start, and may be stopped.

These functions only change the import's own row, through Django's ORM in the caller's transaction; the importer sees a
working state and does the work. Every change of state goes through `import_states`. What was taken is not undone: an
event is what happened, and the same file again changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import available_timezones

import msgspec
from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.import_files import SavedFile, open_file
from tertulia.actions.imports import list_heads as list_columns
from tertulia.actions.imports import lock_import, refuse_unless, reset_import
from tertulia.core.country_names import find_country
from tertulia.core.import_fields import IGNORE
from tertulia.core.import_reasons import FileProblem, FileReason
from tertulia.core.import_states import WORKING_STATES, ImportState
from tertulia.core.import_values import is_month_first
from tertulia.core.ingest import NAME_MAX
from tertulia.core.past_fields import PastField, check_past_mapping, has_past_head, propose_past_mapping
from tertulia.core.past_lines import MESSAGES, detect_past_shape, is_json
from tertulia.core.past_rows import PastOptions
from tertulia.core.past_time import guess_month_first
from tertulia.core.tabular import Shape
from tertulia.data.models import Import, Source, User, Workspace
from tertulia.errors import Conflict, Invalid, NotFound
from tertulia.store.db import Conn
from tertulia.store.imports import PAST_EVENTS, forget_check

UNSET_ZONE = "UTC"
SAMPLE_NAME = "past-events-sample.csv"
SAMPLE = (
    "\ufeffuser_id,event,time,order_id,total\r\n"
    "c-1001,Order Completed,2026-09-14 18:20:00,A-2041,25.90\r\n"
    "c-1001,Order Refunded,2026-09-20 09:05:00,A-2041,25.90\r\n"
    "c-1002,Order Completed,2026-10-02T11:48:30+01:00,A-2077,64\r\n"
).encode()


def access_past(workspace: Workspace, source_id: int, import_id: int) -> Import:
    """The only way to an import of past events: one of this source and workspace. Raises NotFound."""
    try:
        found: Import = Import.objects.select_related("source", "workspace").get(
            pk=import_id, workspace=workspace, source_id=source_id, kind=PAST_EVENTS
        )
    except Import.DoesNotExist:
        raise NotFound(_("This import does not exist in this workspace.")) from None
    return found


def list_past(source: Source) -> list[Import]:
    """The source's imports of past events, the newest first."""
    return list(Import.objects.filter(source=source, kind=PAST_EVENTS).order_by("-id"))


def read_past_shape(data: Path, saved: SavedFile, bytes_max: int, country: str) -> Shape:
    """The shape of a kept file. Raises FileProblem when it is neither a table nor JSON Lines."""
    with open_file(data, saved.path) as file:
        return detect_past_shape(file, saved.size, bytes_max, country)


def add_past(
    source: Source, user: User | None, now: datetime, *, name: str, saved: SavedFile, shape: Shape, event: str = ""
) -> Import:
    """Take a file in, with its fields proposed. `event` is the name of rows that have none. Raises FileProblem when it
    has a head and nothing under it."""
    workspace = source.workspace
    check_said(PastOptions(event=event))
    head = is_json(shape) or has_past_head(shape.first)
    if head and not shape.samples:
        raise FileProblem(FileReason.NO_ROWS)
    targets = propose_past_mapping(shape.first, shape.samples, has_head=head)
    rows = shape.samples if head else (shape.first, *shape.samples)
    options = PastOptions(
        has_head=head,
        event=event,
        zone=workspace.zone or UNSET_ZONE,
        country=workspace.country,
        month_first=guess_month_first(_list_times(rows, targets), is_month_first(workspace.country)),
    )
    made: Import = Import.objects.create(
        workspace=workspace,
        source=source,
        kind=PAST_EVENTS,
        name=name[:255],
        path=saved.path,
        size=saved.size,
        sha256=saved.sha256,
        shape=msgspec.to_builtins(shape),
        mapping=_write_targets(targets),
        options=msgspec.to_builtins(options),
        created_by=user,
        created_at=now,
    )
    record_change(workspace, user, now, "past_events_added", f"import:{made.pk}", {"size": saved.size})
    return made


def read_past_options(found: Import) -> PastOptions:
    """What was said about a file."""
    return msgspec.convert(found.options, PastOptions, strict=False)


def list_past_heads(found: Import) -> list[str]:
    """The columns' names: the head or keys, or numbers where the file has none."""
    return list_columns(found)


def may_set_fields(found: Import) -> bool:
    """Whether the import has not gone past its fields."""
    return found.state in (ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED) and not found.started_at


def set_fields(conn: Conn, found: Import, targets: Sequence[str], options: PastOptions) -> None:
    """Choose what the columns are and what is said about the file; a check that was made before is forgotten.

    Raises FileProblem that names the column, Invalid with the field, Conflict while the import is working or done."""
    check_said(options)
    check_fields(found, targets, options)
    found = lock_import(found)
    if not may_set_fields(found):
        raise Conflict(_("This import is past its fields. Import the file again."))
    forget_check(conn, found.pk)
    found.mapping = _write_targets(targets)
    found.options = msgspec.to_builtins(options)
    reset_import(found)
    found.state = ImportState.UPLOADED.value
    found.save()


def check_said(options: PastOptions) -> None:
    """Raises Invalid with the field of what is said about a file."""
    if len(options.event) > NAME_MAX or "\0" in options.event:
        raise Invalid(_("An event's name has at most %(most)s characters.") % {"most": NAME_MAX}, field="event")
    if options.zone and options.zone not in available_timezones():
        sentence = _("No time zone is called %(name)s. Give its IANA name, such as Europe/Lisbon.")
        raise Invalid(sentence % {"name": options.zone}, field="zone")
    if options.country and find_country(options.country) != options.country:
        sentence = _("No country has the code %(code)s. Give one of two letters, such as BR.")
        raise Invalid(sentence % {"code": options.country}, field="country")


def check_fields(found: Import, targets: Sequence[str], options: PastOptions) -> None:
    """Raises FileProblem that says what to choose. Messages of SDKs need no choice."""
    if found.shape.get("kind") != MESSAGES:
        check_past_mapping(targets, list_columns(found), options.event)


def start_past_check(conn: Conn, found: Import) -> None:
    """Hand the import to the importer for its check."""
    found = lock_import(found)
    refuse_unless(found, ImportState.CHECKING)
    width = len(found.shape.get("first", ()))
    targets = [found.mapping.get(str(column), IGNORE) for column in range(width)]
    check_fields(found, targets, read_past_options(found))
    forget_check(conn, found.pk)
    reset_import(found)
    found.state = ImportState.CHECKING.value
    found.save()


def start_past(found: Import, user: User | None, now: datetime) -> None:
    """Hand the checked import, or one that stopped on an error, to the importer."""
    found = lock_import(found)
    refuse_unless(found, ImportState.APPLYING)
    if found.state == ImportState.FAILED and found.started_at is None:
        raise Conflict(_("The check of this import did not come to its end. Check it again."))
    if found.started_at is None:
        found.cursor = found.rows_done = 0
    found.state = ImportState.APPLYING.value
    found.fault = ""
    found.save()
    record_change(found.workspace, user, now, "past_events_started", f"import:{found.pk}", {"name": found.name})


def cancel_past(found: Import, user: User | None, now: datetime) -> None:
    """Stop a check, which leads back to the fields, or an import; what was taken stays. Raises Conflict when it is not
    working."""
    found = lock_import(found)
    if found.state not in WORKING_STATES:
        raise Conflict(_("The import has moved on since this page was shown. Look at it again."))
    if found.state == ImportState.CHECKING:
        reset_import(found)
        found.state = ImportState.UPLOADED.value
    else:
        found.state = ImportState.CANCELLED.value
        found.ended_at = now
        if found.started_at is None:  # it waited: what the check had counted did not come to pass
            found.counts = {}
    found.save()
    record_change(found.workspace, user, now, "past_events_cancelled", f"import:{found.pk}", {"name": found.name})


def discard_past(conn: Conn, found: Import, user: User | None, now: datetime) -> None:
    """Give up an import of which nothing was taken. Raises Conflict otherwise."""
    found = lock_import(found)
    if found.started_at is not None or found.state in WORKING_STATES:
        raise Conflict(_("This import has begun. What it took stays."))
    forget_check(conn, found.pk)
    workspace, subject = found.workspace, f"import:{found.pk}"
    found.delete()
    record_change(workspace, user, now, "import_discarded", subject)


def _list_times(rows: Sequence[Sequence[str]], targets: Sequence[str]) -> list[str]:
    if PastField.TIME not in targets:
        return []
    column = list(targets).index(PastField.TIME)
    return [row[column] for row in rows if column < len(row)]


def _write_targets(targets: Sequence[str]) -> dict[str, str]:
    return {str(column): target for column, target in enumerate(targets)}
