"""The conformance suite: its documents, and that the black-box runner plays them."""

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from tertulia.core.conditions import GROUPS, OPERATORS, SUBJECTS
from tertulia.core.gates import ORDER
from tertulia.core.journeys import Entry, Outcome
from tertulia.core.segment_document import SegmentCondition
from tertulia.core.steps.registry import list_kinds
from tertulia.errors import Invalid
from tertulia.stories.conformance import runner

SILLY = "{rule: M1, title: x, steps: [{fly: high}]}"
RULES = (
    *(f"M{number}" for number in range(1, 10)),
    *(f"C{number}" for number in range(1, 6)),
    *(f"S{number}" for number in range(7)),
    *("E1", "E3", "E4", "E5", "E6", "E8", "I3", "I4"),
    *("R1", "R2", "R4", "R5", "R6", "T1", "T2", "T3", "T4", "V1", "V2", "V3", "X1", "X3", "X5"),
    *("F1", "F6", "Q1", "Q2"),
    *("I6", "I7", "I11"),
    *("A1", "A2", "A3", "A4", "A5"),
)
SHOWN_ONCE = ("E2", "E7", "F2", "F3", "F4", "F5", "G1", "G2", "G3", "Q3", "R3", "T5", "T6", "X2", "X4")


def test_every_rule_has_several_scenarios_that_can_be_read() -> None:
    """Each document is well formed, says its rule in its name, and expects something."""
    scenarios = runner.load_scenarios(runner.FOLDER)
    counts = Counter(scenario.rule for scenario in scenarios)
    assert [rule for rule in RULES if counts[rule] < 2] == []
    assert [rule for rule in SHOWN_ONCE if not counts[rule]] == []
    for scenario in scenarios:
        assert scenario.name.startswith(f"{scenario.rule}-")
        assert scenario.expect, scenario.name


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(part)


def test_every_step_entry_gate_and_condition_has_a_scenario() -> None:
    """Whoever adds one shows it here too. Of country rules nothing can be set, so their gate refuses nobody; a hold-out
    is expected of the two sides of a crowd."""
    scenarios = runner.load_scenarios(runner.FOLDER)
    documents = [step["journey"].get("document") or {} for one in scenarios for step in one.steps if "journey" in step]
    steps = {part.get("kind") for one in documents for part in walk(one.get("steps", []))}
    assert set(list_kinds()) - steps == set()

    entries = [one["entry"] for one in documents if "entry" in one]
    known = {kind.__struct_config__.tag for kind in get_args(Entry)}
    assert known - {entry.get("kind", "event") for entry in entries} == set()
    assert set(get_args(Outcome)) - {entry.get("outcome") for entry in entries} == set()

    asked = {name for one in documents for part in walk(one) for name in part}
    compared = {name.removesuffix("_") for name in OPERATORS}
    assert {*GROUPS, *SUBJECTS, *compared} - asked == set()

    segments = [step["segment"] for one in scenarios for step in one.steps if "segment" in step]
    named = {name for one in segments for part in walk(one.get("where")) for name in part}
    assert {field.encode_name for field in msgspec.structs.fields(SegmentCondition)} - named == set()

    expected = " ".join(str((one.steps, one.expect)) for one in scenarios)
    refused = set(re.findall(r"\b(?:not_sent|held|ghost|revoked) ([a-z_]+)\b", expected))
    assert "'sides':" in expected
    assert {name for name, _ in ORDER} - {"country", "hold_out"} - refused == set()


def test_a_document_that_is_none_is_refused_with_its_name(tmp_path: Path) -> None:
    """Broken YAML, a missing part, a step that nobody knows."""
    for text, told in (("rule: [", "not YAML"), ("rule: M1", "no scenario"), (SILLY, "step that nobody knows")):
        path = tmp_path / "M1-x.yaml"
        path.write_text(text)
        with pytest.raises(Invalid, match=told):
            runner.read_scenario(path)


@pytest.fixture
def findable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server that the runner starts finds the package where this process did."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))


def test_two_scenarios_are_played_against_a_server_of_its_own(findable: None) -> None:
    """`tertulia up --test-clock`, over HTTP alone, out and back in; a wrong expectation is a fault in words."""
    [scenario] = runner.load_scenarios(runner.FOLDER, ["M2-unknown-writer-is-a-new-contact"])
    [receipts] = runner.load_scenarios(runner.FOLDER, ["E1-the-same-receipt-again"])
    wrong = runner.Scenario("wrong", "M2", "x", "", scenario.given, scenario.steps, {"contacts": 7})
    with runner.own_server() as url:
        report = runner.play_all([scenario, receipts, wrong], url, lambda result: None)
    assert [result.faults for result in report.results] == [(), (), ("expect: contacts: expected 7, found 2",)]


@pytest.mark.soak
def test_every_scenario_holds(findable: None) -> None:
    """The whole suite, as `tertulia conformance` plays it."""
    with runner.own_server() as url:
        report = runner.play_all(runner.load_scenarios(runner.FOLDER), url, lambda result: None)
    assert [(result.scenario.name, result.faults) for result in report.results if not result.passed] == []
