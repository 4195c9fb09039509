"""Calls to a company's API on their way (S6): queued by a run's step, taken back when the run goes on without them.

The owner decides, a row of undecided calls keeps it, a caller makes the call, and its outcome comes back through the
log (`call_outcomes`). One call of a run's step has one id, which is its `Idempotency-Key`.
"""

from typing import Any, Final
from uuid import UUID

from tertulia.core import call_effects as cx
from tertulia.core import effects as fx
from tertulia.core.call_requests import Unwritten, write_request
from tertulia.core.reasons import Reason
from tertulia.core.rows import CallRow, RunRow
from tertulia.core.run_texts import read_run_clock, run_facts
from tertulia.core.steps.base import Call
from tertulia.core.world import World
from tertulia.ids import derive_id

GATE: Final = "call"
HANDED_OVER: Final = ("calling", "unknown")


def derive_call_id(run: RunRow) -> UUID:
    """The id of the call at the step where a run is: the same again for the same visit."""
    return derive_id("call", str(run.id), run.step, run.visit)


def queue_call(world: World, run: RunRow, move: Call) -> Unwritten | None:
    """Queue the call of the step where the run is, or say why it cannot be made."""
    endpoint = world.config.find_endpoint(run.workspace, move.endpoint)
    if endpoint is None:
        return Unwritten(Reason.CALL_NO_ENDPOINT, endpoint=move.endpoint)
    call_id = derive_call_id(run)
    facts, now = run_facts(world, run, world.contacts[run.contact_id]), read_run_clock(world, run)
    try:
        request = write_request(move.path, move.body, endpoint.status_path, facts, str(call_id), now)
    except Unwritten as unwritten:
        return unwritten
    named = (run.workspace, run.contact_id, call_id, run.journey_id, run.id, run.step, run.visit, endpoint.id)
    written = (move.method, request.path, request.body, request.status_path)
    world.add(cx.QueueCall(*named, *written, move.expect, dict(move.save), world.now))
    return None


def find_call(world: World, run: RunRow) -> CallRow | None:
    """The undecided call of the step where a run is."""
    return world.calls.get(derive_call_id(run)) if world.calls else None


def find_callers(world: World) -> list[RunRow]:
    """The loaded runs that are at a step that calls."""
    found = []
    for run in world.runs.values():
        journey = world.config.journeys.get(run.journey_id)
        program = journey.programs.get(run.revision) if journey is not None and journey.has_calls else None
        node = program.nodes.get(run.step) if program is not None else None
        if node is not None and node.step.KIND == "call":
            found.append(run)
    return found


def take_back_call(world: World, run: RunRow, reason: Reason, event_id: UUID | None = None) -> None:
    """The run goes on without its call, or ends (X1). What is queued is revoked; what was handed over is noted, and
    decided when its outcome comes (X2)."""
    call = find_call(world, run)
    if call is None:
        return
    if call.state in HANDED_OVER:
        facts = {"event": str(event_id)} if event_id is not None else {}
        tell_call(world, call, "called", Reason.CALL_UNDER_WAY, because=reason.value, **facts)
    else:
        tell_call(world, call, "revoked", reason)
    if call.state != "calling":
        end_call(world, call)


def end_call(world: World, call: CallRow) -> None:
    """It is decided."""
    world.add(cx.EndCall(call.workspace, call.contact_id, call.id, call.journey_id))


def tell_call(world: World, call: CallRow, outcome: str, reason: Reason, **facts: Any) -> None:
    """A row of the ledger about a call (S1): ids, codes and names, never values of anybody."""
    endpoint = world.config.endpoints.get(call.endpoint_id)
    used = {
        "call": str(call.id),
        "endpoint": endpoint.key if endpoint else "",
        "method": call.method,
        "attempt": call.attempt,
        **facts,
    }
    world.add(
        fx.Decide(
            workspace=call.workspace,
            contact_id=call.contact_id,
            id=derive_id("ledger", str(call.id), call.attempt, call.tries, call.asked, outcome, reason.value),
            match_id=None,
            delivery_id=None,
            outcome=outcome,
            gate=GATE,
            reason=reason.value,
            facts=used,
            epoch=world.config.epoch(call.workspace),
            at=world.now,
            journey_id=call.journey_id,
            run_id=call.run_id,
            step=call.step,
        )
    )
