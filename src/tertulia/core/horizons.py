"""How long after somebody came to an experiment of a journey it is known whether they convert (G1, A4).

Everybody gets the same time, from when they first came, whatever became of their run: else those whose run is over
soon, because they bought, would be counted before those who did not.
"""

from datetime import timedelta

from tertulia.core.durations import read_duration
from tertulia.core.journeys import Program


def find_horizon(program: Program) -> timedelta | None:
    """The window of the journey's goal; of one that begins with messages, also the longest way through the steps.
    None of a journey without a goal."""
    goal = program.journey.goal
    if goal is None:
        return None
    within = read_duration(goal.within)
    return within + find_longest_way(program) if goal.since != "entry" else within


def find_longest_way(program: Program) -> timedelta:
    """How long a run may take, as far as its steps say; they have no way back, so this ends."""
    known: dict[str | None, timedelta] = {None: timedelta()}
    for id_, node in reversed(list(program.nodes.items())):  # those behind a step, and inside it, stand after it
        behind = max(known[next_] for next_ in (*node.ways, node.next))
        known[id_] = node.step.find_longest() + behind
    return known[program.first]
