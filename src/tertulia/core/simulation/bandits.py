"""Bandits in a simulation (A5): who came to which way and reached the goal, and the weights that follow every hour.

An engine asks its database once an hour; here everything is in memory, and each bandit has a timer for the next hour
as long as somebody's time to convert is not over. A simulation begins with the weights that hold today, and sets
others by what its own people come to.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tertulia.core import entry_effects as ee
from tertulia.core.bandits import EVERY, weigh_again
from tertulia.core.horizons import find_horizon
from tertulia.core.segments import floor_to
from tertulia.core.world import Config, World

if TYPE_CHECKING:
    from tertulia.core.simulation.memory import Memory


@dataclass(slots=True)
class Bandits:
    """`came` by experiment and contact: the way, and when; `reached` by journey and contact: when goals were."""

    came: dict[str, dict[int, tuple[str, datetime]]] = field(default_factory=dict)
    reached: dict[tuple[int, int], list[datetime]] = field(default_factory=dict)

    def note(self, memory: "Memory", world: World) -> None:
        """What a decision has brought about."""
        for effect in world.effects:
            match effect:
                case ee.Assign() if _is_bandit(memory.config, effect.experiment):
                    mine = self.came.setdefault(effect.experiment, {})
                    mine.setdefault(effect.contact_id, (effect.way, effect.at))
                    memory.timers.bandits.set(effect.experiment, floor_to(world.now, EVERY) + EVERY)
                case ee.ReachGoal():
                    self.reached.setdefault((effect.journey_id, effect.contact_id), []).append(effect.at)
                case _:
                    pass


def weigh_due(memory: "Memory", now: datetime) -> bool:
    """Set the weights of the bandits whose hour it is. False where it is nobody's."""
    due = memory.timers.bandits.take_due(now)
    for experiment in due:
        journey_id, step = _read(experiment)
        program = memory.config.journeys[journey_id].program
        within = find_horizon(program)
        if within is None:
            continue
        told = weigh_again(program, step, _count(memory.bandits, experiment, journey_id, now, within))
        if told is not None:
            bandits = {**memory.config.bandits, experiment: told.weights}
            memory.rows.config = replace(memory.config, bandits=bandits)
        if any(at + within > now for _way, at in memory.bandits.came[experiment].values()):
            memory.timers.bandits.set(experiment, now + EVERY)
    return bool(due)


def _count(
    bandits: Bandits, experiment: str, journey_id: int, now: datetime, within: timedelta
) -> Iterator[tuple[str, int, int]]:
    """Of everybody whose time is over, one by one."""
    for contact_id, (way, at) in bandits.came[experiment].items():
        if at + within <= now:
            goals = bandits.reached.get((journey_id, contact_id), ())
            yield way, 1, int(any(at <= goal <= at + within for goal in goals))


def _is_bandit(config: Config, experiment: str) -> bool:
    journey_id, step = _read(experiment)
    journey = config.journeys.get(journey_id) if step else None
    return journey is not None and step in journey.program.list_bandits()


def _read(experiment: str) -> tuple[int, str]:
    """Journey and step of a split; of a hold-out no step."""
    journey, _slash, step = experiment.partition("/")
    return (int(journey), step) if step else (0, "")
