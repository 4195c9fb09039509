"""`tertulia simulate JOURNEY`: what a journey would come to, played on a virtual clock by the core that would run it,
beside the published ones. Nothing is stored or sent."""

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
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
    from tertulia.actions.what_if_stage import Stage, Variant
    from tertulia.core.simulation.rates import Rates
    from tertulia.core.world import Config
    from tertulia.data.models import Workspace
    from tertulia.store.db import Conn

DAYS_BACK = 30
EVENTS_MAX = 3_000_000
CONTACTS_MAX = 1_000_000
RUN_ON = timedelta(days=30)  # after the last event, so that who entered last is seen to the end
LEFT_OUT_SHOWN = 5
LIVE = "live"  # what is published of a journey


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("journey", help="a document's file, or a journey's key: its draft")
    parser.add_argument("--contacts", type=Path, help="a list as for import, or JSON Lines; else real customers")
    parser.add_argument("--events", type=Path, help="JSON Lines as for /v1/batch, or CSV; else recorded events")
    parser.add_argument(
        "--synthetic",
        type=_read_number,
        metavar="N",
        help="N synthetic customers for 30 days, by --rates; no real ones",
    )
    parser.add_argument("--rates", type=Path, metavar="FILE", help="YAML or JSON: how customers and providers act")
    parser.add_argument("--seed", type=int, metavar="N", help="of chance; the same seed gives the same answer")
    parser.add_argument("--from", dest="since", metavar="T", help="the first instant, such as 2026-03-01T00:00Z")
    parser.add_argument("--to", dest="until", metavar="T", help="the last instant; by default 30 days after the events")
    parser.add_argument("--compare", metavar="JOURNEY", help="another journey, or `live`, played through the same")
    parser.add_argument("--country", default="", help="of numbers without a country code; by default the workspace's")
    parser.add_argument(
        "--refused", type=_read_percent, metavar="PERCENT", help="how many messages reach nobody, on every channel"
    )
    parser.add_argument(
        "--silent",
        type=_read_percent,
        metavar="PERCENT",
        help="how many are taken and never delivered, on every channel",
    )
    parser.add_argument("--answered", type=_read_percent, metavar="PERCENT", help="how many questions are answered; 50")
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


def _read_number(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= CONTACTS_MAX:
        raise argparse.ArgumentTypeError(f"{text}: give a number of customers, 1 to {CONTACTS_MAX:,}")
    return number


def run(options: argparse.Namespace) -> int:
    with open_django() as url:
        from tertulia import config as settings
        from tertulia.actions.config import load_config
        from tertulia.store.db import connect

        workspace = find_workspace(options.workspace)
        asked = [options.journey, *([options.compare] if options.compare else [])]
        rates = _read_rates(options)
        variants = [_find_variant(workspace, name) for name in asked[:1]]
        variants += [_find_variant(workspace, name, variants[0]) for name in asked[1:]]
        with connect(url) as conn:
            base = load_config(conn, settings.read("PUBLIC_URL"))
            told = _play(conn, base, workspace, variants, rates, options)
    if options.json:
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    else:
        sys.stdout.write(describe(told))
    return 0


def _read_rates(options: argparse.Namespace) -> "Rates":
    """Those of the file, else the defaults, with what single options say."""
    from tertulia.core.simulation.rates import DEFAULTS, set_shares

    rates = _read_file(options.rates) if options.rates else DEFAULTS
    given = {name: value for name in ("seed", "answered") if (value := getattr(options, name)) is not None}
    rates = msgspec.structs.replace(rates, **given)
    return set_shares(rates, refused=options.refused, silent=options.silent)


def _read_file(path: Path) -> "Rates":
    from tertulia.documents.lines import BadDocument
    from tertulia.documents.rates import check_rates

    if not path.is_file():
        raise Invalid(f"There is no file {path}.")
    try:
        return check_rates(path.read_text(encoding="utf-8"))
    except BadDocument as error:
        raise Invalid("\n".join(f"{path}:{one.place.line}: {one.sentence}" for one in error.problems)) from None


def _find_variant(workspace: "Workspace", name: str, beside: "Variant | None" = None) -> "Variant":
    """The document of a file, else the draft of the journey with this key, else what is `live` of the one `beside` it.
    Raises NotFound, or Invalid that names the line."""
    from tertulia.actions.journeys import check_text
    from tertulia.actions.what_if import DRAFT
    from tertulia.actions.what_if_stage import Variant
    from tertulia.core.journeys import compile_journey
    from tertulia.data.models import Journey

    path = Path(name)
    known = Journey.objects.filter(workspace=workspace, key=path.stem if path.is_file() else name).first()
    if not path.is_file() and known is None and name == LIVE and beside is not None:
        return _find_live(workspace, beside)
    if not path.is_file() and known is None:
        raise NotFound(f"There is no file {name}, and no journey with this key.")
    text = path.read_text(encoding="utf-8") if path.is_file() else known.document
    document, problems = check_text(workspace, text)
    if document is None:
        raise Invalid("\n".join(f"{name}:{problem.line}: {problem.sentence}" for problem in problems))
    return Variant(name, known.pk if known else DRAFT, document.name, compile_journey(document))


def _find_live(workspace: "Workspace", beside: "Variant") -> "Variant":
    """What is published of a journey."""
    from tertulia.actions.journeys import read_newest
    from tertulia.actions.what_if_stage import Variant
    from tertulia.core.journeys import compile_journey
    from tertulia.data.models import Journey
    from tertulia.documents.journeys import read_journey

    journey = Journey.objects.filter(workspace=workspace, pk=beside.journey_id).first()
    newest = read_newest(journey) if journey is not None else None
    if journey is None or newest is None:
        raise NotFound(f"Nothing is live of {beside.label}.")
    document = read_journey(newest)
    return Variant(LIVE, journey.pk, f"{document.name}, live", compile_journey(document))


def _play(
    conn: "Conn",
    base: "Config",
    workspace: "Workspace",
    variants: "list[Variant]",
    rates: "Rates",
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Every variant through the same."""
    stage, left_out = _set_stage(conn, base, workspace, variants, rates, options)
    told = [stage.tell(place, stage.play(place)) for place in range(len(variants))]
    return {**stage.describe(), "left_out": left_out, "journeys": told}


def _set_stage(
    conn: "Conn",
    base: "Config",
    workspace: "Workspace",
    variants: "list[Variant]",
    rates: "Rates",
    options: argparse.Namespace,
) -> "tuple[Stage, list[str]]":
    """What they are played through; rows of a list that an import would leave out."""
    from tertulia.actions import what_if
    from tertulia.actions.what_if_files import FILE_SOURCE, read_people
    from tertulia.actions.what_if_recorded import Limits
    from tertulia.actions.what_if_stage import set_given, set_history, set_synthetic
    from tertulia.store.clock import decision_now

    base = replace(base, client_sources=base.client_sources | {FILE_SOURCE})
    since, until = _read_instant(options.since, "--from"), _read_instant(options.until, "--to")
    if since is not None and until is not None and since >= until:
        raise Invalid("--from: Give an instant before --to.")
    if options.synthetic and (options.contacts or options.events):
        raise Invalid("--synthetic: Synthetic customers do what --rates says; leave out --contacts and --events.")
    now = decision_now(conn, test_clock=has_test_clock())
    span = {"days": DAYS_BACK, "rates": rates, "since": since, "until": until}
    if options.synthetic:
        made = {"number": options.synthetic, "events_max": EVENTS_MAX}
        return set_synthetic(conn, base, workspace.pk, variants, now, **made, **span), []
    if not options.events and not options.contacts:
        limits = Limits(EVENTS_MAX, CONTACTS_MAX)
        return set_history(conn, base, workspace.pk, variants, now, run_on=RUN_ON, limits=limits, **span), []
    tape, left_out = _read_tape(options, base, workspace.pk, now, since, until), []
    if options.contacts:
        given = read_people(options.contacts, workspace.pk, options.country or workspace.country, tape.since)
        people, left_out = what_if.People(given.rows), given.left_out
    else:
        people = what_if.load_people(conn, base, what_if.find_people(conn, base, tape.arrivals))
    end = until or tape.until + (RUN_ON if options.events else timedelta(0))
    return set_given(conn, base, workspace.pk, variants, tape, people, end, rates), left_out


def _read_tape(
    options: argparse.Namespace,
    base: "Config",
    workspace: int,
    now: datetime,
    since: datetime | None,
    until: datetime | None,
) -> "Tape":
    """The given events, from the first instant to the last; where customers alone are given none, for 30 days."""
    from tertulia.actions.what_if import Tape
    from tertulia.actions.what_if_files import read_events

    if not options.events:
        return Tape(workspace, (), frozenset(), since or now, until or (since or now) + timedelta(days=DAYS_BACK))
    arrivals = [
        told
        for told in read_events(options.events, base, workspace)
        if (since is None or told.at >= since) and (until is None or told.at < until)
    ]
    if not arrivals:
        raise Invalid(f"{options.events}: There is no event between --from and --to.")
    return Tape(workspace, arrivals, frozenset(), since or arrivals[0].at, arrivals[-1].at)


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
    if told["synthetic"] is not None:
        lines += _describe_synthetic(told)
    if told["sent_beside"]:
        lines.append(f"Messages of other journeys that were sent and count under the caps: {told['sent_beside']:,}")
    for one in (told["budgets"] or {"workspace": []})["workspace"]:
        spent = f"{one['spent_micros'] / 1e6:,.2f} of {one['limit_micros'] / 1e6:,.2f}"
        lines.append(f"Spent by others of the workspace's budget of that {one['per']} when it begins: {spent}")
    if told["cut"]:
        lines.append(f"Cut: too many {told['cut']}, so it begins later.")
    if told["left_out"]:
        lines.append(f"{len(told['left_out']):,} rows left out, as an import would:")
        lines += [f"  {sentence}" for sentence in told["left_out"][:LEFT_OUT_SHOWN]]
    lines += [sentence for one in told["journeys"] for sentence in _describe_control(one, zone)]
    lines += ["", *_lay_out([("", [one["name"] for one in told["journeys"]]), *_list_figures(told["journeys"])])]
    for one in told["journeys"]:
        if one["samples"]:
            lines += ["", f"{one['name']} would read:"]
        for sample in one["samples"]:
            at = sample["at"].astimezone(zone)
            lines.append(f"  {at:%Y-%m-%d %H:%M}  {sample['channel']}  {sample['name']}: {sample['text']}")
    return "\n".join(lines) + "\n"


def _describe_control(one: dict[str, Any], zone: ZoneInfo) -> list[str]:
    """What its canary and its guards did."""
    lines, guard, canary = [], one["guard"], one["canary"]
    if canary is not None:
        until = f"{canary['until'].astimezone(zone):%Y-%m-%d %H:%M}"
        first = f"to {canary['share']} of the customers first, until {until}"
        lines.append(f"{one['name']} goes {first}; messages of others that waited: {canary['held']:,}.")
    if guard is not None:
        at = f"{guard['at'].astimezone(zone):%Y-%m-%d %H:%M}"
        lines.append(f"{one['name']}: its guard would have paused it at {at}: {guard['sentence']}. Nobody resumes it.")
    return lines


def _describe_synthetic(told: dict[str, Any]) -> list[str]:
    """Said first, so that nobody takes them for customers."""
    own = "modelled on yours" if told["synthetic"]["modelled_on"] == "customers" else "made by the rates"
    habits = [f"  {one['name']}: {one['per_day']:.3g} ({one['known']})" for one in told["synthetic"]["events"]]
    head = f"Synthetic: none of these contacts exists. They are {own}, seed {told['rates']['seed']}."
    return [head, *(["What each does a day:", *habits] if habits else [])]


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
    rows += [
        (what.replace("_", " "), [f"{one['reactions'][what]:,}" for one in journeys])
        for what in journeys[0]["reactions"] or ()
    ]
    rows += _count(journeys, "by_day", lambda told: f"{told['day']}  {told['channel']}")
    rows += _count(journeys, "not_entered", lambda told: f"not entered  {told['reason']}")
    rows += _count(journeys, "held", lambda told: f"held  {told['reason']}")
    rows += _count(journeys, "not_sent", lambda told: f"{told['outcome'].replace('_', ' ')}  {told['reason']}")
    rows += _count(journeys, "coupons", lambda told: f"coupons  {told['pool']} ({_tell_left(told['left'])})", "needed")
    rows += _count(journeys, "steps", lambda told: f"step {told['step']}", "reached")
    sending = [{"steps": [step for step in one["steps"] if step["sent"]]} for one in journeys]
    rows += _count(sending, "steps", lambda told: f"sent at {told['step']}", "sent")
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
