"""`tertulia import-events FILE`: the four steps of the console in one command. Past events go through the log, so an
engine has to decide them: that of a running `up`, or one of the command's own."""

import argparse
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia import config
from tertulia.commands.files import await_import, iter_blocks, read_changes
from tertulia.commands.people import add_workspace, find_workspace, open_django
from tertulia.commands.roles import has_test_clock
from tertulia.core.import_reasons import FileProblem, FileReason
from tertulia.core.import_states import ImportState
from tertulia.core.past_counts import PastCounts, read_counts
from tertulia.errors import Invalid, NotFound

if TYPE_CHECKING:
    from tertulia.data.models import Import, Source, Workspace

PROBLEMS_MAX = 10_000
PROBLEMS_SHOWN = 20
IDLE_S = 0.05
FIGURES = ("rows", "new", "there", "twice", "rejected", "as_text", "strangers", "reasons", "names")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a CSV, XLSX, XLS or ODS file, or JSON Lines")
    parser.add_argument("--source", required=True, metavar="KEY|ID", help="the source: its write key, number or name")
    parser.add_argument("--map", action="append", default=[], metavar="COL=FIELD", help="what a column is; repeatable")
    parser.add_argument("--event", default="", metavar="NAME", help="the event's name in rows that have none")
    parser.add_argument("--zone", default="", help="the time zone of times without one, such as America/Sao_Paulo")
    parser.add_argument("--country", default="", help="the country of phones without a country code, such as BR")
    parser.add_argument("--month-first", action="store_true", help="03/04/2026 is the 4th of March")
    parser.add_argument("--check", action="store_true", help="stop after the check: nothing is changed")
    add_workspace(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> int:
    if not options.file.is_file():
        raise Invalid(f"There is no file {options.file}.")
    with open_django() as url:
        found = import_events(url, options)
        report = describe_past(url, found)
    if options.json:
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    else:
        sys.stdout.write(_tell(report, read_counts(found.counts)))
    return 0 if found.state in (ImportState.DONE, ImportState.CHECKED) else 1


def import_events(url: str, options: argparse.Namespace) -> "Import":
    """Take the file in, check it and, unless only the check is asked for, take its events. Raises TertuliaError."""
    from django.db import connection, transaction

    from tertulia.actions.past_events import start_past, start_past_check
    from tertulia.store.clock import decision_now

    with transaction.atomic():
        connection.ensure_connection()
        conn = connection.connection
        now = decision_now(conn, test_clock=has_test_clock())
        found = _take_in(conn, find_source(find_workspace(options.workspace), options.source), now, options)
        start_past_check(conn, found)
    await_import(url, found, quiet=options.json)
    if found.state == ImportState.CHECKED and not options.check:
        with transaction.atomic():
            start_past(found, None, now)
        with _engine_beside(url):
            await_import(url, found, quiet=options.json)
    if found.state == ImportState.FAILED:
        raise Invalid(found.fault)
    return found


def find_source(workspace: "Workspace", name: str) -> "Source":
    """The source of a write key, a number or a name. Raises NotFound."""
    from django.db.models import Q

    from tertulia.data.models import Source

    which = Q(write_key=name) | Q(name__iexact=name)
    if name.isascii() and name.isdecimal() and len(name) < 10:
        which |= Q(pk=int(name))
    own = Source.objects.select_related("workspace").filter(workspace=workspace)
    found: Source | None = own.filter(which).order_by("id").first()
    if found is None:
        raise NotFound(f"There is no source {name} in this workspace.")
    return found


def describe_past(url: str, found: "Import") -> dict[str, Any]:
    """An import for machines: its counts, and the rows that were not taken with their reasons."""
    from tertulia.actions.past_words import explain_past
    from tertulia.store.db import connect
    from tertulia.store.import_rows import Listing, list_rows

    counts = read_counts(found.counts)
    with connect(url) as conn:
        rows = list_rows(conn, found.pk, Listing.REJECTED, 0, PROBLEMS_MAX)
    rejected = [
        {
            "row": row.row,
            "field": row.field,
            "value": row.value,
            "reason": row.reason.partition("?")[0],
            "sentence": explain_past(row.reason),
        }
        for row in rows
    ]
    figures = {name: getattr(counts, name) for name in FIGURES}
    told = {"import": found.pk, "source": found.source_id, "state": found.state}
    return {**told, **figures, "rejected_rows": rejected}


def _take_in(conn: Any, source: "Source", now: Any, options: argparse.Namespace) -> "Import":
    from tertulia.actions.import_files import save_file
    from tertulia.actions.imports import list_heads, read_targets
    from tertulia.actions.past_events import add_past, read_past_options, read_past_shape, set_fields
    from tertulia.core.past_fields import override_past_mapping

    bytes_max = config.read_int("IMPORT_BYTES_MAX")
    if options.file.stat().st_size > bytes_max:
        raise FileProblem(FileReason.TOO_LARGE, size=options.file.stat().st_size, limit=bytes_max)
    saved = save_file(iter_blocks(options.file), config.need_data_dir(), bytes_max)
    shape = read_past_shape(config.data_dir(), saved, bytes_max, source.workspace.country)
    found = add_past(source, None, now, name=options.file.name, saved=saved, shape=shape, event=options.event)
    said = {name: getattr(options, name) for name in ("zone", "country") if getattr(options, name)}
    if options.month_first:
        said["month_first"] = True
    targets = override_past_mapping(read_targets(found), list_heads(found), shape.samples, read_changes(options.map))
    set_fields(conn, found, targets, msgspec.structs.replace(read_past_options(found), **said))
    found.refresh_from_db()
    return found


@contextmanager
def _engine_beside(url: str) -> Iterator[None]:
    """An engine of the command's own, which decides and hands no message over. Beside a running one it finds no shard
    without an owner and does nothing."""
    from tertulia.store.db import connect
    from tertulia.workers.engine import Engine

    stop = threading.Event()

    def decide() -> None:
        with connect(url, name="tertulia import-events") as conn:
            engine = Engine(conn, config.public_url(), test_clock=has_test_clock())
            while not stop.is_set():
                if not engine.decide_log():
                    stop.wait(IDLE_S)
            engine.release()

    thread = threading.Thread(target=decide, name="engine", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _tell(report: dict[str, Any], counts: PastCounts) -> str:
    """What an import did or, checked only, would do; then the first rows that were not taken."""
    checked = report["state"] == ImportState.CHECKED
    known = counts.there + counts.twice
    written = [
        (counts.new, ngettext("%(n)s new event", "%(n)s new events", counts.new)),
        (known, ngettext("%(n)s here already", "%(n)s here already", known)),
        (counts.rejected, ngettext("%(n)s rejected row", "%(n)s rejected rows", counts.rejected)),
    ]
    told = ", ".join(words % {"n": f"{number:,}"} for number, words in written)
    head = _("Checked, nothing is changed: %(counts)s.") if checked else _("Imported: %(counts)s.")
    rows = [f"row {row['row']}: {row['sentence']}: {row['value']}" for row in report["rejected_rows"][:PROBLEMS_SHOWN]]
    return "\n".join([head % {"counts": told}, *rows]) + "\n"
