"""`tertulia bench NAME|all`: measure, and say whether the goals were reached."""

import argparse
import json
import sys

import msgspec

from tertulia.bench.harness import BENCHES, SCALED, Figure, Report, run_alone, run_bench


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help=f"one of {', '.join(BENCHES)}, or all")
    parser.add_argument("--contacts", type=int, metavar="N", help=f"for so many contacts: {', '.join(SCALED)}")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")


def run(options: argparse.Namespace) -> int:
    """Status 1 when a goal was missed. `all` gives every bench a process of its own, for each has its own database."""
    if options.name == "all" and options.contacts is None:
        reports = [run_alone(name) for name in BENCHES]
        document = msgspec.json.encode(reports)
    else:
        reports = [run_bench(options.name, options.contacts)]
        document = msgspec.json.encode(reports[0])
    if options.json:
        sys.stdout.write(document.decode() + "\n")
    else:
        for report in reports:
            _show(report)
    return 0 if all(report.met for report in reports) else 1


def _show(report: Report) -> None:
    sys.stdout.write(f"{report.bench}\n")
    for figure in report.figures:
        sys.stdout.write(f"  {_describe(figure)}\n")
    sys.stdout.write(f"  {json.dumps(dict(report.detail))}\n")


def _describe(figure: Figure) -> str:
    text = f"{figure.name}: {figure.value:,g} {figure.unit}"
    if figure.limit is not None:
        text += f" (bare {figure.limit:,g}, ratio {figure.ratio})"
    if figure.goal is not None:
        text += f", goal {figure.goal}: {'met' if figure.met else 'missed'}"
    return text
