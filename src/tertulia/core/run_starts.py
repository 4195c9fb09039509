"""A run starts another journey for its customer."""

from collections.abc import Mapping
from typing import Any

from tertulia.core.entries import OccasionEntry, key_of
from tertulia.core.journeys import ApiEntry
from tertulia.core.occasions import API, STARTED
from tertulia.core.reasons import Reason
from tertulia.core.rows import RunRow
from tertulia.core.run_notes import decide_step
from tertulia.core.world import World
from tertulia.ids import derive_id, shard_of_contact


def begin_other(world: World, run: RunRow, step: str, key: str, properties: Mapping[str, Any]) -> None:
    """Ask for another journey of the customer's, through the log: its owner decides about that as about any entry."""
    mine = [row for row in world.config.journeys.values() if (row.workspace, row.key) == (run.workspace, key)]
    other = next((row for row in mine if isinstance(row.program.journey.entry, ApiEntry)), None)
    if other is None:
        decide_step(world, run, step, "not_entered", "entry", Reason.NO_JOURNEY.value, {"journey": key})
        return
    depth = 1 + int(run.event.get("depth", 0))
    occasion_id = derive_id("occasion", "start", str(run.id), step, run.visit)
    told = (API, STARTED, world.now, dict(properties), other.id, depth)
    entry = OccasionEntry(run.contact_id, occasion_id, *told)
    world.forward(run.workspace, shard_of_contact(run.contact_id), key_of(entry), entry, run.contact_id)
