"""A5: the weights of a bandit follow what its ways have come to; intervals stay true under them."""

from math import sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.imagined import NOW, make_config, make_shop, track
from tests.core.test_hold_outs import DAY, HOUR

from tertulia.core import entry_effects as ee
from tertulia.core.bandits import FLOOR, Outcomes, find_best, weigh_ways
from tertulia.core.effects import Decide
from tertulia.core.experiments import Cell, judge_experiment
from tertulia.core.shares import BUCKETS
from tertulia.core.simulation.play import Player
from tertulia.core.world import World

COUNTS = st.tuples(st.integers(0, 2_000), st.integers(0, 2_000)).map(lambda told: Outcomes(sum(told), told[0]))
SPLIT = """
name: Bandit
entry: {event: Looked}
goal: {event: Bought, within: 2 h}
steps:
  - id: way
    kind: split
    weights: bandit
    ways: [{name: plain, steps: []}, {name: code, weight: 3, steps: []}]
"""


def test_A5_how_probable_it_is_that_a_way_is_best_is_what_can_be_worked_out() -> None:
    """Of nothing against nothing a half; of one of one against nothing two thirds; of three alike a third each."""
    assert find_best([Outcomes(0, 0), Outcomes(0, 0)]) == pytest.approx([0.5, 0.5])
    assert find_best([Outcomes(1, 1), Outcomes(0, 0)]) == pytest.approx([2 / 3, 1 / 3], abs=1e-4)
    assert find_best([Outcomes(90, 9)] * 3) == pytest.approx([1 / 3] * 3, abs=1e-4)


def test_A5_it_is_what_drawing_would_come_to() -> None:
    """Ten thousand times from each way's Beta."""
    counts, chance, won = [Outcomes(100, 10), Outcomes(120, 15), Outcomes(60, 4)], Random(1), [0, 0, 0]
    for _ in range(10_000):
        drawn = [chance.betavariate(1 + told.converted, 1 + told.people - told.converted) for told in counts]
        won[drawn.index(max(drawn))] += 1
    assert find_best(counts) == pytest.approx([count / 10_000 for count in won], abs=0.02)


@settings(max_examples=20)
@given(st.lists(COUNTS, min_size=2, max_size=4))
def test_A5_weights_are_whole_and_above_the_floor(counts: list[Outcomes]) -> None:
    """The same again for the same counts."""
    ways = {str(n): told for n, told in enumerate(counts)}
    weights = weigh_ways(ways)
    assert sum(weights.values()) == BUCKETS
    assert min(weights.values()) >= FLOOR
    assert weights == weigh_ways(ways)


def test_A5_a_better_way_gets_nearly_all() -> None:
    """And the others the floor, so that it is noticed if they become better."""
    assert weigh_ways({"a": Outcomes(2_000, 100), "b": Outcomes(2_000, 300)}) == {"a": FLOOR, "b": BUCKETS - FLOOR}


def test_A5_intervals_hold_under_a_bandits_weights() -> None:
    """Looked at all the time, of two ways that are equally good and of two that are not."""
    played, missed, shares = 30, 0, []
    for seed in range(played):
        chance, rates = Random(seed), {"a": 0.2, "b": 0.2 if seed % 2 else 0.26}
        cells: dict[tuple[str, int], tuple[int, int]] = {}
        weights, out = {"a": BUCKETS // 2, "b": BUCKETS // 2}, False
        for number in range(1, 3_001):
            way = "a" if chance.random() * BUCKETS < weights["a"] else "b"
            people, converted = cells.get((way, weights[way]), (0, 0))
            cells[way, weights[way]] = people + 1, converted + (chance.random() < rates[way])
            if number % 300 == 0:
                [told] = judge_experiment([Cell(*key, *counts) for key, counts in cells.items()], "ab").comparisons
                truth = rates["b"] - rates["a"]
                out |= told.verdict != "early" and not told.interval.low <= truth <= told.interval.high
                weights = weigh_ways({name: add_up(cells, name) for name in "ab"})
        missed += out
        shares.append(add_up(cells, "b").people / 3_000)
    assert missed / played <= 0.05 + 2 * sqrt(0.05 * 0.95 / played)
    better = [share for seed, share in enumerate(shares) if seed % 2 == 0]
    assert sum(better) / len(better) > 0.75


def add_up(cells: dict[tuple[str, int], tuple[int, int]], way: str) -> Outcomes:
    mine = [counts for (name, _weight), counts in cells.items() if name == way]
    return Outcomes(sum(people for people, _ in mine), sum(converted for _, converted in mine))


def test_A5_only_who_comes_later_is_weighed_anew_and_the_ledger_says_how() -> None:
    """The ways' own weights until anybody's time is over; then, from the next hour on, those that follow."""
    memory = make_shop(make_config(SPLIT), 60)
    seen: list[ee.Assign] = []
    rows: list[Decide] = []

    def watch(world: World) -> None:
        seen.extend(effect for effect in world.effects if isinstance(effect, ee.Assign))
        rows.extend(effect for effect in world.effects if isinstance(effect, Decide))

    player = Player(memory, watch)
    player.play([track(n, NOW + HOUR / 2, "Looked", f"u{n}") for n in range(1, 41)], NOW + HOUR)
    buyers = [n for n in range(1, 41) if memory.rows.assignments[(find(memory, n), "1/way")].way == "plain"]
    player.play([track(100 + n, NOW + HOUR, "Bought", f"u{n}") for n in buyers], NOW + 2 * HOUR)
    assert memory.config.bandits == {}
    assert {(one.way, one.weight) for one in seen} == {("plain", 2_500), ("code", 7_500)}
    player.play([track(200 + n, NOW + 3.5 * HOUR, "Looked", f"u{n}") for n in range(1, 61)], NOW + DAY)
    told = weigh_ways({"plain": Outcomes(len(buyers), len(buyers)), "code": Outcomes(40 - len(buyers), 0)})
    assert told["plain"] == BUCKETS - FLOOR
    late = seen[40:]
    assert len(seen) == len({one.contact_id for one in seen}) == 60
    assert {(one.way, one.weight) for one in late} <= {("plain", told["plain"]), ("code", told["code"])}
    assert [(row.outcome, row.gate, row.reason, row.facts["weights"]) for row in rows][-1] == (
        *("assigned", "split", "split.weighed"),
        told,
    )
    assert len(rows) == 60


def find(memory: object, number: int) -> int:
    """The contact known to the shop as `u<number>`."""
    return next(row.id for row in memory.rows.contacts.values() if row.identities[0].identity.value == f"u{number}")  # type: ignore[attr-defined]
