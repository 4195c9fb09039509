"""What came of an experiment (A4, A5): of each variant how many converted, and by how much they differ from the first.

A variant is a way of a split, or a side of a hold-out. People are those whose time to convert is over, in the order in
which they came; each counts by the weight with which they were assigned, so that a variant which had more people while
a bandit, or a person, gave it more weight is not mixed up with the time at which that was. Where a variant's weight was
always the same its rate is the plain one, and its interval exact.

Differences are of weighted means. An outcome less its variant's mean, over the weight, is a term with mean 0 for
everybody, those in other variants included (inverse propensity, with the variant's own mean to steady it); the terms of
two variants add up, for nobody is in both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal, NamedTuple

from tertulia.core.intervals import ALPHA, Interval, bound_mean, bound_rate, bound_ratio, find_reach
from tertulia.core.shares import BUCKETS

SAMPLE: Final = 500  # people of each of two variants, before anything is said of which is better
SAMPLE_CONVERTED: Final = 20  # and those of both together who converted, and who did not
BEST_AT: Final = 5_000  # people in all for which intervals are narrowest

Verdict = Literal["early", "open", "more", "fewer"]


class Cell(NamedTuple):
    """People who were assigned one way with one weight, of BUCKETS."""

    way: str
    weight: int
    people: int
    converted: int


@dataclass(frozen=True, slots=True)
class Variant:
    """`rate` and its interval are 0 to 1; `variance` that of one term. `share`: the weight that its people had, of
    BUCKETS; None where it was not always the same."""

    way: str
    people: int
    converted: int
    rate: float
    interval: Interval
    variance: float
    share: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A variant against the first. `difference` of the rates; `lift` is how much more that is than the first's rate, 0
    for the same; either is None where it cannot be said. `verdict`: too early; open, since no difference may well be;
    more or fewer convert. `lacking`: people of the smaller variant, and converted of both, that the sample lacks."""

    way: str
    base: str
    difference: float
    interval: Interval
    lift: float | None
    lift_interval: Interval | None
    verdict: Verdict
    people: int
    lacking: int


@dataclass(frozen=True, slots=True)
class Result:
    """Variants in their order, and each but the first against it."""

    variants: tuple[Variant, ...]
    comparisons: tuple[Comparison, ...]
    people: int


def judge_experiment(cells: Iterable[Cell], order: Sequence[str]) -> Result:
    """The whole account. `order`: the variants' names, the base first; of others those with people stand behind."""
    rows = sorted(cell for cell in cells if cell.people)
    total = sum(cell.people for cell in rows)
    found = {way: _measure(way, list(group), total) for way, group in groupby(rows, key=lambda cell: cell.way)}
    names = [*order, *(way for way in found if way not in order)]
    variants = tuple(found.get(way) or _measure(way, [], total) for way in names)
    alpha = ALPHA / max(len(variants) - 1, 1)  # of several, all hold together
    reach = find_reach(total, BEST_AT, alpha)
    return Result(variants, tuple(_compare(one, variants[0], reach) for one in variants[1:]), total)


def _measure(way: str, cells: Sequence[Cell], total: int) -> Variant:
    people, converted = sum(cell.people for cell in cells), sum(cell.converted for cell in cells)
    if not people:
        return Variant(way, 0, 0, 0.0, Interval(0.0, 1.0), 0.0, None)
    weights = {cell.weight for cell in cells}
    scale = sum(cell.people / cell.weight for cell in cells)
    rate = sum(cell.converted / cell.weight for cell in cells) / scale
    variance = 0.0
    for cell in cells:
        more = cell.people / people / 2  # half a person of each kind more: nobody yet does not mean never
        failed = cell.people - cell.converted
        spread = (cell.converted + more) * (1 - rate) ** 2 + (failed + more) * rate**2
        variance += spread * (BUCKETS / cell.weight) ** 2 / total
    if len(weights) == 1:
        return Variant(way, people, converted, rate, bound_rate(converted, people), variance, weights.pop())
    low, high = bound_mean(rate, variance, find_reach(total, BEST_AT))
    return Variant(way, people, converted, rate, Interval(max(low, 0.0), min(high, 1.0)), variance, None)


def _compare(one: Variant, base: Variant, reach: float) -> Comparison:
    difference, people = one.rate - base.rate, min(one.people, base.people)
    if not people:
        return Comparison(one.way, base.way, difference, Interval(-1.0, 1.0), None, None, "early", 0, SAMPLE)
    interval = bound_mean(difference, one.variance + base.variance, reach)
    ratio = bound_ratio(one.rate, one.variance, base.rate, base.variance, reach)
    lift = one.rate / base.rate - 1 if base.rate else None
    lifts = Interval(ratio.low - 1, ratio.high - 1) if ratio is not None else None
    verdict: Verdict = "open"
    if people < SAMPLE or not _has_both(one, base):
        verdict = "early"
    elif interval.low > 0:
        verdict = "more"
    elif interval.high < 0:
        verdict = "fewer"
    clipped = Interval(max(interval.low, -1.0), min(interval.high, 1.0))
    lacking = max(SAMPLE - people, 0)
    return Comparison(one.way, base.way, difference, clipped, lift, lifts, verdict, people, lacking)


def _has_both(one: Variant, base: Variant) -> bool:
    """Whether enough converted, and enough did not, for a normal approximation."""
    converted = one.converted + base.converted
    return SAMPLE_CONVERTED <= converted <= one.people + base.people - SAMPLE_CONVERTED
