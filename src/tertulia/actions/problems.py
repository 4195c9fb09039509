"""What is wrong with what a person gave us: every problem at once, each with its field and a sentence.

An action that takes a form collects `Problem`s and raises one `Refused`; nothing of the form was applied. Sentences
are translated when they are made, so they are in the language of whoever asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tertulia.core.render import TemplateProblem
from tertulia.errors import Invalid


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: a stable `code`, the translated `sentence`, the form's `field` and, in a text, its `line` and
    `column` from 1 (0: none). A `warning` may be ignored knowingly; anything else stops."""

    code: str
    sentence: str
    field: str = ""
    line: int = 0
    warning: bool = False
    column: int = 0


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


def read_problem(problem: TemplateProblem, field: str = "text") -> Problem:
    """A template's problem in the reader's language: where, what is wrong, and what to do."""
    told = " ".join(_(message) % problem.parameters for message in problem.message_ids)
    return Problem(f"template.{problem.code}", told, field, problem.line, column=problem.column)
