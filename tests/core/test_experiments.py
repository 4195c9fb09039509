"""A4, A5: intervals hold at every look, by simulation against a known truth; weights are taken out again.

Every simulation is of one seed, so it comes out the same each time; how often an interval may miss is its promise.
"""

from math import sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.experiments import SAMPLE, Cell, judge_experiment
from tertulia.core.intervals import ALPHA, bound_mean, bound_rate, bound_ratio, find_reach
from tertulia.core.shares import BUCKETS

LOOKS_EVERY = 60  # people
PLAYED = 60  # experiments
ALLOWED = 0.05 + 2 * sqrt(0.05 * 0.95 / PLAYED)  # the promise, and what chance adds to it


TRUTHS = pytest.mark.parametrize(
    ("rates", "share"),
    [((0.02, 0.02), 0.5), ((0.1, 0.13), 0.5), ((0.04, 0.02), 0.2), ((0.3, 0.3), 0.9)],
    ids=str,
)


def play_experiments(rates: tuple[float, float], share: float, played: int, people_max: int) -> list[float]:
    """Of so many experiments, looked at all the time: the share in which ever an interval of a rate, of the difference
    or of the lift missed the truth, and in which a winner was declared where there is none. Rates are looked at from
    the first people on, the others from the stated sample on."""
    counts = [0, 0, 0, 0]
    for seed in range(played):
        chance, people, converted, ever = Random(seed), [0, 0], [0, 0], [False] * 4
        weights = (BUCKETS - round(share * BUCKETS), round(share * BUCKETS))
        for number in range(1, people_max + 1):
            side = int(chance.random() < share)
            people[side] += 1
            converted[side] += chance.random() < rates[side]
            if number % LOOKS_EVERY:
                continue
            found = judge_experiment([Cell(str(n), weights[n], people[n], converted[n]) for n in (0, 1)], "01")
            low, high = found.variants[1].interval
            ever[0] |= not low <= rates[1] <= high
            [told] = found.comparisons
            if told.verdict != "early":
                lifts = told.lift_interval
                ever[1] |= not told.interval.low <= rates[1] - rates[0] <= told.interval.high
                ever[2] |= lifts is not None and not lifts.low <= rates[1] / rates[0] - 1 <= lifts.high
                ever[3] |= rates[0] == rates[1] and told.verdict in ("more", "fewer")
        counts = [count + one for count, one in zip(counts, ever, strict=True)]
    return [count / played for count in counts]


@TRUTHS
def test_A4_no_look_of_many_misses_the_truth_more_often_than_promised(rates: tuple[float, float], share: float) -> None:
    """Nor is a winner declared more often where there is none."""
    assert max(play_experiments(rates, share, PLAYED, 4_200)) <= ALLOWED


@pytest.mark.soak
@TRUTHS
def test_A4_no_look_of_very_many_misses_the_truth(rates: tuple[float, float], share: float) -> None:
    """A thousand experiments of ten thousand people each."""
    assert max(play_experiments(rates, share, 1_000, 10_000)) <= 0.05 + 2 * sqrt(0.05 * 0.95 / 1_000)


def test_A4_an_ordinary_interval_would_miss_far_more_often() -> None:
    """Which is why these are not ordinary ones: looked at every 60 people, one in four misses at some time."""
    missed = 0
    for seed in range(PLAYED):
        chance, converted, out = Random(seed), 0, False
        for number in range(1, 4_201):
            converted += chance.random() < 0.1
            if number % LOOKS_EVERY == 0:
                rate = converted / number
                out |= abs(rate - 0.1) > 1.96 * sqrt(rate * (1 - rate) / number)
        missed += out
    assert missed / PLAYED > 0.2


def test_A5_weights_that_change_with_time_mislead_nobody() -> None:
    """Both variants are equally good, people convert less and less, and the second variant has more and more of them:
    counted plainly it looks far worse."""
    missed = plain = 0
    for seed in range(PLAYED):
        chance, out = Random(seed), False
        cells: dict[tuple[str, int], tuple[int, int]] = {}
        for number in range(1, 4_201):
            weight = 2_000 if number <= 2_100 else 8_000
            way = "b" if chance.random() * BUCKETS < weight else "a"
            key = way, weight if way == "b" else BUCKETS - weight
            people, converted = cells.get(key, (0, 0))
            cells[key] = people + 1, converted + (chance.random() < (0.3 if number <= 2_100 else 0.1))
            if number % LOOKS_EVERY == 0:
                rows = [Cell(*key, *counts) for key, counts in cells.items()]
                [told] = judge_experiment(rows, ("a", "b")).comparisons
                out |= told.verdict != "early" and not told.interval.low <= 0 <= told.interval.high
        missed += out
        plain += read_plain_rate(cells, "b") < read_plain_rate(cells, "a") - 0.05
    assert plain == PLAYED
    assert missed / PLAYED <= ALLOWED


def read_plain_rate(cells: dict[tuple[str, int], tuple[int, int]], way: str) -> float:
    """As if weights did not matter."""
    mine = [counts for (name, _weight), counts in cells.items() if name == way]
    return sum(converted for _people, converted in mine) / sum(people for people, _converted in mine)


@given(st.integers(0, 3_000), st.integers(0, 3_000))
def test_A4_a_rates_interval_is_around_it(converted: int, failed: int) -> None:
    """Whatever was counted, nothing included; more people of the same rate make it narrower."""
    people = converted + failed
    low, high = bound_rate(converted, people)
    assert 0 <= low <= high <= 1
    if people:
        assert low <= converted / people <= high
        more = bound_rate(10 * converted, 10 * people)
        assert more.high - more.low <= high - low


def test_A4_a_rates_interval_is_where_the_mixture_says() -> None:
    """Of nothing among so many the upper end can be written down: (1 - p)^n = alpha B(1/2, n + 1/2) / B(1/2, 1/2)."""
    assert bound_rate(0, 0) == (0.0, 1.0)
    low, high = bound_rate(0, 1)
    assert (low, high) == (0.0, pytest.approx(1 - ALPHA / 2))
    assert bound_rate(1, 1) == (pytest.approx(ALPHA / 2), 1.0)


@given(
    *(st.floats(0.001, 0.999), st.floats(0.001, 0.999)),
    *(st.floats(0.01, 100), st.floats(0.01, 100), st.integers(10, 100_000)),
)
def test_A4_the_lift_says_what_the_difference_says(
    mean: float, base: float, variance: float, base_variance: float, people: int
) -> None:
    """One has 1 in it where the other has 0."""
    reach = find_reach(people, 5_000)
    difference = bound_mean(mean - base, variance + base_variance, reach)
    ratio = bound_ratio(mean, variance, base, base_variance, reach)
    if ratio is not None:
        assert ratio.low <= mean / base * 1.000001
        assert mean / base <= ratio.high * 1.000001
        if abs(difference.low) > 1e-9 and abs(difference.high) > 1e-9:
            assert (difference.low <= 0 <= difference.high) == (ratio.low <= 1 <= ratio.high)


def test_A4_nothing_is_declared_below_the_stated_sample() -> None:
    """However large the difference is; how many people are lacking is told."""
    few = [Cell("held_out", 1_000, SAMPLE - 1, 0), Cell("treated", 9_000, 9 * SAMPLE, 8 * SAMPLE)]
    [told] = judge_experiment(few, ("held_out", "treated")).comparisons
    assert (told.verdict, told.people, told.lacking) == ("early", SAMPLE - 1, 1)
    enough = [few[0]._replace(people=SAMPLE), few[1]]
    [told] = judge_experiment(enough, ("held_out", "treated")).comparisons
    assert (told.verdict, told.lacking) == ("more", 0)
    assert told.interval.low > 0.5
    assert told.lift is None  # nobody of those held out converted


def test_A4_too_few_who_converted_are_too_early_too() -> None:
    """A normal approximation needs some of each kind."""
    cells = [Cell("a", 5_000, 9_000, 0), Cell("b", 5_000, 9_000, 19)]
    assert judge_experiment(cells, ("a", "b")).comparisons[0].verdict == "early"


def test_A4_variants_without_people_stand_there_all_the_same() -> None:
    """In the order of the document; ways that are gone stand behind."""
    found = judge_experiment([Cell("old", 5_000, 10, 3), Cell("b", 5_000, 7, 1)], ("a", "b"))
    assert [(one.way, one.people, one.converted) for one in found.variants] == [
        ("a", 0, 0),
        ("b", 7, 1),
        ("old", 10, 3),
    ]
    assert [one.verdict for one in found.comparisons] == ["early", "early"]
    assert judge_experiment([], ("a", "b")).people == 0


def test_A4_several_variants_hold_together() -> None:
    """Against each of two others an interval is wider than against one alone."""
    cells = [Cell(way, 3_333, 1_000, 100) for way in "abc"]
    three = judge_experiment(cells, "abc").comparisons[0].interval
    two = (
        judge_experiment([cell._replace(weight=5_000, people=1_500) for cell in cells[:2]], "ab")
        .comparisons[0]
        .interval
    )
    assert three.high - three.low > two.high - two.low
