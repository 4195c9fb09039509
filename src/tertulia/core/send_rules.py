"""When a message may go out: the windows that hold for it, and what is said of it outside of them (Q1, Q2, T4).

A message of a run has what its step says, and where that says nothing the journey's; one of a match or of nothing has
what the workspace says.
"""

from tertulia.core.journey import find_program
from tertulia.core.rows import OpenDelivery, RunRow
from tertulia.core.steps.sending import SendStep
from tertulia.core.windows import Outside, Window, compile_window
from tertulia.core.world import Config, JourneyFacts, WorkspaceFacts, World


def list_changed(before: Config, after: Config) -> list[int]:
    """The workspaces whose quiet hours, caps, coupons, prices, budgets or throttles are others now: what waits for
    them is looked at again."""
    known = before.workspaces
    pooled = {pool.workspace for key, pool in after.pools.items() if before.pools.get(key) != pool}
    pooled |= {
        row.workspace
        for id_, row in after.journeys.items()
        if id_ in before.journeys and _controls_of(before.journeys[id_]) != _controls_of(row)
    }
    pooled |= {
        row.workspace
        for id_, row in after.matches.items()
        if id_ in before.matches and before.matches[id_].budget_micros != row.budget_micros
    }
    pooled |= {
        row.workspace
        for id_, row in after.channels.items()
        if id_ in before.channels and before.channels[id_].prices != row.prices
    }
    return [
        workspace.id
        for workspace in after.workspaces.values()
        if workspace.id in known and (workspace.id in pooled or _rules_of(known[workspace.id]) != _rules_of(workspace))
    ]


def _controls_of(journey: JourneyFacts) -> tuple[object, ...]:
    document = journey.program.journey
    return document.budget, document.throttle, journey.canary


def _rules_of(workspace: WorkspaceFacts) -> tuple[object, ...]:
    return workspace.window, workspace.caps, workspace.zone, workspace.budget, workspace.rates


def find_run(world: World, delivery: OpenDelivery) -> RunRow | None:
    """The live run that a message belongs to; None for what belongs to none, or to one that is over."""
    run = world.runs.get(delivery.run_id) if delivery.run_id is not None else None
    return run if run is not None and run.delivery_id == delivery.id else None


def find_step(world: World, delivery: OpenDelivery) -> SendStep | None:
    """The step of a run that a message is of."""
    run = find_run(world, delivery)
    step = find_program(world, run).nodes[delivery.step].step if run is not None else None
    return step if isinstance(step, SendStep) else None


def list_windows(world: World, delivery: OpenDelivery) -> tuple[Window, ...]:
    """Q1: the workspace's quiet hours, and the window of the step or, where that says none, of the journey."""
    found = [world.config.workspaces[delivery.workspace].window]
    if (run := find_run(world, delivery)) is not None:
        step, journey = find_step(world, delivery), find_program(world, run).journey
        if step is not None and step.window is not None:
            found.append(compile_window(step.window, "step"))
        elif journey.window is not None:
            found.append(compile_window(journey.window, "journey"))
    return tuple(window for window in found if window is not None)


def find_outside(world: World, delivery: OpenDelivery) -> Outside:
    """Q2: what the step says, else the journey; a match's message is held."""
    run = find_run(world, delivery)
    if run is None:
        return Outside.HOLD
    step = find_step(world, delivery)
    return Outside((step.outside if step else None) or find_program(world, run).journey.outside)


def find_journey_zone(world: World, delivery: OpenDelivery) -> str:
    """The zone that a journey states for contacts of whom none is known; empty without one (T4)."""
    run = find_run(world, delivery)
    return find_program(world, run).journey.zone if run is not None else ""
