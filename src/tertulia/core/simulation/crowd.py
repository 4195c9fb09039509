"""What synthetic providers and customers do with a message, by stated rates (`rates`).

A provider finds nobody at the address, or takes the message and never delivers it, or delivers it, and says so where
its channel has receipts of that. Whoever has a message may open it, and then click, reply or leave. Who does what hangs
on the seed and on the message alone.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from tertulia.core.deliveries import MessageClass
from tertulia.core.entries import Entry, OutcomeEntry, ReceiptEntry
from tertulia.core.rows import OpenDelivery
from tertulia.core.simulation.chance import draw
from tertulia.core.simulation.rates import Channel, Rates, is_between
from tertulia.core.wall_clock import read_time
from tertulia.core.world import ChannelFacts

SOON_S: Final = 300.0
LATEST_S: Final = 86_400.0  # who opens it at all does so within a day
CLICK_AFTER: Final = timedelta(seconds=20)
LEAVE_AFTER: Final = timedelta(seconds=40)
REPLY_AFTER: Final = timedelta(minutes=2)
OPENED, OPENED_SOON, CLICKED, REPLIED, LEFT = "opened", "opened_soon", "clicked", "replied", "left"
REACTIONS: Final = (OPENED, OPENED_SOON, CLICKED, REPLIED, LEFT)
DELIVERED: Final = "delivered"

Provider = Callable[[OpenDelivery, datetime], list[Entry]]


def make_provider(rates: Rates, channels: Mapping[int, ChannelFacts]) -> Provider:
    """What providers say at once about a message that they are handed."""

    def answer(delivery: OpenDelivery, now: datetime) -> list[Entry]:
        told = (delivery.channel_id, "")
        channel = channels[delivery.channel_id]
        fate = find_fate(rates, channel.family, delivery.id)
        if fate == "refused":
            return [OutcomeEntry(*told, delivery.id, delivery.attempt, now, "gone")]
        taken = OutcomeEntry(*told, delivery.id, delivery.attempt, now, "ok")
        if fate == "silent" or not channel.tells_delivery:
            return [taken]
        return [taken, ReceiptEntry(*told, "delivered", now, delivery_id=delivery.id)]

    return answer


def find_fate(rates: Rates, family: str, delivery_id: UUID) -> str:
    """`refused`, `silent` or `delivered`."""
    mine = rates.of(family)
    if not mine.refused and not mine.silent:
        return DELIVERED
    chance = 100.0 * draw(rates.seed, "provider", str(delivery_id))
    return "refused" if chance < mine.refused else "silent" if chance < mine.refused + mine.silent else DELIVERED


@dataclass(frozen=True, slots=True)
class Act:
    """A customer's, at a message."""

    at: datetime
    what: str
    delivery: OpenDelivery
    link: str = ""


@dataclass(slots=True)
class Crowd:
    """Customers who react. `find_clock` tells an instant by a contact's own clock. `done`: by journey, step and what,
    in messages; of who left, by the message that made them. `marketing`: when a contact was last sent offers."""

    rates: Rates
    channels: Mapping[int, ChannelFacts]
    find_clock: Callable[[int, datetime], time]
    done: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    marketing: dict[int, deque[datetime]] = field(default_factory=dict)
    gone: set[tuple[int, str]] = field(default_factory=set)

    def plan(self, delivery: OpenDelivery, links: Sequence[str], now: datetime) -> list[Act]:
        """What the customer will do with a message that was handed over now, by its time."""
        channel = self.channels[delivery.channel_id]
        if find_fate(self.rates, channel.family, delivery.id) != DELIVERED:
            return []
        unwelcome = self._is_unwelcome(delivery, now)
        mine, name = self.rates.of(channel.family), str(delivery.id)
        if not self._holds(mine.opened, OPENED, name):
            return []
        opened_at, soon = self._find_opening(mine, name, now)
        acts = [Act(opened_at, OPENED, delivery)]
        if soon:
            acts.append(Act(opened_at, OPENED_SOON, delivery))
        if links and self._holds(mine.clicked, CLICKED, name):
            acts.append(Act(opened_at + CLICK_AFTER, CLICKED, delivery, links[0]))
        place = delivery.contact_id, channel.family
        if unwelcome and place not in self.gone and self._holds(self.rates.unwelcome.leave, LEFT, str(place[0])):
            self.gone.add(place)
            acts.append(Act(opened_at + LEAVE_AFTER, LEFT, delivery))
        elif self._holds(mine.replied, REPLIED, name):
            acts.append(Act(opened_at + REPLY_AFTER, REPLIED, delivery))
        return acts

    def note(self, act: Act) -> None:
        """It was done."""
        if act.delivery.journey_id is not None:
            self.done[(act.delivery.journey_id, act.delivery.step, act.what)] += 1

    def _holds(self, percent: float, *about: str) -> bool:
        return 100.0 * draw(self.rates.seed, *about) < percent

    def _find_opening(self, mine: Channel, name: str, now: datetime) -> tuple[datetime, bool]:
        """When it is opened, and whether within five minutes: most of the others do so within some hours."""
        soon = self._holds(mine.opened_soon, "soon", name)
        chance = draw(self.rates.seed, "when", name)
        after_s = 10 + chance * (SOON_S - 11) if soon else SOON_S * (LATEST_S / SOON_S) ** chance
        return now + timedelta(seconds=round(after_s)), soon

    def _is_unwelcome(self, delivery: OpenDelivery, now: datetime) -> bool:
        if delivery.class_ != MessageClass.MARKETING.value:
            return False
        rule = self.rates.unwelcome
        before = self.marketing.setdefault(delivery.contact_id, deque())
        while before and before[0] <= now - timedelta(days=rule.days):
            before.popleft()
        before.append(now)
        local = self.find_clock(delivery.contact_id, now)
        begin, end = read_time(rule.from_), read_time(rule.to)
        at_night = begin is not None and end is not None and is_between(local, begin, end)
        return at_night or len(before) > rule.more_than
