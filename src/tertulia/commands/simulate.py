"""`tertulia simulate JOURNEY`: what a journey would come to, played on a virtual clock by the core that would run it,
beside the published ones. Nothing is stored or sent."""

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from tertulia.commands.people import add_workspace, find_workspace, open_django
from tertulia.commands.roles import has_test_clock
from tertulia.errors import Invalid, NotFound

if TYPE_CHECKING:
    from tertulia.actions.what_if import Tape
    from tertulia.core.journeys import Program
    from tertulia.core.world import Config
    from tertulia.data.models import Workspace
    from tertulia.store.db import Conn

DAYS_BACK = 30
EVENTS_MAX = 3_000_000
CONTACTS_MAX = 1_000_000
RUN_ON = timedelta(days=30)  # after the last event, so that who entered last is seen to the end
LEFT_OUT_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Variant:
    """A journey that is asked about: a document's file, or the key of one that the installation has."""

    label: str
    journey_id: int
    name: str
    program: "Program"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("journey", help="a document's file, or a journey's key: its draft")
    parser.add_argument("--contacts", type=Path, help="a list as for import, or JSON Lines; else real customers")
    parser.add_argument("--events", type=Path, help="JSON Lines as for /v1/batch, or CSV; else recorded events")
    parser.add_argument("--from", dest="since", metavar="T", help="the first instant, such as 2026-03-01T00:00Z")
    parser.add_argument("--to", dest="until", metavar="T", help="the last instant; by default 30 days after the events")
    parser.add_argument("--compare", metavar="JOURNEY", help="another journey, played through the same")
    parser.add_argument("--country", default="", help="of numbers without a country code; by default the workspace's")
    parser.add_argument(
        "--refused", type=_read_percent, default=0.0, metavar="PERCENT", help="how many messages reach nobody"
    )
    parser.add_argument(
        "--answered", type=_read_percent, default=50.0, metavar="PERCENT", help="how many questions are answered; 50"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    add_workspace(parser)


def _read_percent(text: str) -> float:
    try:
        percent = float(text)
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise argparse.ArgumentTypeError(f"{text} is no percentage: give a number from 0 to 100, such as 2.5")
    return percent


def run(options: argparse.Namespace) -> int:
    with open_django() as url:
        from tertulia import config as settings
        from tertulia.actions.config import load_config
        from tertulia.store.db import connect

        workspace = find_workspace(options.workspace)
        asked = [options.journey, *([options.compare] if options.compare else [])]
        variants = [_find_variant(workspace, name) for name in asked]
        with connect(url) as conn:
            base = load_config(conn, settings.read("PUBLIC_URL"))
            told = _play(conn, base, workspace, variants, options)
    if options.json:
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    else:
        sys.stdout.write(describe(told))
    return 0


def _find_variant(workspace: "Workspace", name: str) -> Variant:
    """The document of a file, else the draft of the journey with this key. Raises NotFound, or Invalid that names the
    line."""
    from tertulia.actions.journeys import check_text
    from tertulia.actions.what_if import DRAFT
    from tertulia.core.journeys import compile_journey
    from tertulia.data.models import Journey

    path = Path(name)
    known = Journey.objects.filter(workspace=workspace, key=path.stem if path.is_file() else name).first()
    if not path.is_file() and known is None:
        raise NotFound(f"There is no file {name}, and no journey with this key.")
    text = path.read_text(encoding="utf-8") if path.is_file() else known.document
    document, problems = check_text(workspace, text)
    if document is None:
        raise Invalid("\n".join(f"{name}:{problem.line}: {problem.sentence}" for problem in problems))
    return Variant(name, known.pk if known else DRAFT, document.name, compile_journey(document))


def _play(
    conn: "Conn", base: "Config", workspace: "Workspace", variants: list[Variant], options: argparse.Namespace
) -> dict[str, Any]:
    """Every variant through the same."""
    from tertulia.actions import what_if
    from tertulia.actions.what_if_files import FILE_SOURCE, read_people
    from tertulia.actions.what_if_told import tell_played
    from tertulia.store.coupons import count_left

    base = replace(base, client_sources=base.client_sources | {FILE_SOURCE})
    configs = [what_if.put_in(base, workspace.pk, one.journey_id, one.name, one.program) for one in variants]
    tape = _read_tape(conn, configs, workspace, options)
    left_out: list[str] = []
    if options.contacts:
        given = read_people(options.contacts, workspace.pk, options.country or workspace.country, tape.since)
        people, left_out = what_if.People(given.rows), given.left_out
    else:
        ids = what_if.find_people(conn, base, tape.arrivals) if options.events else tape.contact_ids
        people = what_if.load_people(conn, base, ids)
    until = _read_instant(options.until, "--to") or tape.until + RUN_ON
    left = count_left(conn, [pool.id for pool in base.pools.values() if pool.workspace == workspace.pk])
    told = []
    for one, config in zip(variants, configs, strict=True):
        memory = what_if.gather(config, people, tape.since)
        shares = {"refused": options.refused / 100, "answered": options.answered / 100}
        played = what_if.play_tape(memory, tape, one.journey_id, until, **shares)
        told.append({"journey": one.label, "name": one.name, **tell_played(played, one.program, config, left)})
    return {
        "from": tape.since,
        "to": until,
        "zone": what_if.find_zone(base, workspace.pk).key,
        "events": len(tape.arrivals),
        "contacts": len(people.rows),
        "cut": tape.cut,
        "left_out": left_out,
        "journeys": told,
    }


def _read_tape(conn: "Conn", configs: "list[Config]", workspace: "Workspace", options: argparse.Namespace) -> "Tape":
    """The given events, else the recorded ones, from the first instant to the last."""
    from tertulia.actions.what_if import Tape, read_tape
    from tertulia.actions.what_if_files import read_events
    from tertulia.store.clock import decision_now

    since, until = _read_instant(options.since, "--from"), _read_instant(options.until, "--to")
    if since is not None and until is not None and since >= until:
        raise Invalid("--from: Give an instant before --to.")
    if not options.events:
        now = decision_now(conn, test_clock=has_test_clock())
        first, last = since or (until or now) - timedelta(days=DAYS_BACK), min(until or now, now)
        return read_tape(conn, configs, workspace.pk, first, last, events_max=EVENTS_MAX, contacts_max=CONTACTS_MAX)
    arrivals = [
        told
        for told in read_events(options.events, workspace.pk)
        if (since is None or told.at >= since) and (until is None or told.at < until)
    ]
    if not arrivals:
        raise Invalid(f"{options.events}: There is no event between --from and --to.")
    return Tape(workspace.pk, arrivals, frozenset(), since or arrivals[0].at, arrivals[-1].at)


def _read_instant(text: str | None, option: str) -> datetime | None:
    from tertulia.core.ingest_time import read_time

    if text is None:
        return None
    at = read_time(text)
    if at is None:
        raise Invalid(f"{option}: Give an instant such as 2026-03-01T00:00Z.")
    return at


def describe(told: dict[str, Any]) -> str:
    """The document for people, each journey in a column of its own where there are two."""
    zone = ZoneInfo(told["zone"])
    span = f"{told['from'].astimezone(zone):%Y-%m-%d} to {told['to'].astimezone(zone):%Y-%m-%d}, {zone}"
    lines = [f"Events: {told['events']:,}, contacts: {told['contacts']:,}, {span}"]
    if told["cut"]:
        lines.append(f"Cut: too many {told['cut']}, so it begins later.")
    if told["left_out"]:
        lines.append(f"{len(told['left_out']):,} rows left out, as an import would:")
        lines += [f"  {sentence}" for sentence in told["left_out"][:LEFT_OUT_SHOWN]]
    lines += ["", *_lay_out([("", [one["name"] for one in told["journeys"]]), *_list_figures(told["journeys"])])]
    for one in told["journeys"]:
        if one["samples"]:
            lines += ["", f"{one['name']} would read:"]
        for sample in one["samples"]:
            at = sample["at"].astimezone(zone)
            lines.append(f"  {at:%Y-%m-%d %H:%M}  {sample['channel']}  {sample['name']}: {sample['text']}")
    return "\n".join(lines) + "\n"


Row = tuple[str, list[str]]


def _list_figures(journeys: list[dict[str, Any]]) -> list[Row]:
    rows = [
        ("entered", [f"{one['entered']:,}" for one in journeys]),
        ("completed", [f"{one['completed']:,}" for one in journeys]),
        ("still inside", [f"{one['inside']:,}" for one in journeys]),
        ("messages", [f"{one['messages']:,}" for one in journeys]),
        ("cost", [", ".join(f"{c['micros'] / 1e6:,.2f} {c['currency']}" for c in one["cost"]) for one in journeys]),
    ]
    if any(one["held_out"] for one in journeys):
        rows.append(("messages held out", [f"{one['held_out']:,}" for one in journeys]))
    if any(one["calls"] for one in journeys):
        rows.append(("calls, by their samples", [f"{one['calls']:,}" for one in journeys]))
    rows += _count(journeys, "by_day", lambda told: f"{told['day']}  {told['channel']}")
    rows += _count(journeys, "not_entered", lambda told: f"not entered  {told['reason']}")
    rows += _count(journeys, "held", lambda told: f"held  {told['reason']}")
    rows += _count(journeys, "not_sent", lambda told: f"{told['outcome'].replace('_', ' ')}  {told['reason']}")
    rows += _count(journeys, "coupons", lambda told: f"coupons  {told['pool']} ({_tell_left(told['left'])})", "needed")
    rows += _count(journeys, "steps", lambda told: f"step {told['step']}", "reached")
    return rows


def _tell_left(left: int | None) -> str:
    return "one for everybody" if left is None else f"{left:,} left"


def _count(
    journeys: list[dict[str, Any]], part: str, name: Callable[[dict[str, Any]], str], what: str = "count"
) -> list[Row]:
    """A row for each thing that any of the journeys counts."""
    found = [Counter[str]() for _ in journeys]
    for counts, one in zip(found, journeys, strict=True):
        for told in one[part]:
            counts[name(told)] += told[what]
    names = dict.fromkeys(key for counts in found for key in counts)
    return [(key, [f"{counts[key]:,}" for counts in found]) for key in names]


def _lay_out(rows: list[Row]) -> list[str]:
    widths = [max(len(name) for name, _ in rows)]
    widths += [max(len(cells[column]) for _, cells in rows) for column in range(len(rows[0][1]))]
    return [
        "  ".join([name.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(cells, widths[1:], strict=True))]).rstrip()
        for name, cells in rows
    ]
