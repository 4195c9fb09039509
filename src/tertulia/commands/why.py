"""`tertulia why --contact C [--match M] [--journey J] [--segment S] [--json]`: why a message was or was not sent, gate
by gate, and why somebody is in a journey or a segment or not (S1)."""

import argparse
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import msgspec

from tertulia import config
from tertulia.commands.people import add_workspace, find_contact, find_workspace, open_django
from tertulia.commands.roles import has_test_clock
from tertulia.errors import NotFound

if TYPE_CHECKING:
    from tertulia.actions.why import Answer
    from tertulia.actions.why_journey import EntryAnswer
    from tertulia.actions.why_segment import SegmentAnswer
    from tertulia.data.models import Journey, Match, Segment, Workspace

MARKS = {"passed": "passed ", "failed": "STOPPED", "not_reached": "-      "}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--contact", required=True, help="an id, a phone number, an e-mail or an external id")
    parser.add_argument("--match", type=int, help="the match's number")
    parser.add_argument("--journey", help="the journey's number or key; without any of these every match and journey")
    parser.add_argument("--segment", help="the segment's number or key")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    add_workspace(parser)


def run(options: argparse.Namespace) -> int:
    with open_django() as url:
        from tertulia.actions.why import explain_why
        from tertulia.actions.why_journey import explain_entry
        from tertulia.actions.why_segment import explain_membership
        from tertulia.store.clock import decision_now
        from tertulia.store.db import connect

        workspace = find_workspace(options.workspace)
        matches, journeys = _find_matches(workspace, options), _find_journeys(workspace, options)
        segments = _find_segments(workspace, options)
        if not matches and not journeys and not segments:
            raise NotFound("No match has been launched yet, and no journey published.")
        with connect(url) as conn:
            contact = find_contact(conn, workspace, options.contact)
            answers = [(match, explain_why(conn, workspace, contact, match)) for match in matches]
            entries = [(journey, explain_entry(conn, workspace, contact, journey)) for journey in journeys]
            now, public_url = decision_now(conn, test_clock=has_test_clock()), config.read("PUBLIC_URL")
            told_of = [
                (segment, explain_membership(conn, workspace, contact, segment, now, public_url))
                for segment in segments
            ]
    if options.json:
        found = [asdict(answer) for _, answer in answers] + [asdict(entry) for _, entry in entries]
        found += [asdict(answer) for _, answer in told_of]
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        told = [describe(match, answer) for match, answer in answers]
        told += [describe_entry(journey, entry) for journey, entry in entries]
        told += [describe_membership(segment, answer) for segment, answer in told_of]
        sys.stdout.write("\n".join(told))
    return 0


def _find_matches(workspace: "Workspace", options: argparse.Namespace) -> "list[Match]":
    """The one that was asked for, or every launched one where no journey was."""
    from tertulia.data.models import Match

    launched = Match.objects.filter(workspace=workspace).exclude(state="draft").order_by("pk")
    if options.match is None:
        return [] if options.journey or options.segment else list(launched)
    found = list(launched.filter(pk=options.match))
    if not found:
        raise NotFound("There is no such match.")
    return found


def _find_journeys(workspace: "Workspace", options: argparse.Namespace) -> "list[Journey]":
    """The one that was asked for, or every published one where no match was."""
    from tertulia.data.models import Journey

    published = Journey.objects.filter(workspace=workspace, revision__isnull=False).order_by("pk")
    if options.journey is None:
        return [] if options.match or options.segment else list(published)
    by = {"pk": int(options.journey)} if options.journey.isdecimal() else {"key": options.journey}
    found = list(published.filter(**by))
    if not found:
        raise NotFound("There is no such journey, or it was never published.")
    return found


def _find_segments(workspace: "Workspace", options: argparse.Namespace) -> "list[Segment]":
    """The one that was asked for."""
    from tertulia.data.models import Segment

    if options.segment is None:
        return []
    by = {"pk": int(options.segment)} if options.segment.isdecimal() else {"key": options.segment}
    found = list(Segment.objects.filter(workspace=workspace, **by))
    if not found:
        raise NotFound("There is no such segment.")
    return found


def describe_membership(segment: "Segment", answer: "SegmentAnswer") -> str:
    """One segment's account for people."""
    lines = [f"{segment.name}: {answer.outcome}", f"  {answer.sentence}"]
    lines += [f"  {'holds    ' if ground.holds else 'DOES NOT '}  {ground.sentence}" for ground in answer.grounds]
    return "\n".join(lines) + "\n"


def describe_entry(journey: "Journey", answer: "EntryAnswer") -> str:
    """One journey's account for people."""
    lines = [f"{journey.name}: {answer.outcome}", f"  {answer.sentence}"]
    lines += [f"  {answer.more}"] if answer.more else []
    return "\n".join(lines) + "\n"


def describe(match: "Match", answer: "Answer") -> str:
    """One match's account for people."""
    lines = [f"{match.name}: {answer.outcome}", f"  {answer.sentence}"]
    lines += [f"  {MARKS[line.state]}  {line.gate}" for line in answer.gates]
    lines += [f"  {'met    ' if item.met else 'NOT MET'}  {item.name}" for item in answer.conditions]
    return "\n".join(lines) + "\n"
