"""Who is meant by lines that a person pastes: phones, e-mail addresses and ids of the business's own, one a line."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from tertulia.actions.journey_start import Who, find_contact
from tertulia.actions.problems import Problem, Refused
from tertulia.core.traits import read_number
from tertulia.data.models import Workspace
from tertulia.errors import NotFound
from tertulia.store.db import Conn

LINES_MAX: Final = 2_000
SHOWN_MAX: Final = 200  # characters of a line


@dataclass(frozen=True, slots=True)
class Missed:
    """A line, counted from 1, that is nobody or more than one, and why."""

    line: int
    text: str
    sentence: str


def find_people(conn: Conn, workspace: Workspace, text: str) -> tuple[list[int], list[Missed]]:
    """The contacts of the lines, merges followed, and the lines that are nobody. Empty lines are nothing. Raises
    Refused for too many."""
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(lines) > LINES_MAX:
        message = _("These are more than %(most)s lines. Import a file instead, or paste them in parts.")
        raise Refused([Problem("too_long", message % {"most": LINES_MAX}, "people")])
    found: dict[int, None] = {}
    missed = []
    for number, line in lines:
        try:
            found[_find_person(conn, workspace, line)] = None
        except Refused as refused:
            missed.append(Missed(number, line[:SHOWN_MAX], refused.sentence))
        except NotFound:
            missed.append(Missed(number, line[:SHOWN_MAX], _("This contact was erased.")))
    return list(found), missed


def _find_person(conn: Conn, workspace: Workspace, line: str) -> int:
    told = line.replace("\0", "")
    if "@" in told:
        return find_contact(conn, workspace, Who(email=told))
    try:
        return find_contact(conn, workspace, Who(user_id=told))
    except Refused:
        if read_number(told, workspace.country) is None:
            raise
        return find_contact(conn, workspace, Who(phone=told))
