"""Who is in the story: one role, one way through the series, and what each must get of it."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from tertulia.stories.timed import Person, make_people

MAILS: Final = ("first", "second")
SMS: Final = "last"


class Role(Enum):
    """What somebody does."""

    NEVER_BUYS = "never buys"
    AT_ONCE = "buys within the hour"
    AFTER_FIRST = "buys after the first e-mail, by its link"
    AFTER_SECOND = "buys after the second e-mail, with its code"
    NO_MAIL = "has no e-mail address"
    LEAVES = "asks for no more offers by the one click of the first e-mail"
    INTERESTED = "bought coffee before, and says what interests them"
    SILENT = "bought coffee before, and says nothing"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The e-mails and texts of the series, in their order, and how the run ended."""

    mails: tuple[str, ...]
    texts: tuple[str, ...]
    run: str = "completed"


BOUGHT: Final = "exited run.exception"
OUTCOMES: Final = {
    Role.NEVER_BUYS: Outcome(MAILS, (SMS,)),
    Role.AT_ONCE: Outcome((), (), BOUGHT),
    Role.AFTER_FIRST: Outcome(MAILS[:1], (), BOUGHT),
    Role.AFTER_SECOND: Outcome(MAILS, (), BOUGHT),
    Role.NO_MAIL: Outcome((), (SMS,)),
    Role.LEAVES: Outcome(MAILS[:1], ()),
}
ASKED: Final = (Role.INTERESTED, Role.SILENT)


def make_cast(of_each: int) -> list[Person]:
    """So many of each role."""
    people = make_people(Role, of_each, 81_000_000)
    return [one if one.role is Role.NO_MAIL else replace(one, email=f"{one.user_id}@mail.example") for one in people]
