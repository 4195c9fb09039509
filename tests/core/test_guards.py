"""Guards: when a journey pauses itself (V3)."""

import pytest

from tertulia.core.guards import Counts, Fired, GuardRule, judge

RULE = GuardRule(bounces="5%", opt_outs="2%", aborts="10%", after=100)


@pytest.mark.parametrize(
    ("counts", "fired"),
    [
        (Counts(99, bounces=99), None),
        (Counts(100, bounces=5), None),
        (Counts(100, bounces=6), Fired("bounces", 6, 100, "5%")),
        (Counts(1_000, complaints=900), None),
        (Counts(1_000, bounces=50, opt_outs=21), Fired("opt_outs", 21, 1_000, "2%")),
        (Counts(0, aborts=100), Fired("aborts", 100, 100, "10%")),
        (Counts(950, aborts=100), None),
    ],
)
def test_V3_a_guard_fires_when_its_share_is_passed(counts: Counts, fired: Fired | None) -> None:
    """From its least number of messages on, and only a guard that is set; aborts are of all that were to be written."""
    assert judge(RULE, counts) == fired
