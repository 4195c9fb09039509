"""Who is in the story: one role, one way through the campaign, and what each must get of it."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from tertulia.stories.timed import Person, make_people

REMINDER: Final = "reminder"
RECALL: Final = "recall"


class Role(Enum):
    """What somebody does, in the order in which the story tells it."""

    LEAVES_CART = "fills a cart worth over 100 on the site and in the app, and leaves"
    AT_NIGHT = "leaves such a cart when it is night where they live"
    SMALL_CART = "leaves a cart worth less"
    BUYS_AT_ONCE = "buys during the visit"
    BUYS_LATER = "leaves such a cart, and buys within the half hour of the delay"
    TWICE = "leaves a second such cart on the same day"
    STOPPED = "has answered STOP before"
    NO_CONSENT = "is in no list: the site alone knows them"
    TOO_LATE = "leaves such a cart when the campaign is over"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `why` says of somebody and the campaign, and the texts on their phone."""

    outcome: str
    reason: str
    texts: tuple[str, ...]


OUTCOMES: Final = {
    Role.LEAVES_CART: Outcome("completed", "", (REMINDER,)),
    Role.AT_NIGHT: Outcome("completed", "", (REMINDER,)),
    Role.SMALL_CART: Outcome("never", "", ()),
    Role.BUYS_AT_ONCE: Outcome("never", "", ()),
    Role.BUYS_LATER: Outcome("exited", "run.exception", ()),
    Role.TWICE: Outcome("completed", "", (REMINDER, RECALL)),
    Role.STOPPED: Outcome("completed", "", ()),
    Role.NO_CONSENT: Outcome("completed", "", ()),
    Role.TOO_LATE: Outcome("not_entered", "entry.ended", ()),
}
ZONES: Final = {Role.AT_NIGHT: ("Asia/Tokyo", "Australia/Sydney")}
BY_DAY: Final = ("America/Sao_Paulo", "Europe/Lisbon", "America/New_York")


def make_cast(of_each: int) -> list[Person]:
    """So many of each role, in several zones."""
    people = make_people(Role, of_each, 80_000_000)
    zones = [ZONES.get(one.role, BY_DAY) for one in people]
    return [replace(one, zone=zones[n][n % of_each % len(zones[n])]) for n, one in enumerate(people)]
