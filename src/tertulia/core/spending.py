"""Budgets at work: which a message is under, what it reserves when it is handed over, and what comes back (V3).

The money of a message stands with its content while nobody knows what becomes of it. A retry has it already; what a
provider surely did not take gives it back to the day and month of which it was. Where a second copy may come of an
attempt whose outcome nobody knows, that one is paid for too.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from tertulia.core import budget_effects as bx
from tertulia.core.budgets import Budget, Charge, Pot, Room, TotalKey, compile_budget, convert, find_end, list_keys
from tertulia.core.carriers import SMS
from tertulia.core.content import Content, read_content
from tertulia.core.deliveries import CLASS_RULES, MessageClass
from tertulia.core.rows import OpenDelivery
from tertulia.core.sms import PART_UNITS, count_parts
from tertulia.core.throttles import leave_line
from tertulia.core.world import ChannelFacts, WorkspaceFacts, World

RESERVED: Final = "reserved"


def find_own_pot(workspace: WorkspaceFacts) -> Pot | None:
    """The workspace's budget."""
    if workspace.budget is None:
        return None
    return Pot("budget", "workspace", "", workspace.budget, workspace.zone)


def find_pots(world: World, delivery: OpenDelivery) -> list[Pot]:
    """The budgets that a message is under: the workspace's, and that of its journey or match."""
    config = world.config
    workspace = config.workspaces[delivery.workspace]
    own = find_own_pot(workspace)
    pots = [own] if own is not None else []
    journey = config.journeys.get(delivery.journey_id or 0)
    if journey is not None and (rule := journey.program.journey.budget) is not None:
        zone = journey.program.journey.zone or workspace.zone
        pots.append(Pot(f"budget:journey:{journey.id}", "journey", journey.name, compile_budget(rule), zone))
    match = config.matches.get(delivery.match_id or 0)
    if match is not None and match.budget_micros is not None:
        budget = Budget(total=match.budget_micros)
        pots.append(Pot(f"budget:match:{match.id}", "match", match.name, budget, workspace.zone))
    return pots


def is_exempt(delivery: OpenDelivery) -> bool:
    """Whether nothing of money holds it."""
    return CLASS_RULES[MessageClass(delivery.class_)].exempt_from_budgets


def price_of(channel: ChannelFacts, delivery: OpenDelivery, country: str, parts: int) -> tuple[int, str]:
    """What it costs by the list: millionths and currency; a price that the provider states in a receipt replaces it.
    Answers inside a platform's window are free by the list."""
    if channel.app and delivery.match_id is None:
        return 0, ""
    price, currency = channel.price_of(country)
    return price * (1 if channel.app else parts), currency


def estimate_cost(world: World, delivery: OpenDelivery) -> int:
    """What it costs at most: an SMS as long as its channel takes one."""
    channel = world.config.channels[delivery.channel_id]
    parts = -(-channel.text_max // PART_UNITS["UCS-2"]) if channel.carries == SMS else 1
    return _price(world, delivery, parts)


def make_charge(world: World, delivery: OpenDelivery, content: Content | None) -> Charge:
    """What it costs with this content (None: it could not be rendered, which another gate says), and what the budgets
    have left."""
    channel = world.config.channels[delivery.channel_id]
    parts = count_parts(content.numbered).parts if content is not None and channel.carries == SMS else 1
    pots = find_pots(world, delivery)
    limits = [(pot.budget.message, pot.name or pot.owner) for pot in pots if pot.budget.message is not None]
    return Charge(
        _price(world, delivery, parts),
        exempt=is_exempt(delivery),
        reserved=RESERVED in delivery.content,
        dearest=min(((most, name) for most, name in limits if most is not None), default=None),
        rooms=tuple(_find_rooms(world, delivery, pots)),
    )


def _find_rooms(world: World, delivery: OpenDelivery, pots: list[Pot]) -> Iterator[Room]:
    for pot in pots:
        for key, per, limit in list_keys(delivery.workspace, pot, world.now):
            left, until = world.rooms.get(key, limit), find_end(per, world.now, pot.zone)
            yield Room(key, pot.owner, pot.name, per, limit, left, until, contested=key in world.contested)


def _price(world: World, delivery: OpenDelivery, parts: int) -> int:
    workspace = world.config.workspaces[delivery.workspace]
    channel = world.config.channels[delivery.channel_id]
    price, currency = price_of(channel, delivery, world.country_of(delivery.contact_id), parts)
    return count_as(workspace, price, currency)


def count_as(workspace: WorkspaceFacts, micros: int, currency: str) -> int:
    """A price as it counts under a workspace's budgets."""
    return convert(micros, currency, workspace.currency, workspace.rates)


def reserve(world: World, delivery: OpenDelivery, content: Content, charge: Charge) -> Content:
    """The hand-over takes its money, where a total counts it; the content with what it took."""
    if charge.reserved:
        return replace(content, reserved=read_content(delivery.content).reserved)
    if not charge.cost or not charge.rooms:
        return content
    forced = charge.exempt
    world.add(
        *(
            bx.Spend(room.key, world.owner, charge.cost, room.limit, room.name, forced, world.now)
            for room in charge.rooms
        )
    )
    return replace(content, reserved=tuple((room.key.scope, room.key.period, charge.cost) for room in charge.rooms))


def let_go(world: World, delivery: OpenDelivery) -> None:
    """Nobody took it: the money that it has reserved is free, and its place at a throttle."""
    leave_line(world, delivery)
    if RESERVED in delivery.content:
        for scope, period, micros in read_content(delivery.content).reserved:
            world.add(bx.GiveBack(TotalKey(delivery.workspace, scope, period), micros))


def spend_for_good(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a message whose money is gone, whatever becomes of another copy."""
    return {name: value for name, value in content.items() if name != RESERVED}


def tell_run_out(world: World, charge: Charge) -> None:
    """People are told which totals are spent."""
    spent = [room for room in charge.rooms if charge.cost > room.left and not room.contested]
    world.add(*(bx.RunOut(room.key, room.limit, room.name, world.now) for room in spent))
