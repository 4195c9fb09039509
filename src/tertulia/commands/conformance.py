"""`tertulia conformance`: replay the rules' scenarios over HTTP and say rule by rule what held."""

import argparse
import json
import sys
from contextlib import nullcontext
from pathlib import Path

from tertulia.stories.conformance import runner


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", help="a server started with --test-clock; without one a server is started for the run")
    parser.add_argument("--scenarios", type=Path, default=runner.FOLDER, help="the folder of the scenarios")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("rules", nargs="*", metavar="RULE", help="only these rules or scenarios (M5, C2, …)")


def run(options: argparse.Namespace) -> int:
    scenarios = runner.load_scenarios(options.scenarios, options.rules)
    tell = _keep_silent if options.json else _Teller().tell
    with nullcontext(options.url) if options.url else runner.own_server() as url:
        report = runner.play_all(scenarios, url.rstrip("/"), tell)
    if options.json:
        sys.stdout.write(json.dumps(_write(report), indent=1) + "\n")
    else:
        failed = sum(not result.passed for result in report.results)
        sys.stdout.write(f"\n{len(report.results)} scenarios, {failed} failed\n")
    return 0 if report.passed else 1


class _Teller:
    """Prints each rule once, and under it its scenarios as they end."""

    def __init__(self) -> None:
        self._rule = ""

    def tell(self, result: runner.Result) -> None:
        scenario = result.scenario
        if scenario.rule != self._rule:
            self._rule = scenario.rule
            sys.stdout.write(f"{scenario.rule}\n")
        mark = "ok  " if result.passed else "FAIL"
        sys.stdout.write(f"  {mark} {scenario.title} ({result.seconds:.1f} s)\n")
        for fault in result.faults:
            sys.stdout.write(f"       {fault}\n")
        sys.stdout.flush()


def _keep_silent(result: runner.Result) -> None:
    """With --json nothing else is printed."""


def _write(report: runner.Report) -> dict[str, object]:
    return {
        "passed": report.passed,
        "scenarios": [
            {
                "rule": result.scenario.rule,
                "name": result.scenario.name,
                "title": result.scenario.title,
                "passed": result.passed,
                "faults": list(result.faults),
                "seconds": round(result.seconds, 2),
            }
            for result in report.results
        ],
    }
