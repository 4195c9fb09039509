"""Throttles: at most so many messages of a journey in so much time, evenly, so that nobody is flooded by what they
bring about (R5, S2).

500 in an hour are one every 7.2 seconds; where they are more than one a second, as many as a second has may go at once.
A message whose turn has not come is held until it comes, and draws a number: those with a number go before those who
come new, in the order in which they drew. A number is handed in by a hand-over, and by a message that will not go out.
Time in which nobody could be sent to, by night or while the journey was paused, is not made up for. A retry is no
second message, and one of a hold-out takes no turn (A3).
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta

from tertulia.core import budget_effects as bx
from tertulia.core.durations import read_duration
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.rows import OpenDelivery

if TYPE_CHECKING:
    from tertulia.core.world import World

MESSAGES_MAX: Final = 1_000_000
PER_MAX: Final = timedelta(days=7)
BURST: Final = timedelta(seconds=1)
TICKET: Final = "ticket"
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ThrottleRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """R5: so many messages in so much time."""

    messages: Annotated[int, Meta(title=_("At most so many messages"))]
    per: Annotated[str, Meta(title=_("In"), description=_("A length of time, such as 1 h."))]


class Line(msgspec.Struct, frozen=True):
    """A throttle's state: when the next turn is free, how many numbers were drawn, and how many handed in."""

    next_at: datetime = BEGINNING
    drawn: int = 0
    done: int = 0


class Turn(msgspec.Struct, frozen=True):
    """When a message may go, `ahead` of it so many; `number` as it drew it, None of one that has none."""

    rule: ThrottleRule
    at: datetime
    ahead: int
    number: int | None

    def tell(self) -> dict[str, Any]:
        """The facts of the ledger."""
        return {"messages": self.rule.messages, "per": self.rule.per, "ahead": self.ahead}


@lru_cache(maxsize=10_000)
def find_interval(rule: ThrottleRule) -> timedelta:
    """The time between two turns."""
    return read_duration(rule.per) / rule.messages


def find_rule(world: "World", delivery: OpenDelivery) -> ThrottleRule | None:
    """The throttle that a message is under: its journey's, as the newest revision says; none of a retry."""
    journey = world.config.journeys.get(delivery.journey_id or 0)
    return journey.program.journey.throttle if journey is not None and not delivery.attempt else None


def find_turn(world: "World", delivery: OpenDelivery) -> Turn | None:
    """When it may go; None without a throttle."""
    rule = find_rule(world, delivery)
    if rule is None or delivery.journey_id is None:
        return None
    line = world.lines.get(delivery.journey_id, Line())
    return judge_turn(rule, line, world.now, delivery.content.get(TICKET))


def judge_turn(rule: ThrottleRule, line: Line, now: datetime, number: int | None) -> Turn:
    """When somebody with this number may go, or somebody who comes new."""
    every, waiting = find_interval(rule), line.drawn - line.done
    if number is None and line.next_at + max(waiting, 0) * every <= now:
        waiting = 0  # whoever drew a number and did not come is waited for no longer
    ahead = max(waiting if number is None else number - line.done - 1, 0)
    at = line.next_at + ahead * every
    return Turn(rule, now if at <= now + max(BURST - every, timedelta()) else at, ahead, number)


def take_turn(world: "World", delivery: OpenDelivery) -> None:
    """It goes out: the next one is free later."""
    turn = find_turn(world, delivery)
    if turn is not None and delivery.journey_id is not None:
        line = world.lines.get(delivery.journey_id, Line())
        next_at = max(line.next_at, world.now) + find_interval(turn.rule)
        done = int(turn.number is not None)
        world.add(bx.MoveLine(delivery.workspace, delivery.journey_id, next_at=next_at, done=done))


def draw_number(world: "World", delivery: OpenDelivery) -> dict[str, Any]:
    """The content of a message that waits for its turn, with its number."""
    if TICKET in delivery.content or delivery.journey_id is None:
        return delivery.content
    number = world.lines.get(delivery.journey_id, Line()).drawn + 1
    world.add(bx.MoveLine(delivery.workspace, delivery.journey_id, drawn=1))
    return {**delivery.content, TICKET: number}


def leave_line(world: "World", delivery: OpenDelivery) -> None:
    """It will not go out: nobody waits for its number."""
    if TICKET in delivery.content and delivery.journey_id is not None:
        world.add(bx.MoveLine(delivery.workspace, delivery.journey_id, done=1))
