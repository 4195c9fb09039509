"""What a simulated journey came to: counted from the effects of its decisions, as the tables of a real one are."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from tertulia.core import call_effects as cx
from tertulia.core import coupon_effects as ux
from tertulia.core import effects as fx
from tertulia.core import run_effects as rx
from tertulia.core.content import read_content, show_samples
from tertulia.core.deliveries import DeliveryState
from tertulia.core.world import World

SAMPLES_MAX: Final = 5
WINDOW_GATE: Final = "send_window"
CAP_GATE: Final = "cap"
THROTTLE_GATE: Final = "throttle"


class Sample(msgspec.Struct, frozen=True):
    """A message as it would be read."""

    contact_id: int
    name: str
    at: datetime
    channel_id: int
    step: str
    text: str


@dataclass(slots=True)
class Report:
    """Figures of one journey. `watch` is a Player's. Days are those of `zone`.

    `entered` are runs that began, one that began again each time; `inside` those that are not over. `sent` by day and
    channel, `sent_by_step`; `unsent` by step, outcome, gate and reason; `held` by gate and reason, in messages, each
    once; `ghosts` by step, of who is held out (A3); `refused` by the reason for which somebody did not enter; `steps`
    by step and what, as the tallies have it; `calls` to the company's API, which were answered by samples; `given` are
    codes by pool; those that may come back stand under their attempt, `carried` or `returned`; `ended` by outcome and
    reason; `cost_micros` by currency; `samples` the first messages, one of a step to a contact."""

    journey_id: int
    zone: ZoneInfo
    entered: int = 0
    calls: int = 0
    given: Counter[int] = field(default_factory=Counter)
    carried: dict[UUID, list[int]] = field(default_factory=dict)
    returned: dict[UUID, list[int]] = field(default_factory=dict)
    inside: set[UUID] = field(default_factory=set)
    sent: Counter[tuple[date, int]] = field(default_factory=Counter)
    sent_by_step: Counter[str] = field(default_factory=Counter)
    unsent: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    held: Counter[tuple[str, str]] = field(default_factory=Counter)
    ghosts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    steps: Counter[tuple[str, str]] = field(default_factory=Counter)
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    cost_micros: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)
    waiting: dict[UUID, tuple[int, str]] = field(default_factory=dict)  # channel and step of messages without a verdict
    was_held: set[tuple[UUID, str, str]] = field(default_factory=set)

    @property
    def completed(self) -> int:
        """Runs that went to the end."""
        return sum(count for (outcome, _), count in self.ended.items() if outcome == "completed")

    @property
    def messages(self) -> int:
        """What was handed over to providers."""
        return self.sent.total()

    def count_coupons(self) -> Counter[int]:
        """Codes that were needed, by pool."""
        return self.given + Counter(pool_id for pools in self.carried.values() for pool_id in pools)

    def count_held(self, gate: str) -> int:
        """Messages that a gate held back for a while."""
        return sum(count for (at, _), count in self.held.items() if at == gate)

    def watch(self, world: World) -> None:
        """One decision."""
        for effect in world.effects:
            match effect:
                case rx.SetRun() | rx.EndRun() | rx.TallyStep() if effect.journey_id == self.journey_id:
                    self._count_run(effect)
                case cx.QueueCall() if effect.journey_id == self.journey_id:
                    self.calls += 1
                case ux.ClaimCoupon() if effect.journey_id == self.journey_id:
                    self._count_coupon(effect)
                case ux.KeepCoupon() | ux.MoveCoupon() | ux.ReturnCoupon():
                    self._count_coupon(effect)
                case fx.QueueDelivery() if effect.journey_id == self.journey_id:
                    self.waiting[effect.id] = effect.channel_id, effect.step
                case fx.SetOpenState() if effect.id in self.waiting and effect.state == DeliveryState.SENDING.value:
                    self._count_message(world, effect)
                case fx.CloseDelivery() if self.waiting.pop(effect.id, None) is not None:
                    if effect.cost_micros:
                        self.cost_micros[effect.currency] += effect.cost_micros
                case fx.Decide() if effect.journey_id == self.journey_id:
                    self._count_decision(effect)
                case _:
                    pass

    def _count_run(self, effect: rx.SetRun | rx.EndRun | rx.TallyStep) -> None:
        match effect:
            case rx.SetRun():
                self.inside.add(effect.id)
            case rx.EndRun():
                self.inside.discard(effect.id)
                self.ended[(effect.outcome, effect.reason)] += 1
            case rx.TallyStep(step="", what="entered"):
                self.entered += 1
            case rx.TallyStep():
                self.steps[(effect.step, effect.what)] += 1

    def _count_coupon(self, effect: ux.CouponEffect) -> None:
        """A code that comes back is not needed, unless the next attempt carries it on."""
        match effect:
            case ux.ClaimCoupon():
                self.carried.setdefault(effect.delivery_id, []).append(effect.pool_id)
            case ux.KeepCoupon():
                self.given.update(self.carried.pop(effect.delivery_id, ()))
            case ux.ReturnCoupon():
                self.returned[effect.delivery_id] = self.carried.pop(effect.delivery_id, [])
            case ux.MoveCoupon():
                self.carried[effect.to_id] = self.returned.pop(effect.delivery_id, [])
            case _:
                pass

    def _count_message(self, world: World, effect: fx.SetOpenState) -> None:
        if effect.attempt > 1:
            return
        channel_id, step = self.waiting[effect.id]
        self.sent[(world.now.astimezone(self.zone).date(), channel_id)] += 1
        self.sent_by_step[step] += 1
        known = any((told.contact_id, told.step) == (effect.contact_id, step) for told in self.samples)
        if len(self.samples) < SAMPLES_MAX and not known:
            contact = world.contacts[effect.contact_id]
            name = f"{contact.name} {contact.surname}".strip()
            content = read_content(effect.content)
            text = content.text if world.config.channels[channel_id].app else content.numbered
            text = show_samples(text, world.config.workspaces[effect.workspace].link_base)
            self.samples.append(Sample(effect.contact_id, name, world.now, channel_id, step, text))

    def _count_decision(self, effect: fx.Decide) -> None:
        match effect.outcome:
            case "not_entered":
                self.refused[effect.reason] += 1
            case "held" if effect.delivery_id is not None:
                once = effect.delivery_id, effect.gate, effect.reason
                if once not in self.was_held:
                    self.was_held.add(once)
                    self.held[once[1:]] += 1
            case "ghost":
                self.ghosts[effect.step] += 1
            case "not_sent" | "failed" | "revoked" | "unanswered" | "unconfirmed":
                self.unsent[(effect.step, effect.outcome, effect.gate, effect.reason)] += 1
            case _:
                pass
