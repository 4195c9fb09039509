"""Budgets: at most so much money for a message, in a day, in a month and in all (V3, R5).

Amounts are in the workspace's currency; inside, in millionths of it. A budget is the workspace's, a journey's, or a
match's. What a message costs is reserved when it is handed over, by the list of prices and its parts, and comes back
where no provider takes it. Days and months are those of the calendar, in the zone of whose budget it is.

A message dearer than a budget's `message` is not sent on that channel. Where a day, a month or the whole is spent the
message is held: until the next day or month begins; where it is the whole, until the budget is raised or money comes
back. Replies and transactional messages are exempt: they count, and nothing holds them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta

from tertulia.core.reasons import gettext_noop as _
from tertulia.core.wall_clock import day_bounds, month_bounds
from tertulia.core.zones import load_zone

MICROS: Final = 1_000_000
AMOUNT_MAX: Final = 1_000_000_000
WARN_AT: Final = 80  # per cent
NOT_AN_AMOUNT: Final = _("Give an amount above 0 and at most 1000000000, with at most six decimals.")
NOT_A_RATE: Final = _("Give the rate of a currency as a number above 0.")
TOTAL: Final = "total"
FOR_GOOD: Final = datetime(2500, 1, 1, tzinfo=UTC)  # no time helps: who raises it, or what comes back, wakes
LOOK_EVERY: Final = timedelta(minutes=10)  # whether anything came back
BLOCK_BACK: Final = timedelta(seconds=20)  # by then another owner has returned what it took and did not need


class BudgetRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """V3: the most that is spent, in the workspace's currency."""

    message: Annotated[float | None, Meta(title=_("A message"))] = None
    day: Annotated[float | None, Meta(title=_("A day"))] = None
    month: Annotated[float | None, Meta(title=_("A month"))] = None
    total: Annotated[float | None, Meta(title=_("In all"))] = None


class TotalKey(NamedTuple):
    """One shared total: whose, of what, and of which day or month."""

    workspace: int
    scope: str
    period: str


class Budget(msgspec.Struct, frozen=True):
    """Compiled: millionths, None where nothing is set."""

    message: int | None = None
    day: int | None = None
    month: int | None = None
    total: int | None = None

    @property
    def totals(self) -> tuple[tuple[str, int], ...]:
        """What is shared by all messages, with its name."""
        named = (("day", self.day), ("month", self.month), (TOTAL, self.total))
        return tuple((name, limit) for name, limit in named if limit is not None)


class Pot(NamedTuple):
    """A budget that a message is under. `owner`: whose it is: workspace, journey or match; `name` as people call it."""

    scope: str
    owner: str
    name: str
    budget: Budget
    zone: str


class Room(msgspec.Struct, frozen=True):
    """What is left of one total. `until`: when the next day or month begins; `contested`: another owner has taken a
    part that it may return."""

    key: TotalKey
    owner: str
    name: str
    per: str
    limit: int
    left: int
    until: datetime | None
    contested: bool = False


class Charge(msgspec.Struct, frozen=True):
    """What a message costs, and the budgets that it is under. `exempt`: it counts, and is held by none; `reserved`: an
    earlier attempt's money is still its own. `dearest`: the lowest amount that a budget allows for a message, and
    whose."""

    cost: int
    exempt: bool = False
    reserved: bool = False
    dearest: tuple[int, str] | None = None
    rooms: tuple[Room, ...] = ()

    def tell(self) -> dict[str, Any]:
        """The facts of the ledger."""
        used: dict[str, Any] = {"cost_micros": self.cost}
        if not self.rooms and self.dearest is None:
            return used | {"budget": "none set"}
        if self.exempt or self.reserved:
            return used | {"exempt" if self.exempt else "reserved": True}
        if self.dearest is not None:
            used["most_micros"], used["most_of"] = self.dearest
        return used | {"budgets": [tell_room(room) for room in self.rooms]}


class Short(NamedTuple):
    """A budget stands in the way: `room` of a total, None where the message is too dear. `until`: when to look again;
    `promised`: whether that is a time at which something changes."""

    room: Room | None
    until: datetime
    promised: bool = False


def read_amount(value: float) -> int:
    """An amount of a document in millionths. Raises ValueError with a sentence for its author."""
    micros = round(value * MICROS) if 0 < value <= AMOUNT_MAX else 0
    if micros <= 0 or abs(value * MICROS - micros) > 1e-3:
        raise ValueError(NOT_AN_AMOUNT)
    return micros


@lru_cache(maxsize=10_000)
def compile_budget(rule: BudgetRule) -> Budget:
    """A rule that was found right. Raises ValueError for another."""
    amounts = (getattr(rule, name) for name in Budget.__struct_fields__)
    return Budget(*(read_amount(amount) if amount is not None else None for amount in amounts))


def read_budget(told: Mapping[str, Any]) -> Budget | None:
    """A workspace's, as it is kept; None where it sets no limit. Raises ValueError."""
    amounts = {name: told[name] for name in ("message", "day", "month") if told.get(name) is not None}
    return compile_budget(BudgetRule(**amounts)) if amounts else None


def read_rates(told: Mapping[str, Any]) -> dict[str, float]:
    """What one unit of other currencies is worth in the workspace's. Raises ValueError."""
    rates = {}
    for currency, rate in told.items():
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= AMOUNT_MAX:
            raise ValueError(NOT_A_RATE)
        rates[currency] = float(rate)
    return rates


def convert(micros: int, currency: str, own: str, rates: Mapping[str, float]) -> int:
    """A price in the workspace's own currency, rounded up; at its face value where no rate is known."""
    if currency == own or currency not in rates:
        return micros
    return -int(-micros * rates[currency] // 1)


def list_keys(workspace: int, pot: Pot, now: datetime) -> list[tuple[TotalKey, str, int]]:
    """The totals of a budget at an instant, each with its name and limit."""
    return [(TotalKey(workspace, pot.scope, name_period(per, now, pot.zone)), per, n) for per, n in pot.budget.totals]


def name_period(per: str, now: datetime, zone: str) -> str:
    """2026-11-30, 2026-11, or total."""
    day = now.astimezone(load_zone(zone)).date()
    return {"day": day.isoformat(), "month": f"{day:%Y-%m}"}.get(per, TOTAL)


def find_end(per: str, now: datetime, zone: str) -> datetime | None:
    """When the next day or month begins; None of what is for good."""
    bounds = {"day": day_bounds, "month": month_bounds}.get(per)
    return bounds(now, load_zone(zone)).end if bounds is not None else None


def judge_charge(charge: Charge, now: datetime) -> Short | None:
    """What stands in the way: the price of the message itself, else the total that is open again last."""
    if charge.exempt or charge.reserved:
        return None
    if charge.dearest is not None and charge.cost > charge.dearest[0]:
        return Short(None, now)
    short = [_look_again(room, now) for room in charge.rooms if charge.cost > room.left]
    return max(short, key=lambda found: found.until) if short else None


def _look_again(room: Room, now: datetime) -> Short:
    if room.contested:
        return Short(room, now + BLOCK_BACK)
    return Short(room, room.until or FOR_GOOD, room.until is not None)


def tell_room(room: Room) -> dict[str, Any]:
    """One total in the ledger."""
    return {
        **{"of": room.owner, "name": room.name, "per": room.per},
        **{"limit_micros": room.limit, "left_micros": room.left},
    }
