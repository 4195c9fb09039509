"""X5: what time alone makes hold, and when, without a database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.imagined import make_config, make_shop, play, track

from tertulia.core.conditions import Condition, Subject, judge
from tertulia.core.exit_conditions import find_met_at
from tertulia.core.zones import load_zone

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
PRAGUE = load_zone("Europe/Prague")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def find(condition: Condition, now: datetime = NOW, **attributes: Any) -> datetime | None:
    return find_met_at(condition, Subject({}, attributes, {}, clock=now.astimezone(PRAGUE)), now)


@pytest.mark.parametrize(
    ("operand", "value", "at"),
    [
        ("now", "2026-11-03T09:00:00Z", NOW + timedelta(days=1)),
        ("now + 3 d", "2026-11-10T09:00:00+01:00", NOW + timedelta(days=4, hours=23)),
        ("now - 2 h", "2026-11-02T08:00:00Z", NOW + HOUR),
        ("now", "2026-11-02T08:00:00Z", NOW),  # it has passed
        ("now", "2026-11-03", datetime(2026, 11, 2, 23, tzinfo=UTC)),  # a date begins by the customer's clock
        ("now", "2026-11-31", None),
        ("now", "soon", None),
        ("now", 7, None),
        ("now - 1825 d", "9999-12-30T00:00:00Z", None),
    ],
)
def test_X5_when_a_date_is_reached(operand: str, value: object, at: datetime | None) -> None:
    """An attribute that is a date or an instant, so far from now."""
    assert find(Condition(attribute="renews", at_most=operand), renews=value) == at


def test_X5_a_date_that_lies_back_so_far() -> None:
    """`none` of those who were seen lately: time makes it hold as well."""
    lately = Condition(none=(Condition(attribute="seen", over="now - 30 d"),))
    assert find(lately, seen="2026-10-20T09:00:00Z") == datetime(2026, 11, 19, 9, tzinfo=UTC)


VALUES = st.sampled_from([None, "2026-11-04", *((NOW + n * MINUTE).isoformat() for n in range(-3, 6))])
OPERANDS = st.sampled_from(["now", "now + 1 min", "now - 2 min", "now + 3 min"])
LEAVES = st.builds(
    lambda name, operator, operand: Condition(attribute=name, **{operator: operand}),
    st.sampled_from("ab"),
    st.sampled_from(["over", "under", "at_least", "at_most"]),
    OPERANDS,
) | st.builds(lambda there: Condition(attribute="c", exists=there), st.booleans())
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda joint, parts: Condition(**{joint: tuple(parts)}),
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
)


@given(TREES, VALUES, VALUES)
def test_X5_no_run_outlives_its_condition(condition: Condition, a: object, b: object) -> None:
    """Whoever looks at every half minute, and right after it, finds nothing earlier, and there it holds."""
    attributes = {"a": a, "b": b}
    found = find(condition, **attributes)
    ticks = (NOW + n * MINUTE / 2 + more for n in range(20) for more in (timedelta(), timedelta.resolution))

    def holds(at: datetime) -> bool:
        return judge(condition, Subject({}, attributes, {}, clock=at.astimezone(PRAGUE))).holds

    assert next((at for at in ticks if holds(at)), None) == (found if found and found < NOW + 10 * MINUTE else None)
    assert found is None or holds(found)


WAITS = """
name: Renew
entry: {event: Looked}
exit_when: {attribute: renews, under: now}
steps:
  - {id: pause, kind: wait, for: 2 d}
  - {id: tell, kind: message, channels: [sms], class: service, text: "Renew."}
"""


@pytest.mark.parametrize(("renews", "sent"), [("2026-11-03", 0), ("2026-11-09", 1), (None, 1)])
def test_X5_what_if_ends_runs_by_time(renews: str | None, sent: int) -> None:
    """At the date, in the middle of a wait."""
    memory = make_shop(make_config(WAITS))
    [contact] = memory.rows.contacts.values()
    contact.attributes = {"renews": renews}
    report = play(memory, [track(1, NOW, "Looked")], NOW + timedelta(days=4))
    assert sum(report.sent.values()) == sent
