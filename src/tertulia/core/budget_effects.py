"""What messages bring about under budgets and throttles: a closed union, part of `effects.Effect` (V3, R5)."""

from datetime import datetime

import msgspec

from tertulia.core.budgets import TotalKey


class Spend(msgspec.Struct, frozen=True):
    """So much of a total is reserved by a hand-over, out of the block that `owner` has taken; `forced`: out of the
    total itself, be it spent or not, for nothing holds such a message. `limit` and `name` for who is told at 80 %."""

    key: TotalKey
    owner: str
    micros: int
    limit: int
    name: str
    forced: bool
    at: datetime


class GiveBack(msgspec.Struct, frozen=True):
    """No provider took the message: what it had reserved is free."""

    key: TotalKey
    micros: int


class RunOut(msgspec.Struct, frozen=True):
    """A message waits because a total is spent: people are told, once for each limit."""

    key: TotalKey
    limit: int
    name: str
    at: datetime


class MoveLine(msgspec.Struct, frozen=True):
    """At a journey's throttle: the next turn is free at `next_at` (None: as before); so many more numbers are `drawn`,
    and `done`."""

    workspace: int
    journey_id: int
    next_at: datetime | None = None
    drawn: int = 0
    done: int = 0


BudgetEffect = Spend | GiveBack | RunOut | MoveLine
