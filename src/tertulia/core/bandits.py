"""A bandit: the weights of a split follow what its ways have come to (A5).

Thompson's rule: each way has as much weight as it is probable that it is the best one, given who converted so far
(W. R. Thompson, "On the likelihood that one unknown probability exceeds another in view of the evidence of two
samples", Biometrika 25, 1933). The rate of a way is Beta distributed, one more of each kind than was counted. That
probability is integrated, not drawn, so the same counts give the same weights. They are set once an hour, of people
whose time to convert is over, and hold for those who come then; nobody who came before is divided anew (A1).

No way falls below a floor: else nobody would find out that it has become better, and what is counted by weight (the
inverse propensity of results) would hang on very few people.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from math import exp, lgamma, log, sqrt
from typing import Final, NamedTuple

from tertulia.core.journeys import Program
from tertulia.core.shares import BUCKETS
from tertulia.core.steps.split.step import SplitStep

EVERY: Final = timedelta(hours=1)
FLOOR: Final = BUCKETS // 20
POINTS: Final = 200
SPREADS: Final = 6.0  # standard deviations on each side of a rate that are looked at


class Outcomes(NamedTuple):
    """People of a way whose time is over, and those who converted."""

    people: int
    converted: int


class Weighed(NamedTuple):
    """New weights, of BUCKETS in all, and what they are of."""

    weights: dict[str, int]
    counts: dict[str, Outcomes]


def weigh_again(program: Program, step: str, rows: Iterable[tuple[str, int, int]]) -> Weighed | None:
    """The weights of a split's ways, of so many people and conversions of each, perhaps several times of one. None
    while nobody's time is over; ways that are gone do not count."""
    split = program.nodes[step].step
    assert isinstance(split, SplitStep)
    sums = {way.name: [0, 0] for way in split.ways}
    for way, people, converted in rows:
        if way in sums:
            sums[way] = [sums[way][0] + people, sums[way][1] + converted]
    counts = {way: Outcomes(*told) for way, told in sums.items()}
    return Weighed(weigh_ways(counts), counts) if any(told.people for told in counts.values()) else None


def weigh_ways(counts: Mapping[str, Outcomes]) -> dict[str, int]:
    """The weight of each way, of BUCKETS in all."""
    best = find_best(list(counts.values()))
    spare = BUCKETS - FLOOR * len(counts)
    exact = [FLOOR + spare * chance for chance in best]
    weights = [int(weight) for weight in exact]
    rest = sorted(range(len(weights)), key=lambda place: (weights[place] - exact[place], place))
    for place in rest[: BUCKETS - sum(weights)]:
        weights[place] += 1
    return dict(zip(counts, weights, strict=True))


def find_best(counts: Sequence[Outcomes]) -> list[float]:
    """How probable it is of each way that its rate is the highest; 1 in all."""
    shapes = [(1 + told.converted, 1 + told.people - told.converted) for told in counts]
    grid = _make_grid(shapes)
    densities = [[_density(x, a, b) for x in grid] for a, b in shapes]
    below = [_add_up(density, grid) for density in densities]
    chances = []
    for place, density in enumerate(densities):
        total = 0.0
        for point in range(1, len(grid)):
            others = 1.0
            for other, sums in enumerate(below):
                if other != place:
                    others *= (sums[point] + sums[point - 1]) / 2
            total += (density[point] + density[point - 1]) / 2 * others * (grid[point] - grid[point - 1])
        chances.append(total)
    whole = sum(chances)
    return [chance / whole for chance in chances]


def _make_grid(shapes: Sequence[tuple[int, int]]) -> list[float]:
    """Points where any of the rates may be, closer together around each."""
    points: set[float] = set()
    for a, b in shapes:
        middle, spread = a / (a + b), sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
        low, high = max(middle - SPREADS * spread, 1e-9), min(middle + SPREADS * spread, 1 - 1e-9)
        points.update(low + (high - low) * n / POINTS for n in range(POINTS + 1))
    return sorted(points)


def _density(x: float, a: int, b: int) -> float:
    return exp(lgamma(a + b) - lgamma(a) - lgamma(b) + (a - 1) * log(x) + (b - 1) * log(1 - x))


def _add_up(density: Sequence[float], grid: Sequence[float]) -> list[float]:
    """The probability of being below each point, 1 at the last."""
    sums = [0.0]
    for point in range(1, len(grid)):
        sums.append(sums[-1] + (density[point] + density[point - 1]) / 2 * (grid[point] - grid[point - 1]))
    return [found / sums[-1] for found in sums]
