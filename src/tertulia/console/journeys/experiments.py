"""Experiments as pages draw them: first a sentence, then intervals as pictures, with their figures beside them.

Pictures stretch with the page, so no word stands in them; what they show is text beside them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from tertulia.actions.experiments import Experiment
from tertulia.console.tags import plain_num
from tertulia.core.experiments import SAMPLE, Comparison, Verdict
from tertulia.core.hold_outs import HELD_OUT, TREATED
from tertulia.core.intervals import Interval
from tertulia.core.shares import BUCKETS

WIDTH: Final = 100
TONES: Final[dict[Verdict, str]] = {"early": "", "open": "", "more": "ok", "fewer": "danger"}


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval and its middle, from 0 to WIDTH; `zero`: where nothing would be, None where that is the edge."""

    low: float
    middle: float
    high: float
    zero: float | None = None


@dataclass(frozen=True, slots=True)
class RateView:
    """A variant: its figures in words, and the picture of its rate."""

    name: str
    people: int
    converted: int
    rate: str
    interval: str
    bar: Bar


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """A variant against the first: points more or fewer, and how much more that is of the first's rate."""

    name: str
    points: str
    interval: str
    lift: str
    bar: Bar
    tone: str


@dataclass(frozen=True, slots=True)
class ExperimentView:
    """A card. `badge` says in a word what `sentences` say whole; `tone` of the badge. `weights` are a
    bandit's."""

    title: str
    step: str
    badge: str
    tone: str
    sentences: list[str]
    base: str
    rates: list[RateView]
    differences: list[DifferenceView]
    highest: str
    people: int
    waiting: int
    weights: list[tuple[str, str]]
    weighed_at: datetime | None


def show_experiment(experiment: Experiment) -> ExperimentView:
    """One experiment."""
    found, held = experiment.result, experiment.kind == "hold_out"
    top = max((one.interval.high for one in found.variants if one.people), default=1.0)
    deciding = next((one for one in found.comparisons if one.verdict in ("more", "fewer")), None)
    verdict: Verdict = deciding.verdict if deciding else found.comparisons[0].verdict if found.comparisons else "early"
    return ExperimentView(
        title=_("Hold-out") if held else experiment.name or _("Split"),
        step=experiment.step,
        badge=_name_verdict(verdict, held, name_way(deciding.way) if deciding else ""),
        tone=TONES[verdict],
        sentences=[_tell(one, experiment) for one in found.comparisons],
        base=name_way(found.variants[0].way) if found.variants else "",
        rates=[
            RateView(
                *(name_way(one.way), one.people, one.converted),
                *(write_percent(one.rate) if one.people else "–", write_range(one.interval) if one.people else "–"),
                Bar(*(WIDTH * min(at / top, 1) for at in (one.interval.low, one.rate, one.interval.high))),
            )
            for one in found.variants
        ],
        differences=_list_differences(found.comparisons),
        highest=write_percent(top),
        people=found.people,
        waiting=experiment.waiting,
        weights=[
            (one.way, write_percent(experiment.weights[one.way] / BUCKETS))
            for one in found.variants
            if one.way in experiment.weights
        ],
        weighed_at=experiment.weighed_at,
    )


def _list_differences(comparisons: Sequence[Comparison]) -> list[DifferenceView]:
    """On one scale, with nothing on it where no difference would be."""
    known = [one for one in comparisons if one.people]
    low = min((one.interval.low for one in known), default=0.0)
    high = max((one.interval.high for one in known), default=0.0)
    low, high = min(low, 0.0), max(high, 0.0)
    span = (high - low) or 1.0

    def place(at: float) -> float:
        return round(WIDTH * (at - low) / span, 2)

    return [
        DifferenceView(
            name_way(one.way),
            write_points(one.difference),
            f"{write_points(one.interval.low)} … {write_points(one.interval.high)}",
            _write_lift(one),
            Bar(place(one.interval.low), place(one.difference), place(one.interval.high), place(0.0)),
            TONES[one.verdict],
        )
        for one in known
    ]


def name_way(way: str) -> str:
    """The sides of a hold-out in words; a split's way is named by its author."""
    words = {HELD_OUT: _("Held out"), TREATED: _("Written to")}
    return words.get(way, way)


def _name_verdict(verdict: Verdict, held: bool, way: str) -> str:
    words = {
        "early": _("Too early"),
        "open": _("Not decided"),
        "more": _("The messages work") if held else _("“%(way)s” is better") % {"way": way},
        "fewer": _("The messages do harm") if held else _("“%(way)s” is worse") % {"way": way},
    }
    return words[verdict]


def _tell(one: Comparison, experiment: Experiment) -> str:
    """What is known by now, in one sentence."""
    said = {
        "way": name_way(one.way),
        "base": name_way(one.base),
        "people": plain_num(one.people),
        "sample": plain_num(SAMPLE),
        "low": _write(abs(one.interval.low)),
        "high": _write(abs(one.interval.high)),
    }
    held = experiment.kind == "hold_out"
    match one.verdict:
        case "early" if one.lacking:
            head = "" if held else _("“%(way)s”: too early to tell: %(people)s of %(sample)s people.")
            return (head or _("Too early to tell: %(people)s of %(sample)s people in the smaller group.")) % said
        case "early":
            return _("Too early to tell: too few have reached the goal, or too few have not.")
        case "open" if held:
            words = _(
                "Not decided: of those who are written to, between %(low)s points fewer and %(high)s points more reach "
                "the goal than of those held out."
            )
        case "open":
            words = _(
                "Not decided: of “%(way)s”, between %(low)s points fewer and %(high)s points more reach the goal than "
                "of “%(base)s”."
            )
        case "more" if held:
            words = _("The messages work: %(low)s to %(high)s points more reach the goal than without them.")
        case "more":
            words = _("“%(way)s” is better: %(low)s to %(high)s points more reach the goal than of “%(base)s”.")
        case "fewer" if held:
            words = _("The messages do harm: %(high)s to %(low)s points fewer reach the goal than without them.")
        case _:
            words = _("“%(way)s” is worse: %(high)s to %(low)s points fewer reach the goal than of “%(base)s”.")
    return words % said


def write_percent(share: float) -> str:
    """11.0 %."""
    return f"{_write(share)} %"


def write_range(interval: Interval) -> str:
    """9.8 … 12.3 %."""
    return f"{_write(interval.low)} … {write_percent(interval.high)}"


def write_points(difference: float) -> str:
    """A difference of two rates in points, with its sign."""
    return f"{'−' if difference < 0 else '+'}{_write(abs(difference))}"


def _write_lift(one: Comparison) -> str:
    """How much more that is, with its interval where there is one; empty where nobody of the first converted."""
    if one.lift is None:
        return ""
    said = _write_share(one.lift)
    told = one.lift_interval
    return said if told is None else f"{said} ({_write_share(told.low)} … {_write_share(told.high)})"


def _write_share(share: float) -> str:
    return f"{'−' if share < 0 else '+'}{_write(abs(share), 0)} %"


def _write(share: float, places: int = 1) -> str:
    """In hundredths; rounded here, for Django's formats cut off."""
    return number_format(round(share * 100, places), places)
