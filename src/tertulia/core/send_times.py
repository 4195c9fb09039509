"""A message that waits for its customer's best hour, and the choice of that.

A run that comes to such a message is due at once, and is asked again then, with the moments of its contact at hand:
they are loaded for those alone who come here. The choice is made from what was known when the run came, so asked again
at the hour it is the same; only another clock makes it another one (T5).
"""

from typing import Final
from zoneinfo import ZoneInfo

from tertulia.core.asking import is_asked
from tertulia.core.best_hours import Choice, Source, choose_time
from tertulia.core.durations import read_duration
from tertulia.core.reasons import Reason
from tertulia.core.rows import RunRow
from tertulia.core.run_notes import decide_step, keep
from tertulia.core.steps.base import Step
from tertulia.core.steps.sending import SendStep
from tertulia.core.wall_clock import read_wall
from tertulia.core.world import World

GATE: Final = "best_hour"
_REASONS: Final = {
    Source.OWN: Reason.HOUR_OWN,
    Source.TYPICAL: Reason.HOUR_TYPICAL,
    Source.DEFAULT: Reason.HOUR_STATED,
}


def has_best_hour(step: Step) -> bool:
    """Whether its message waits for the customer's best hour."""
    return isinstance(step, SendStep) and step.best_hour is not None


def waits_for_hour(run: RunRow, step: Step) -> bool:
    """Whether the run is at such a message and nothing of it was queued yet."""
    return has_best_hour(step) and run.delivery_id is None and run.due_at is not None and not is_asked(run)


def ask_for_hour(world: World, run: RunRow) -> None:
    """The hour is chosen at once, or anew."""
    run.due_at = world.now
    keep(world, run)


def has_hour_come(world: World, run: RunRow, step: SendStep, zone: ZoneInfo) -> bool:
    """Choose the hour. False where the run waits for it from now on. The choice is a row of the ledger (S1)."""
    assert step.best_hour is not None
    within, otherwise = read_duration(step.best_hour.within), step.best_hour.read_otherwise()
    workspace = world.config.workspaces[run.workspace]
    moments = world.moments.get(world.follow(run.contact_id), ())
    choice = choose_time(moments, run.since, within, zone, workspace.typical, otherwise)
    if run.due_at == run.since or run.due_at != choice.at:
        _tell(world, run, step, choice, zone)
    if choice.at <= world.now:
        run.due_at = None
        return True
    run.due_at = choice.at
    keep(world, run)
    return False


def _tell(world: World, run: RunRow, step: SendStep, choice: Choice, zone: ZoneInfo) -> None:
    wall = read_wall(choice.at, zone)
    facts = {
        "hour": f"{wall:%H:%M}",
        "at": choice.at.isoformat(),
        "zone": zone.key,
        "came": choice.counts.get(wall.hour, 0),
        "of": sum(choice.counts.values()),
        "counts": {f"{hour:02}": count for hour, count in sorted(choice.counts.items())},
    }
    decide_step(world, run, step.id, "timed", GATE, _REASONS[choice.source].value, facts)
