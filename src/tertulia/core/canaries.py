"""Canaries: what is new goes to a share of the customers first, and to the others when nothing went wrong (V3).

Who is among the first is found by a hash, so they are the same whatever happens. The others' messages are held until
the canary's time is over, or a person lets them go; a guard that fires meanwhile pauses all of it. Only runs that began
since the revision was published wait; what customers asked for does not.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import msgspec

from tertulia.core.deliveries import CLASS_RULES, MessageClass
from tertulia.core.durations import read_duration
from tertulia.core.guards import Canary
from tertulia.core.journeys import Journey as Document
from tertulia.core.rounds import find_once
from tertulia.core.rows import OpenDelivery, RunRow
from tertulia.core.shares import read_share
from tertulia.core.splits import find_bucket

if TYPE_CHECKING:
    from tertulia.core.world import World

SALT: Final = "canary"


class Place(msgspec.Struct, frozen=True):
    """A message under a canary: whether its customer is among the `first`, which `share` are."""

    first: bool
    share: str
    until: datetime

    def tell(self) -> dict[str, Any]:
        """The facts of the ledger."""
        return {"first": self.first, "share": self.share}


def plan_canary(document: Document, zone: ZoneInfo, now: datetime) -> Canary | None:
    """Of a revision that is published now: its time begins when the first may enter. `zone`: in which a broadcast's
    date is read."""
    if document.canary is None:
        return None
    first = find_once(document, zone) if document.is_broadcast else None
    return Canary(now, max(first or now, now) + read_duration(document.canary.for_))


def find_place(world: "World", delivery: OpenDelivery, run: RunRow | None) -> Place | None:
    """None where no canary is on."""
    journey = world.config.journeys.get(delivery.journey_id or 0)
    if journey is None or run is None or journey.canary is None or world.now >= journey.canary.until:
        return None
    rule = journey.program.journey.canary
    if rule is None or run.entered_at < journey.canary.since or delivery.attempt:
        return None
    if CLASS_RULES[MessageClass(delivery.class_)].exempt_from_budgets:
        return None
    bucket = find_bucket(f"journey:{journey.id}", SALT, str(world.follow(delivery.contact_id)))
    return Place(bucket < read_share(rule.share), rule.share, journey.canary.until)
