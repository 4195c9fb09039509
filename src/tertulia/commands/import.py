"""`tertulia import FILE`: the four steps of the console in one command, beside a running `up` or without one."""

import argparse
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tertulia import config
from tertulia.commands.files import await_import, iter_blocks, read_changes
from tertulia.commands.people import add_workspace, find_workspace, open_django
from tertulia.commands.roles import has_test_clock
from tertulia.core.consent import Basis, Cause
from tertulia.core.country_names import find_country, name_country
from tertulia.core.import_reasons import FileProblem, FileReason, sentence_of_reason, sentence_of_remedy
from tertulia.core.import_states import ImportState, Options
from tertulia.errors import Invalid, NotFound

if TYPE_CHECKING:
    from tertulia.data.models import Channel, Import, Workspace

PROBLEMS_MAX = 10_000
BASES = [basis.value for basis in Basis]
CAUSES = [cause.value for cause in Cause]
COUNTS = ("rows", "new", "updated", "unchanged", "duplicate", "rejected", "suppressed", "without_sms")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a CSV, XLSX, XLS or ODS file")
    parser.add_argument("--kind", choices=("customers", "opt_outs"), default="customers", help="what the list is")
    parser.add_argument("--channel", default="sms", help="the channel that the list is for: sms, or a channel's name")
    parser.add_argument("--country", default="", help="the country of numbers without a country code, such as BR")
    parser.add_argument("--map", action="append", default=[], metavar="COL=FIELD", help="what a column is; repeatable")
    parser.add_argument("--basis", choices=BASES, default=Basis.NONE.value, help="on what consent rests")
    parser.add_argument("--source", default="", help="where the consent was given, as its proof says")
    parser.add_argument("--text-version", default="", help="the version of the text that was agreed to")
    parser.add_argument("--cause", choices=CAUSES, default=Cause.WITHDRAWN.value, help="of an opt-out list's rows")
    parser.add_argument("--take-suggestions", action="store_true", help="import rows as suggested where one is given")
    parser.add_argument("--keep-series", action="store_true", help="numbers that differ by one are real")
    parser.add_argument("--take-erased", action="store_true", help="take people in again who were erased")
    parser.add_argument("--check", action="store_true", help="stop after the check: nothing is changed")
    add_workspace(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> int:
    if not options.file.is_file():
        raise Invalid(f"There is no file {options.file}.")
    with open_django() as url:
        found = import_file(url, options)
        report = describe_import(url, found)
    if options.json:
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    else:
        sys.stdout.write(_sentence(report))
    return 0 if found.state in (ImportState.DONE, ImportState.CHECKED) else 1


def import_file(url: str, options: argparse.Namespace) -> "Import":
    """Take the file in, check it and, unless only the check is asked for, apply it. Raises TertuliaError."""
    from django.db import connection, transaction

    from tertulia.actions.imports import start_apply, start_check
    from tertulia.store.clock import decision_now

    with transaction.atomic():
        connection.ensure_connection()
        conn = connection.connection
        now = decision_now(conn, test_clock=has_test_clock())
        found = _take_in(find_workspace(options.workspace), now, options)
        _map_columns(conn, found, options.map)
        start_check(conn, found)
    await_import(url, found, quiet=options.json)
    if found.state == ImportState.CHECKED and not options.check:
        with transaction.atomic():
            start_apply(found, None, now, keep_series=options.keep_series, take_erased=options.take_erased)
        await_import(url, found, quiet=options.json)
    if found.state == ImportState.FAILED:
        raise Invalid(found.fault)
    return found


def describe_import(url: str, found: "Import") -> dict[str, Any]:
    """An import for machines: its counts, warnings, and the rows that were not imported with their reasons."""
    from tertulia.store.db import connect
    from tertulia.store.import_rows import Listing, list_rows

    counts = found.counts
    with connect(url) as conn:
        rows = list_rows(conn, found.pk, Listing.REJECTED, 0, PROBLEMS_MAX)
    problems = []
    for row in rows:
        sentence, params = sentence_of_reason(row.reason)
        remedy, values = sentence_of_remedy(row.suggestion) if row.suggestion else ("", {})
        problems.append(
            {
                "row": row.row,
                "field": row.field,
                "value": row.value,
                "reason": row.reason.partition("?")[0],
                "sentence": sentence % _named(params),
                "suggestion": remedy % values,
            }
        )
    return {
        "import": found.pk,
        "state": found.state,
        "kind": found.kind,
        **{name: counts.get(name, 0) for name in COUNTS},
        "reasons": counts.get("reasons", {}),
        "warnings": found.warnings,
        "rejected_rows": problems,
    }


def _take_in(workspace: "Workspace", now: datetime, options: argparse.Namespace) -> "Import":
    from tertulia.actions.import_files import read_shape, save_file
    from tertulia.actions.imports import add_import
    from tertulia.core.import_fields import ListKind

    country = options.country or workspace.country
    code = find_country(country) if country else ""
    if options.country and not code:
        raise Invalid(f"{options.country} is no country. Give its code, such as BR.")
    bytes_max = config.read_int("IMPORT_BYTES_MAX")
    if options.file.stat().st_size > bytes_max:
        raise FileProblem(FileReason.TOO_LARGE, size=options.file.stat().st_size, limit=bytes_max)
    saved = save_file(iter_blocks(options.file), config.need_data_dir(), bytes_max)
    said = Options(
        country=code,
        basis=Basis(options.basis),
        source=options.source,
        text_version=options.text_version,
        cause=Cause(options.cause),
        take_suggestions=options.take_suggestions,
    )
    return add_import(
        workspace,
        None,
        now,
        kind=ListKind(options.kind),
        name=options.file.name,
        saved=saved,
        shape=read_shape(config.data_dir(), saved, bytes_max, code),
        options=said,
        channel=_find_channel(workspace, options.channel),
    )


def _find_channel(workspace: "Workspace", name: str) -> "Channel | None":
    from django.db.models import Q

    from tertulia.data.models import Channel

    live = Channel.objects.filter(workspace=workspace, archived_at=None)
    found: Channel | None = live.filter(Q(name__iexact=name) | Q(kind=name) | Q(public_id=name)).order_by("id").first()
    if found is None and name != "sms":
        raise NotFound(f"There is no channel {name} in this workspace.")
    return found


def _map_columns(conn: Any, found: "Import", changes: list[str]) -> None:
    from tertulia.actions.imports import list_heads, read_options_of, read_targets, set_columns
    from tertulia.core.import_fields import override_mapping

    pairs = read_changes(changes)
    if pairs:
        targets = override_mapping(read_targets(found), list_heads(found), pairs)
        set_columns(conn, found, targets, read_options_of(found))


def _named(params: Mapping[str, str]) -> dict[str, str]:
    return {key: name_country(value) if key == "country" else value for key, value in params.items()}


def _sentence(report: Mapping[str, Any]) -> str:
    """What an import did or, checked only, would do; then the first rows that were rejected."""
    checked = report["state"] == ImportState.CHECKED
    lines = [
        _("Checked, nothing is changed: %(counts)s.") if checked else _("Imported: %(counts)s."),
        *(f"row {row['row']}: {row['sentence']}: {row['value']}" for row in report["rejected_rows"][:20]),
    ]
    lines[0] %= {"counts": ", ".join(_list_counts(report))}
    return "\n".join(lines) + "\n"


def _list_counts(report: Mapping[str, Any]) -> list[str]:
    counts = {name: int(report[name]) for name in COUNTS}
    new, same, twice = counts["new"], counts["unchanged"], counts["duplicate"]
    rejected, silent, stopped = counts["rejected"], counts["without_sms"], counts["suppressed"]
    written = [
        (new, ngettext("%(n)s new contact", "%(n)s new contacts", new)),
        (counts["updated"], ngettext("%(n)s updated", "%(n)s updated", counts["updated"])),
        (same, ngettext("%(n)s unchanged", "%(n)s unchanged", same)),
        (silent, ngettext("%(n)s without SMS", "%(n)s without SMS", silent)),
    ]
    if report["kind"] == "opt_outs":
        written = [(stopped, ngettext("%(n)s address suppressed", "%(n)s addresses suppressed", stopped))]
    written += [
        (twice, ngettext("%(n)s duplicate row", "%(n)s duplicate rows", twice)),
        (rejected, ngettext("%(n)s rejected row", "%(n)s rejected rows", rejected)),
    ]
    return [words % {"n": f"{number:,}"} for number, words in written]
