"""Which way a customer goes at a split (A1): by a hash at first, recorded then, and never another one after."""

from collections.abc import Sequence
from hashlib import blake2b

from tertulia.core import entry_effects as ee
from tertulia.core.identity import Trust
from tertulia.core.reasons import Reason
from tertulia.core.rows import ContactRow, RunRow
from tertulia.core.run_notes import decide_step
from tertulia.core.shares import BUCKETS
from tertulia.core.steps.base import Divide
from tertulia.core.world import World


def choose_way(world: World, run: RunRow, step: str, move: Divide) -> int:
    """The place of the way. One that was recorded and is not there any more is chosen anew, and not recorded. What a
    bandit has chosen by is a row of the ledger (A5)."""
    experiment = f"{run.journey_id}/{step}"
    names = [name for name, _ in move.weights]
    known = world.assignments.get((run.contact_id, experiment))
    if known is not None and known.way in names:
        return names.index(known.way)
    told = world.config.bandits.get(experiment) if move.bandit else None
    weights = [(name, told[name]) for name in names] if told and told.keys() == set(names) else list(move.weights)
    bucket = find_bucket(experiment, move.salt, find_bucket_key(world.contacts[run.contact_id]))
    place = place_bucket(bucket, [weight for _, weight in weights])
    if known is None:
        way, weight = weights[place]
        share = weight * BUCKETS // sum(weight for _, weight in weights)
        world.add(ee.Assign(run.workspace, run.contact_id, experiment, way, bucket, share, world.now))
        if move.bandit:
            facts = {"way": way, "weights": dict(weights), "bucket": bucket}
            decide_step(world, run, step, "assigned", "split", Reason.WEIGHED.value, facts)
    return place


def find_bucket(experiment: str, salt: str, key: str) -> int:
    """0 to 9999, evenly, the same for the same."""
    told = "\x1f".join((experiment, salt, key)).encode()
    return int.from_bytes(blake2b(told, digest_size=8).digest(), "big") % BUCKETS


def place_bucket(bucket: int, weights: Sequence[int]) -> int:
    """The way in whose share of the buckets this one lies."""
    total, below = sum(weights), 0
    for place, weight in enumerate(weights):
        below += weight
        if bucket * total < below * BUCKETS:
            return place
    return len(weights) - 1


def find_bucket_key(contact: ContactRow) -> str:
    """The address that was verified first, else the contact."""
    verified = [row for row in contact.identities if row.trust is Trust.VERIFIED]
    if not verified:
        return f"contact:{contact.id}"
    first = min(verified, key=lambda row: (row.linked_at, row.identity.kind, row.identity.value)).identity
    return f"{first.kind}:{first.scope}:{first.value}"
