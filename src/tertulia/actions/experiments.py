"""What came of the experiments of a journey, and of the workspace's hold-out (A4).

An experiment of a journey is its hold-out or one of its splits, whether of the newest revision or of an older one.
Somebody converted who reached the journey's goal within a time that is the same for all, from when they first came to
the experiment. Of the workspace's hold-out the goals of all journeys count, but for those whose time runs from what a
customer does with a message: who is held out has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from django.db.models import F

from tertulia.core.experiments import Cell, Result, judge_experiment
from tertulia.core.hold_outs import HELD_OUT, TREATED, WORKSPACE
from tertulia.core.horizons import find_horizon
from tertulia.core.journeys import Program, compile_journey, walk_steps
from tertulia.core.steps.split.step import SplitStep
from tertulia.data.models import Journey, JourneyRevision, Workspace
from tertulia.documents.journeys import read_journey
from tertulia.store.bandits import list_weights
from tertulia.store.db import Conn
from tertulia.store.experiments import Counted, count_converted

OF_ALL_DAYS: Final = 30
DAYS_MAX: Final = 365
SIDES: Final = (HELD_OUT, TREATED)

Kind = Literal["hold_out", "split"]


@dataclass(frozen=True, slots=True)
class Experiment:
    """`step`: the split's id, with its `name`. `result` is of people whose time is over; `waiting` are the others.
    `weights`: those that a bandit has set, of 10000 by way, since `weighed_at`; empty where none has (A5)."""

    kind: Kind
    step: str
    name: str
    result: Result
    waiting: int
    weights: Mapping[str, int] = field(default_factory=dict)
    weighed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """`goal`: the name of the event that shows that somebody converted; empty of a journey without a goal, which has
    nothing to measure, and of a whole workspace. `within`: how long everybody has."""

    goal: str
    within: timedelta
    experiments: tuple[Experiment, ...]


@dataclass(frozen=True, slots=True)
class _Sought:
    """An experiment that some revision has, with the names of its variants in the newest that has it."""

    kind: Kind
    step: str
    name: str
    ways: tuple[str, ...]


def read_results(conn: Conn, journey: Journey, now: datetime, days: int = 0) -> Results:
    """Of a journey. `days`: how long everybody has; 0 for as long as the goal says."""
    programs = [compile_journey(read_journey(revision.document)) for revision in journey.revisions.order_by("-number")]
    last = next((program for program in programs if program.journey.goal is not None), None)
    goal = last.journey.goal if last is not None else None
    horizon = find_horizon(last) if last is not None else None
    within = timedelta(days=days) if days else horizon or timedelta()
    sought = _list_sought(journey.pk, programs)
    if goal is None or not sought:
        return Results(goal.event or goal.type if goal is not None else "", within, ())
    rows = count_converted(conn, journey.workspace_id, list(sought), journey.pk, within, now)
    found = [_judge(one, [row for row in rows if row.experiment == name]) for name, one in sought.items()]
    weighed = list_weights(conn, journey.pk)
    bandits = {step for step in programs[0].list_bandits() if step in weighed}
    told = (
        replace(one, weights=weighed[one.step][0], weighed_at=weighed[one.step][1]) if one.step in bandits else one
        for one in found
    )
    return Results(goal.event or goal.type, within, tuple(told))


def read_workspace_results(conn: Conn, workspace: Workspace, now: datetime, days: int = OF_ALL_DAYS) -> Results:
    """Of the workspace's hold-out: who reached the goal of any journey within so many days."""
    within = timedelta(days=days)
    rows = count_converted(conn, workspace.pk, [WORKSPACE], None, within, now, _list_heard_of(workspace))
    found = (_judge(_Sought("hold_out", "", "", SIDES), rows),) if rows else ()
    return Results("", within, found)


def _list_heard_of(workspace: Workspace) -> list[int]:
    """Journeys whose goal's time runs from what a customer does with a message: who gets none cannot reach it."""
    newest = JourneyRevision.objects.filter(journey__workspace=workspace, number=F("journey__revision"))
    told = ((row.journey_id, read_journey(row.document).goal) for row in newest)
    return [journey_id for journey_id, goal in told if goal is not None and goal.is_heard_of]


def _list_sought(journey_id: int, programs: Sequence[Program]) -> dict[str, _Sought]:
    """By the experiments' names, the hold-out first, then splits in the order of the newest revision."""
    found: dict[str, _Sought] = {}
    if any(program.hold_out for program in programs):
        found[str(journey_id)] = _Sought("hold_out", "", "", SIDES)
    for program in programs:
        for step in walk_steps(program.journey.steps):
            if isinstance(step, SplitStep):
                ways = tuple(way.name for way in step.ways)
                found.setdefault(f"{journey_id}/{step.id}", _Sought("split", step.id, step.name, ways))
    return found


def _judge(sought: _Sought, rows: Sequence[Counted]) -> Experiment:
    cells = [Cell(row.way, row.weight, row.over, row.converted) for row in rows]
    waiting = sum(row.people - row.over for row in rows)
    return Experiment(sought.kind, sought.step, sought.name, judge_experiment(cells, sought.ways), waiting)
