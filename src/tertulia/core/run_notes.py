"""By which revision a run goes, and what is noted of it: how it stands, one more for a step's counts, a row of the
ledger (S1)."""

from typing import Any

from tertulia.core import effects as fx
from tertulia.core import run_effects as rx
from tertulia.core.journeys import Program
from tertulia.core.rows import RunRow
from tertulia.core.world import World
from tertulia.ids import derive_id


def find_program(world: World, run: RunRow) -> Program:
    """The revision that the run entered with (V1)."""
    return world.config.journeys[run.journey_id].programs[run.revision]


def keep(world: World, run: RunRow) -> None:
    """The run as it is now."""
    world.add(
        rx.SetRun(
            *(run.workspace, run.contact_id, run.id, run.journey_id, run.revision, run.key, run.step, run.visit),
            *(run.entered_at, run.started_at, run.since, run.due_at, run.delivery_id, run.event),
            *(run.withheld, run.answers, run.question, run.results, run.exit_at),
        )
    )


def tally(world: World, run: RunRow, step: str, what: str) -> None:
    """One more for a step's counts."""
    world.add(rx.TallyStep(run.workspace, run.contact_id, run.journey_id, step, what))


def decide_step(
    world: World, run: RunRow, step: str, outcome: str, gate: str, reason: str, facts: dict[str, Any]
) -> None:
    """A row of the ledger about a message that was not even queued (S1)."""
    told = sorted(f"{name}={value}" for name, value in facts.items())
    world.add(
        fx.Decide(
            workspace=run.workspace,
            contact_id=run.contact_id,
            id=derive_id("ledger", str(run.id), run.visit, step, outcome, gate, reason, *told),
            match_id=None,
            delivery_id=None,
            outcome=outcome,
            gate=gate,
            reason=reason,
            facts=facts,
            epoch=world.config.epoch(run.workspace),
            at=world.now,
            journey_id=run.journey_id,
            run_id=run.id,
            step=step,
        )
    )
