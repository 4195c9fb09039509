"""Intervals that stay valid however often somebody looks (A4): confidence sequences.

An ordinary 95 % interval is right at one look that was fixed beforehand. Who looks every day and stops when they like
what they see is wrong far more often. A confidence sequence holds at all sample sizes at once: with probability
1 - alpha it never, at any look, misses the truth.

Rates of one variant, where everybody in it had the same chance of coming there, have an exact one: the set of rates p
at which a Beta mixture of likelihood ratios has not come to 1 / alpha (Robbins, "Statistical methods related to the law
of the iterated logarithm", Annals of Mathematical Statistics 41, 1970; Howard, Ramdas, McAuliffe and Sekhon,
"Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49, 2021). The mixture is a
martingale under the true p, so by Ville's inequality it ever comes to 1 / alpha with probability alpha at most.

Means of weighted outcomes, and differences and ratios of two of them, have an asymptotic one (Waudby-Smith, Arbour,
Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics
52, 2024, theorem 2.2): mean +- sigma sqrt(2 (n rho^2 + 1) / (n^2 rho^2) log(sqrt(n rho^2 + 1) / alpha)). `rho` makes it
narrowest around one sample size (their appendix B.2). It holds from samples on at which a normal approximation does,
which is why nothing is decided below a stated sample.

Functions are pure, and total for the counts that they name.
"""

from math import inf, lgamma, log, log1p, sqrt
from typing import Final, NamedTuple

ALPHA: Final = 0.05
PRIOR: Final = 0.5  # of the Beta mixture, on both sides
HALVINGS: Final = 50
EDGE: Final = 1e-12


class Interval(NamedTuple):
    """From `low` to `high`."""

    low: float
    high: float


def bound_rate(converted: int, people: int, alpha: float = ALPHA) -> Interval:
    """Of a rate, 0 to 1, of so many of so many, each with the same chance."""
    if people == 0:
        return Interval(0.0, 1.0)
    rate, failed = converted / people, people - converted
    mixed = _log_beta(PRIOR + converted, PRIOR + failed) - _log_beta(PRIOR, PRIOR)

    def is_out(p: float) -> bool:
        likelihood = (converted * log(p) if converted else 0.0) + (failed * log1p(-p) if failed else 0.0)
        return mixed - likelihood >= -log(alpha)

    def search(inside: float, outside: float) -> float:
        for _ in range(HALVINGS):
            middle = (inside + outside) / 2
            if middle in (0.0, 1.0):
                break
            if is_out(middle):
                outside = middle
            else:
                inside = middle
        return outside

    within = min(max(rate, EDGE), 1 - EDGE)  # where it never is out
    low = search(within, 0.0) if converted else 0.0
    return Interval(low, search(within, 1.0) if failed else 1.0)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def find_reach(people: int, best_at: int, alpha: float = ALPHA) -> float:
    """How many standard deviations of one outcome the interval of a mean of so many reaches to each side; narrowest
    around the sample `best_at`. Infinite of nobody."""
    if people == 0:
        return inf
    rho2 = (-2 * log(alpha) + log(-2 * log(alpha)) + 1) / best_at
    spread = people * rho2 + 1
    return sqrt(2 * spread / (people**2 * rho2) * log(sqrt(spread) / alpha))


def bound_mean(mean: float, variance: float, reach: float) -> Interval:
    """Of a mean, as far as `find_reach` says; `variance` that of one outcome."""
    return Interval(mean - reach * sqrt(variance), mean + reach * sqrt(variance))


def bound_ratio(mean: float, variance: float, base: float, base_variance: float, reach: float) -> Interval | None:
    """Of mean / base, two independent means: every ratio r of which the interval of mean - r base has 0 in it. So it
    has 1 in it exactly where that of the difference has 0. None while `base` itself may be 0."""
    a = base**2 - reach**2 * base_variance
    c = mean**2 - reach**2 * variance
    if base <= 0 or a <= 0:
        return None
    root = sqrt(max((mean * base) ** 2 - a * c, 0.0))
    return Interval(max((mean * base - root) / a, 0.0), (mean * base + root) / a)
