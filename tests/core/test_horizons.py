"""How long everybody has to convert: the goal's window, and of one that begins with messages the journey's length."""

from datetime import timedelta

import pytest

from tertulia.core.horizons import find_horizon, find_longest_way
from tertulia.core.journeys import Program, compile_journey
from tertulia.documents.journeys import read_journey

STEPS = """
name: J
entry: {event: E}
steps:
  - {id: a, kind: wait, for: 2 h}
  - id: b
    kind: wait_for
    event: F
    at_most: 1 d
    came: [{id: c, kind: wait, calendar_days: 2, at: "09:00"}]
    missed: [{id: d, kind: wait, weekdays: [mon], at: "09:00"}]
  - {id: e, kind: wait, until: {attribute: due}}
  - {id: f, kind: message, channels: [sms], text: x, best_hour: {within: 9 h}}
"""
LONGEST = timedelta(hours=2) + timedelta(days=1) + timedelta(days=7) + timedelta(hours=9)


def read(more: str = "") -> Program:
    return compile_journey(read_journey(STEPS + more))


def test_A4_the_longest_way_is_what_its_steps_say_at_most() -> None:
    """Of two ways the longer one; a date of the customer's own counts as none."""
    assert find_longest_way(read()) == LONGEST


@pytest.mark.parametrize(("since", "more"), [("entry", timedelta()), ("send", LONGEST)])
def test_A4_everybody_has_the_time_in_which_the_goal_may_be_reached(since: str, more: timedelta) -> None:
    """A window from the entry is that; one that every message begins anew lasts as long as messages come."""
    goal = f"goal: {{event: G, within: 3 d, from: {since}}}\n"
    assert find_horizon(read(goal)) == timedelta(days=3) + more
    assert find_horizon(read()) is None
