"""What is wrong with what a person gave us: every problem at once, each with its field and a sentence.

An action that takes a form collects `Problem`s and raises one `Refused`; nothing of the form was applied. Sentences
are translated when they are made, so they are in the language of whoever asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tertulia.errors import Invalid


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: a stable `code`, the translated `sentence`, the form's `field` and, in a text, its `line` from 1
    (0: none). A `warning` may be ignored knowingly; anything else stops."""

    code: str
    sentence: str
    field: str = ""
    line: int = 0
    warning: bool = False


class Refused(Invalid):
    """A form with problems. Reads as its first one."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(first.sentence, field=first.field, line=first.line)
        self.problems = tuple(problems)


def refuse(problems: Sequence[Problem]) -> None:
    """Raise Refused when anything but warnings was found."""
    found = [problem for problem in problems if not problem.warning]
    if found:
        raise Refused(found)
