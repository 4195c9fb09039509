"""A channel's pace."""

from hypothesis import given
from hypothesis import strategies as st

from tertulia.workers.pace import BURST_S, Pace


@given(
    rate=st.floats(0.1, 5_000),
    gaps=st.lists(st.floats(0, 0.5), min_size=1, max_size=60),
)
def test_no_stretch_of_time_goes_over_the_rate(rate: float, gaps: list[float]) -> None:
    """Whatever the rounds, what was let through by then is the rate times the time, and one burst at most."""
    pace = Pace(rate, 0.0)
    at = sent = 0.0
    for gap in gaps:
        at += gap
        count = pace.allows(at)
        pace.spend(count)
        sent += count
        assert sent <= rate * at + max(1.0, rate * BURST_S) + 1e-6


def test_a_steady_round_reaches_the_rate() -> None:
    """Rounds every 20 ms let the whole rate through."""
    pace, sent = Pace(50, 0.0), 0
    for turn in range(501):
        count = pace.allows(turn * 0.02)
        pace.spend(count)
        sent += count
    assert sent in (500, 501)


def test_S2_a_throttled_channel_waits_as_long_as_the_provider_asks() -> None:
    """Nothing goes until then, and no burst has gathered meanwhile."""
    pace = Pace(10, 0.0)
    pace.hold(1.0, 5.0)
    assert pace.allows(5.9) == 0
    assert pace.allows(6.1) == 1


def test_a_channel_that_carries_codes_keeps_a_tenth_for_them() -> None:
    """What is no code goes at nine tenths of the rate from then on, for ten minutes; codes find room at once."""
    pace, others = Pace(50, 0.0), 0
    pace.spend(1, at=0.0)
    for turn in range(1, 501):
        count = pace.allows(turn * 0.02)
        pace.spend(count)
        others += count
        assert pace.allows(turn * 0.02, codes=True) >= (turn > 20)
    assert others in (450, 451)
    pace.refill(700.0)
    assert sum(_spend_all(pace, 700.0 + turn * 0.02) for turn in range(1, 501)) >= 500


def _spend_all(pace: Pace, at: float) -> int:
    count = pace.allows(at)
    pace.spend(count)
    return count
