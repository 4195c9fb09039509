"""What came of experiments: hold-outs and splits of journeys, and the workspace's hold-out."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema

from tertulia.actions.experiments import DAYS_MAX, OF_ALL_DAYS, Experiment, Results, read_results
from tertulia.actions.experiments import read_workspace_results as read_of_all
from tertulia.actions.journeys import access_journey
from tertulia.actions.problems import Problem, Refused
from tertulia.api.shell import conn_of, now, workspace_of
from tertulia.core.experiments import SAMPLE, Comparison, Variant

router = Router(tags=["Experiments"])


class ArmOut(Schema):
    """A way of a split, or a side of a hold-out (`held_out`, `treated`). `people`: those whose time to convert is over;
    `rate`, with the ends of its interval, of 1."""

    way: str
    people: int
    converted: int
    rate: float
    low: float
    high: float


class ComparedOut(Schema):
    """A variant against the first, `base`. `difference` of the rates and `lift` (0.1: a tenth more than the base's
    rate), each with the ends of its interval; null where they cannot be said. `verdict`: early (below the sample of
    `sample` people in each), open, more or fewer."""

    way: str
    base: str
    difference: float
    low: float
    high: float
    lift: float | None
    lift_low: float | None
    lift_high: float | None
    verdict: str
    people: int
    sample: int


class ExperimentOut(Schema):
    """`kind`: hold_out, or split with its `step`. `waiting`: people whose time is not over, who are counted nowhere
    else. Intervals hold with 95 %, however often they are looked at. `weights`: those that a bandit has set for who
    comes now, of 10000 by way; empty where none has."""

    kind: str
    step: str
    waiting: int
    variants: list[ArmOut]
    comparisons: list[ComparedOut]
    weights: dict[str, int]
    weighed_at: datetime | None


class ResultsOut(Schema):
    """`goal`: the event by which people convert; empty where there is none, or where the goals of all journeys count.
    `within_s`: how long everybody has from coming to the experiment on."""

    goal: str
    within_s: int
    experiments: list[ExperimentOut]


@router.get("/journeys/{journey_id}/results", response=ResultsOut, summary="Results of a journey's experiments")
def get_results(request: HttpRequest, journey_id: int, days: int = 0) -> dict[str, Any]:
    """Its hold-out and its splits. `days`: how long everybody has; left out, as long as the goal says."""
    _check(days, 0)
    journey = access_journey(workspace_of(request), journey_id)
    return _write(read_results(conn_of(), journey, now(), days))


@router.get("/hold-out/results", response=ResultsOut, summary="Results of the workspace's hold-out")
def get_hold_out_results(request: HttpRequest, days: int = OF_ALL_DAYS) -> dict[str, Any]:
    """Who reached the goal of any journey within so many days of coming to it."""
    _check(days, 1)
    return _write(read_of_all(conn_of(), workspace_of(request), now(), days))


def _check(days: int, least: int) -> None:
    if not least <= days <= DAYS_MAX:
        said = _("Give a number of days from %(least)d to %(most)d.") % {"least": least, "most": DAYS_MAX}
        raise Refused([Problem("range", said, "days")])


def _write(found: Results) -> dict[str, Any]:
    within_s = int(found.within.total_seconds())
    return {"goal": found.goal, "within_s": within_s, "experiments": [_write_one(one) for one in found.experiments]}


def _write_one(one: Experiment) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "step": one.step,
        "waiting": one.waiting,
        "variants": [_write_variant(variant) for variant in one.result.variants],
        "comparisons": [_write_comparison(told) for told in one.result.comparisons],
        "weights": dict(one.weights),
        "weighed_at": one.weighed_at,
    }


def _write_variant(one: Variant) -> dict[str, Any]:
    low, high = one.interval
    counts = {"way": one.way, "people": one.people, "converted": one.converted}
    return {**counts, "rate": one.rate, "low": low, "high": high}


def _write_comparison(one: Comparison) -> dict[str, Any]:
    lifts = one.lift_interval
    return {
        "way": one.way,
        "base": one.base,
        "difference": one.difference,
        "low": one.interval.low,
        "high": one.interval.high,
        "lift": one.lift,
        "lift_low": lifts.low if lifts is not None else None,
        "lift_high": lifts.high if lifts is not None else None,
        "verdict": one.verdict,
        "people": one.people,
        "sample": SAMPLE,
    }
