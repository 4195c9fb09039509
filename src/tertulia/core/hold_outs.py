"""Hold-outs: a share of customers who get no marketing, so that what the messages change can be measured (A1 to A3).

The workspace may have one, for all its journeys and matches, and so may each journey; they are divided independently.
Which side a customer is on is found by a hash when the first message has passed every other gate, recorded then with
its weight, and stays. A held-out customer's message has passed all gates and was rendered; it takes no slot, code or
turn of a channel, closes as dropped, and is told in the ledger as a ghost send. The run goes on as if it had been
handed over, so that both sides live through the same journey.
"""

from collections.abc import Sequence
from typing import Final

from tertulia.core import entry_effects as ee
from tertulia.core.deliveries import CLASS_RULES, MessageClass
from tertulia.core.goals import credit_message
from tertulia.core.journey import find_program, settle_message
from tertulia.core.reasons import Reason
from tertulia.core.rows import ContactRow, OpenDelivery, RunRow
from tertulia.core.run_ends import note_passage
from tertulia.core.send_facts import Arm
from tertulia.core.shares import BUCKETS
from tertulia.core.splits import find_bucket, find_bucket_key
from tertulia.core.steps.base import Woken
from tertulia.core.world import World

WORKSPACE: Final = "hold_out"  # an experiment's name, as a journey's is its id
TREATED: Final = "treated"
HELD_OUT: Final = "held_out"


def list_arms(world: World, delivery: OpenDelivery, run: RunRow | None) -> tuple[Arm, ...]:
    """The hold-outs that a message is under, the workspace's first, each with the side that its customer is on. What
    belongs to neither a run nor a match is under none."""
    if CLASS_RULES[MessageClass(delivery.class_)].exempt_from_hold_outs:
        return ()
    if run is None and delivery.match_id is None:
        return ()
    contact, found = world.contacts[delivery.contact_id], []
    if share := world.config.workspaces[delivery.workspace].hold_out:
        salt = f"workspace:{delivery.workspace}"
        found.append(_find_arm(world, contact, WORKSPACE, salt, share, Reason.HELD_OUT_OF_ALL))
    if run is not None and (share := find_program(world, run).hold_out):
        found.append(_find_arm(world, contact, str(run.journey_id), "hold_out", share, Reason.HELD_OUT))
    return tuple(found)


def _find_arm(world: World, contact: ContactRow, experiment: str, salt: str, share: int, reason: Reason) -> Arm:
    known = world.assignments.get((contact.id, experiment))
    bucket = find_bucket(experiment, salt, find_bucket_key(contact))
    held = known.way == HELD_OUT if known is not None else bucket < share
    return Arm(experiment, reason, held, bucket, share, known.at if known is not None else None)


def record_exposure(world: World, delivery: OpenDelivery, arms: Sequence[Arm]) -> None:
    """A1: the customer has come to these hold-outs, those behind the first that holds them out excepted."""
    for arm in arms:
        if arm.since is None:
            way, weight = (HELD_OUT, arm.share) if arm.held else (TREATED, BUCKETS - arm.share)
            told = (delivery.workspace, delivery.contact_id, arm.experiment, way, arm.bucket, weight, world.now)
            world.add(ee.Assign(*told))
        if arm.held:
            return


def go_on_as_sent(world: World, run: RunRow) -> None:
    """A3: a message of the run was a ghost: it counts for re-entry (R2), opens the goal's window (G3), and the run goes
    on. A question was never asked, so no reply is waited for but its time passes."""
    program = find_program(world, run)
    note_passage(world, run, world.now)
    credit_message(world, program.journey, run, ghost=True)
    settle_message(world, run, program.nodes[run.step], Woken.SENT)
