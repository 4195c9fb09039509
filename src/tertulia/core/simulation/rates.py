"""Rates by which synthetic customers act and providers deliver, in percent unless they say otherwise.

The defaults of what is opened are figures that are often quoted and seldom measured (docs: what stands behind each);
they are there to be replaced by a business's own.
"""

from datetime import time
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from tertulia.core.carriers import EMAIL, SMS

Percent = Annotated[float, Meta(ge=0, le=100)]
EVENTS_MAX: Final = 50.0  # of one name, of a customer, a day
SEED_MAX: Final = 2**31


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Part of the rates."""


class Channel(Part, frozen=True):
    """Of messages on one sort of channel: how many are `refused`, for nobody is at the address; how many are `silent`:
    taken, and never delivered. The others are delivered, and of these so many are `opened`; of those opened, so many
    within five minutes (`opened_soon`), so many are `replied` to and, where they have a link, `clicked`."""

    refused: Percent
    silent: Percent
    opened: Percent
    opened_soon: Percent
    clicked: Percent
    replied: Percent


class Unwelcome(Part, frozen=True, rename={"from_": "from"}):
    """A message is unwelcome if it is marketing and the customer has it between `from` and `to` by their own clock, or
    as more than the first `more_than` of `days`. So many customers `leave` at the first such message that they open:
    they want no more offers on that channel. The others never do."""

    more_than: Annotated[int, Meta(ge=0, le=1000)] = 3
    days: Annotated[int, Meta(ge=1, le=90)] = 7
    from_: str = "21:00"
    to: str = "08:00"
    leave: Percent = 78.0


class Reachable(Part, frozen=True):
    """Of synthetic customers of a workspace that has none yet: how many have a mobile number, a mailbox, and each of
    the connected apps."""

    sms: Percent = 100.0
    email: Percent = 70.0
    app: Percent = 50.0


class Rates(Part, frozen=True):
    """`events`: how often a customer does something a day, by the event's name; `message` is writing to us, `api` a
    call of the API for a journey that begins so. Others happen as often as in the workspace's last days, else `event`
    times. `answered`: questions that are answered. The same `seed` gives the same chance."""

    seed: Annotated[int, Meta(ge=0, le=SEED_MAX)] = 1
    event: Annotated[float, Meta(ge=0, le=EVENTS_MAX)] = 0.1
    events: dict[str, Annotated[float, Meta(ge=0, le=EVENTS_MAX)]] = {}
    sms: Channel = Channel(refused=2, silent=1, opened=98, opened_soon=60, clicked=10, replied=2)
    app: Channel = Channel(refused=3, silent=3, opened=90, opened_soon=50, clicked=15, replied=5)
    email: Channel = Channel(refused=2, silent=1, opened=28, opened_soon=10, clicked=10, replied=1)
    unwelcome: Unwelcome = Unwelcome()
    answered: Percent = 50.0
    reachable: Reachable = Reachable()

    def of(self, family: str) -> Channel:
        """Those of a channel, by its family."""
        return self.sms if family == SMS else self.email if family == EMAIL else self.app


DEFAULTS: Final = Rates()


def set_shares(rates: Rates, *, refused: float | None = None, silent: float | None = None) -> Rates:
    """The same on every channel: how many messages reach nobody, and how many are never delivered."""
    given = {name: value for name, value in (("refused", refused), ("silent", silent)) if value is not None}
    change = msgspec.structs.replace
    return change(rates, **{name: change(getattr(rates, name), **given) for name in ("sms", "app", "email")})


def is_between(at: time, begin: time, end: time) -> bool:
    """Whether a time of day lies from one on to before another, over midnight where that comes first."""
    return begin <= at < end if begin <= end else at >= begin or at < end
