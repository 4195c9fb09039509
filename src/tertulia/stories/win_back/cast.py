"""Who is in the story: one role, one habit, and what each must get of it."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from tertulia.stories.timed import Person, make_people

LISBON: Final = "Europe/Lisbon"
SAO_PAULO: Final = "America/Sao_Paulo"
OTHERWISE: Final = 12  # o'clock: the hour that the journey states
TYPICAL: Final = 20  # that of most
TYPICAL_MIN: Final = 50  # hours of customers by which an hour is typical


class Role(Enum):
    """What somebody does."""

    EVENING = "opens links at eight in the evening"
    MORNING = "writes at eight in the morning, in São Paulo"
    HARDLY_KNOWN = "has opened nothing yet"
    COMES_BACK = "comes back by the link, and buys"
    BUYS_FIRST = "buys before the message is due"
    AWAKE = "bought something not long ago"
    STOPPED = "asked for no more offers"


EVENING: Final = (Role.EVENING, Role.COMES_BACK, Role.BUYS_FIRST, Role.AWAKE, Role.STOPPED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the message comes, at which hour of their clock (None: not at all), and how the run ended; `reason` that
    of the last decision about the message where it did not come."""

    hour: int | None
    run: str | None = "completed"
    reason: str = ""


BOUGHT: Final = "exited run.exception"
OUTCOMES: Final = {
    Role.EVENING: Outcome(20),
    Role.MORNING: Outcome(8),
    Role.HARDLY_KNOWN: Outcome(OTHERWISE),
    Role.COMES_BACK: Outcome(20, BOUGHT),
    Role.BUYS_FIRST: Outcome(None, BOUGHT),
    Role.AWAKE: Outcome(None, None),
    Role.STOPPED: Outcome(None, reason="consent.blocked"),
}


def make_cast(of_each: int) -> list[Person]:
    """So many of each role."""
    people = make_people(Role, of_each, 82_000_000)
    return [replace(one, zone=SAO_PAULO if one.role is Role.MORNING else LISBON) for one in people]
