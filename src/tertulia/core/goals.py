"""What a journey is for: the event that shows it, in a window from entry or from the last message (G1-G3).

The window is a row of its own, for it goes on after the run has ended. A goal is reached at most once in a run, when
the event occurred inside the window, whenever it came; an event that ends the run may be its goal too, and both are
recorded. The journey is credited, and the step whose message was the last one received before the event: one that was
handed over, and of which nobody has said that it failed. Where that is said later, the message before it is credited.

A window that begins when the customer reads a message, or opens a link in it, is a row from the beginning of the run
on, which ends before it begins, so that nothing lies in it; every reading or click makes one of it that lasts from then
on. Whoever opens a link has read its message.
"""

from datetime import datetime, timedelta
from operator import itemgetter
from typing import Final
from uuid import UUID

from tertulia.core import entry_effects as ee
from tertulia.core import run_effects as rx
from tertulia.core.conditions import Subject
from tertulia.core.durations import read_duration
from tertulia.core.journeys import Journey
from tertulia.core.occasions import Concerning, matches
from tertulia.core.rows import ClosedDelivery, GoalRow, OpenDelivery, RunRow
from tertulia.core.world import World

UNHEARD_FOR: Final = timedelta(days=180)  # of a run of which nothing was read or clicked so long nothing is waited for
_NOTHING: Final = timedelta(seconds=1)


def open_goal(world: World, journey: Journey, run: RunRow) -> None:
    """A run has begun. One that begins again has a new window, unless it has reached its goal."""
    goal = journey.goal
    if goal is None or goal.since == "send" or not (run.visit == 0 or run.id in world.goals):
        return
    if goal.is_heard_of:
        until = run.entered_at + UNHEARD_FOR
        world.add(_open(run, until + _NOTHING, until, "", None))
    else:
        until = run.entered_at + read_duration(goal.within)
        world.add(_open(run, run.entered_at, until, "", None))


def hear_of_message(world: World, run_id: UUID | None, outcome: str, at: datetime) -> None:
    """The customer read (`open`) a message of a run, live or over, or opened a link in it (`click`): a goal's window
    may begin there, or begin again."""
    row = world.goals.get(run_id) if run_id is not None else None
    journey = world.config.journeys.get(row.journey_id) if row is not None else None
    program = journey.programs.get(row.revision) if journey is not None and row is not None else None
    goal = program.journey.goal if program is not None else None
    if row is None or goal is None or not (goal.since == outcome or (goal.since, outcome) == ("open", "click")):
        return
    named = (row.workspace, row.contact_id, row.run_id, row.journey_id, row.revision, row.began_by)
    world.add(ee.OpenGoal(*named, at, at + read_duration(goal.within), row.step, row.sent_at))


def credit_message(world: World, journey: Journey, run: RunRow, *, ghost: bool = False) -> None:
    """A message of the run was handed over: it is the one that an event from now on may be owed to. A `ghost` was not,
    so nothing is owed to it; the window begins with it all the same (G3)."""
    goal = journey.goal
    if goal is None:
        return
    if goal.since == "send":
        until = world.now + read_duration(goal.within)
        world.add(_open(run, world.now, until, *(("", None) if ghost else (run.step, world.now))))
    elif not ghost:
        world.add(ee.CreditStep(run.contact_id, run.id, run.step, world.now))


def lose_credit(world: World, delivery: OpenDelivery | ClosedDelivery) -> None:
    """A message that was handed over has failed: no goal is owed to it (G2)."""
    journey = world.config.journeys.get(delivery.journey_id or 0)
    if journey is None or delivery.run_id is None:
        return
    if any(program.journey.goal is not None for program in journey.programs.values()):
        named = (delivery.workspace, delivery.contact_id, delivery.run_id, journey.id)
        world.add(ee.LoseCredit(*named, delivery.step))


def regain_credit(world: World, delivery: ClosedDelivery, at: datetime) -> None:
    """It was received after all."""
    if delivery.run_id is not None:
        world.add(ee.CreditStep(delivery.contact_id, delivery.run_id, delivery.step, at))


def reach_goals(world: World, event: Concerning, subject: Subject) -> None:
    """What an event shows of the runs of its contact, live or over."""
    for row in [row for row in world.goals.values() if row.contact_id == event.contact_id]:
        journey = world.config.journeys.get(row.journey_id)
        program = journey.programs.get(row.revision) if journey is not None else None
        goal = program.journey.goal if program is not None else None
        if goal is None or str(event.id) == row.began_by or not row.since <= event.occurred_at <= row.until:
            continue
        if not matches(goal, event, subject):
            continue
        *earlier, step = "", *_list_messages(row, event.occurred_at)
        named = (row.workspace, row.contact_id, row.run_id, row.journey_id)
        world.add(ee.ReachGoal(*named, step, event.id, event.occurred_at, tuple(earlier[1:])))
        world.add(rx.TallyStep(row.workspace, row.contact_id, row.journey_id, "", "goal"))
        if step:
            world.add(rx.TallyStep(row.workspace, row.contact_id, row.journey_id, step, "goal"))


def _list_messages(row: GoalRow, at: datetime) -> list[str]:
    """The steps of the messages before an instant, which may be long past when an event comes late, in their order."""
    sent = [*zip(row.earlier_at, row.earlier_steps, strict=True)]
    sent += [(row.sent_at, row.step)] if row.sent_at is not None else []
    return [step for sent_at, step in sorted(sent, key=itemgetter(0)) if sent_at <= at]


def _open(run: RunRow, since: datetime, until: datetime, step: str, sent_at: datetime | None) -> ee.OpenGoal:
    began_by = str(run.event.get("id", ""))
    named = (run.workspace, run.contact_id, run.id, run.journey_id, run.revision, began_by)
    return ee.OpenGoal(*named, since, until, step, sent_at)
