"""Throttles: so many messages in so much time, evenly, in the order in which they came (R5, S2)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.throttles import Line, ThrottleRule, find_interval, judge_turn

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def play(rule: ThrottleRule, arrivals: list[float], lost: set[int] = frozenset()) -> dict[int, datetime]:
    """When each goes, by its place: those of `lost` leave the line when they are looked at again."""
    line, numbers, sent = Line(), {}, {}
    due = {place: NOW + timedelta(seconds=at) for place, at in enumerate(arrivals)}
    while due:
        now = min(due.values())
        for place in sorted(place for place, at in due.items() if at == now):
            turn = judge_turn(rule, line, now, numbers.get(place))
            if place in lost and place in numbers:
                line = move(line, done=1)
                del due[place]
            elif turn.at <= now:
                sent[place] = now
                line = move(line, max(line.next_at, now) + find_interval(rule), done=int(place in numbers))
                del due[place]
            else:
                if place not in numbers:
                    numbers[place] = line.drawn + 1
                    line = move(line, drawn=1)
                assert turn.at > now
                due[place] = turn.at
    return sent


def move(line: Line, next_at: datetime | None = None, *, drawn: int = 0, done: int = 0) -> Line:
    return Line(next_at or line.next_at, line.drawn + drawn, line.done + done)


def test_R5_turns_are_even() -> None:
    """Ten an hour are one every six minutes, for who comes at once; who comes later is behind them."""
    sent = play(ThrottleRule(messages=10, per="1 h"), [0.0] * 5 + [60.0])
    assert [sent[place] - NOW for place in range(6)] == [timedelta(minutes=6 * n) for n in range(6)]


def test_R5_more_than_one_a_second_may_go_together() -> None:
    """As many as a second has; then evenly."""
    sent = play(ThrottleRule(messages=5, per="1 s"), [0.0] * 12)
    assert sum(at == NOW for at in sent.values()) == 5
    assert max(sent.values()) == NOW + timedelta(seconds=2.2)


@given(
    st.integers(1, 20),
    st.lists(st.floats(0, 7_200, allow_nan=False), min_size=1, max_size=40).map(sorted),
    st.sets(st.integers(0, 39), max_size=10),
)
def test_R5_never_more_than_so_many_and_nobody_waits_for_ever(messages: int, arrivals: list[float], lost: set[int]):
    """In no hour more than the throttle says, but for the one at its edge; all go, but those that left the line."""
    rule = ThrottleRule(messages=messages, per="1 h")
    sent = play(rule, arrivals, lost)
    at = sorted(sent.values())
    assert set(range(len(arrivals))) - sent.keys() <= lost
    every = find_interval(rule)
    assert all(later - earlier >= every - timedelta(milliseconds=1) for earlier, later in pairwise(at))
    assert at[-1] <= NOW + timedelta(seconds=arrivals[-1]) + len(arrivals) * every


@given(st.lists(st.floats(0, 3_600, allow_nan=False), min_size=1, max_size=40).map(sorted))
def test_R5_who_came_first_goes_first(arrivals: list[float]) -> None:
    """Whoever waits is before whoever comes."""
    sent = play(ThrottleRule(messages=12, per="1 h"), arrivals)
    assert [sent[place] for place in range(len(arrivals))] == sorted(sent.values())
