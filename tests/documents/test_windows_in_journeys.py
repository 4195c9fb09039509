"""A window in a journey's document: read, and named by its line where it is none (Q1)."""

import pytest

from tertulia.core.windows import compile_window, read_window
from tertulia.documents.journeys import Around, check_journey, write_schema
from tertulia.documents.lines import BadDocument

AROUND = Around({"sms": "sms"})
JOURNEY = """\
name: Reminder
entry: {{event: Product Added}}
window: {window}
steps:
  - id: remind
    kind: message
    channels: [sms]
    text: Hi.
    window:
      - {{from: "10:00", to: "20:00"}}
      - {step}
"""
GOOD = '{from: "09:00", to: 21:00, days: [sat, sun]}'


def test_Q1_a_journey_and_a_step_have_windows() -> None:
    """One set of hours or several; times may stand without quotes."""
    journey = check_journey(JOURNEY.format(window=GOOD, step=GOOD), AROUND)
    assert journey.window is not None
    assert compile_window(journey.window, "journey") == read_window(
        {"from": "09:00", "to": "21:00", "days": ["sat", "sun"]}, name="journey"
    )
    assert check_journey(JOURNEY.format(window=f"[{GOOD}]", step=GOOD), AROUND).outside == "hold"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('{from: "09:00", to: "09:00"}', "are the same time"),
        ('{from: "9 am", to: "21:00"}', 'Give "from" as a time'),
        ('{from: "09:00", to: "21:00", days: []}', 'Give "days" as a list'),
    ],
)
def test_Q1_hours_that_are_none_are_named_by_their_line(written: str, words: str) -> None:
    """Of the journey on line 3, of the step's second hours on line 11."""
    for window, step, line in ((written, GOOD, 3), (GOOD, written, 11)):
        with pytest.raises(BadDocument) as bad:
            check_journey(JOURNEY.format(window=window, step=step), AROUND)
        [problem] = bad.value.problems
        assert words in problem.sentence
        assert problem.place.line == line


def test_Q2_only_known_words_say_what_becomes_of_a_message() -> None:
    """hold, drop and next_channel."""
    with pytest.raises(BadDocument):
        check_journey(JOURNEY.format(window=GOOD, step=GOOD) + "outside: wait\n", AROUND)


def test_a_deadline_is_a_duration() -> None:
    """How long a message makes sense."""
    document = JOURNEY.format(window=GOOD, step=GOOD)
    assert check_journey(document + "    within: 2 h\n", AROUND).steps[0]["within"] == "2 h"
    with pytest.raises(BadDocument) as bad:
        check_journey(document + "    within: soon\n", AROUND)
    assert [(problem.place.line, problem.path[-1]) for problem in bad.value.problems] == [(12, "within")]


def test_the_schema_describes_windows() -> None:
    """From, to and days, for one set of hours and for a list of them."""
    schema = write_schema()
    assert set(schema["$defs"]["HoursRule"]["properties"]) == {"from", "to", "days"}
    assert schema["$defs"]["HoursRule"]["required"] == ["from", "to"]
    assert "window" in schema["$defs"]["Journey"]["properties"]
    assert "window" in schema["$defs"]["MessageStep"]["properties"]
