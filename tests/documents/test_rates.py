"""Rates of a trial as a document."""

import pytest

from tertulia.core.simulation.rates import DEFAULTS
from tertulia.documents.lines import BadDocument
from tertulia.documents.rates import check_rates


def test_what_is_not_said_is_as_in_the_defaults() -> None:
    """Field by field, and all of nothing."""
    rates = check_rates("sms: {opened: 50}\nevents: {Seen: 2}\nunwelcome: {from: '9:30'}\n")
    assert (rates.sms.opened, rates.sms.refused, rates.app) == (50, DEFAULTS.sms.refused, DEFAULTS.app)
    assert (rates.events, rates.unwelcome.from_, rates.unwelcome.leave) == ({"Seen": 2}, "9:30", 78)
    assert check_rates("") == DEFAULTS


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("- sms", 1, "Rates are names with values, such as sms: {opened: 90}."),
        ("seed: 1\nsms: {read: 5}", 2, "There is no field “read” here."),
        ("seed: 1\napp:\n  opened: 101", 3, "Give 100 at most."),
        ("sms: {refused: 60, silent: 50}", 1, "Refused and silent are more than all together."),
        ("unwelcome: {to: '25:00'}", 1, "Write a time such as 21:00."),
        ("events: {Seen: often}", 1, "This is to be a number, and is a text."),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int, sentence: str) -> None:
    """So that it can be mended."""
    with pytest.raises(BadDocument) as refused:
        check_rates(text)
    [problem] = refused.value.problems
    assert (problem.place.line, problem.sentence) == (line, sentence)
