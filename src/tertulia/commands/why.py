"""`tertulia why --contact C [--match M] [--json]`: why a message was or was not sent, gate by gate (S1)."""

import argparse
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import msgspec

from tertulia.commands.people import add_workspace, find_contact, find_workspace, open_django
from tertulia.errors import NotFound

if TYPE_CHECKING:
    from tertulia.actions.why import Answer
    from tertulia.data.models import Match

MARKS = {"passed": "passed ", "failed": "STOPPED", "not_reached": "-      "}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--contact", required=True, help="an id, a phone number, an e-mail or an external id")
    parser.add_argument("--match", type=int, help="the match's number; without one every launched match")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    add_workspace(parser)


def run(options: argparse.Namespace) -> int:
    with open_django() as url:
        from tertulia.actions.why import explain_why
        from tertulia.data.models import Match
        from tertulia.store.db import connect

        workspace = find_workspace(options.workspace)
        launched = Match.objects.filter(workspace=workspace).exclude(state="draft").order_by("pk")
        matches = list(launched.filter(pk=options.match) if options.match else launched)
        if not matches:
            raise NotFound("There is no such match." if options.match else "No match has been launched yet.")
        with connect(url) as conn:
            contact = find_contact(conn, workspace, options.contact)
            answers = [(match, explain_why(conn, workspace, contact, match)) for match in matches]
    if options.json:
        sys.stdout.write(msgspec.json.encode([asdict(answer) for _, answer in answers]).decode() + "\n")
    else:
        sys.stdout.write("\n".join(describe(match, answer) for match, answer in answers))
    return 0


def describe(match: "Match", answer: "Answer") -> str:
    """One match's account for people."""
    lines = [f"{match.name}: {answer.outcome}", f"  {answer.sentence}"]
    lines += [f"  {MARKS[line.state]}  {line.gate}" for line in answer.gates]
    lines += [f"  {'met    ' if item.met else 'NOT MET'}  {item.name}" for item in answer.conditions]
    return "\n".join(lines) + "\n"
