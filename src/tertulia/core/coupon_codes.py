"""Coupon codes as somebody pastes them or a file has them: one a line, each checked by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tertulia.core.reasons import gettext_noop

CODE_CHARACTERS_MAX: Final = 100

BLANK: Final = gettext_noop("Line %(line)s is blank.")
TWICE: Final = gettext_noop("Line %(line)s is the same as line %(first)s.")
THERE: Final = gettext_noop("Line %(line)s is in the pool already.")
NO_CODE: Final = gettext_noop("Line %(line)s is no code: too long, or with signs that nobody can type.")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that was not taken: its number from 1 and why, a message id with `line` and `first` as parameters."""

    line: int
    message: str
    first: int = 0


@dataclass(frozen=True, slots=True)
class ReadCodes:
    """Codes with the lines where they stand, and the lines that have none to take."""

    codes: dict[str, int]
    left_out: tuple[LeftOut, ...]


def read_codes(lines: Iterable[str], first: int = 1) -> ReadCodes:
    """Every code once, without the blanks around it. Blank lines at the end are no mistake. `first`: the number of the
    first line."""
    codes: dict[str, int] = {}
    left_out: list[LeftOut] = []
    blank: list[LeftOut] = []
    for number, line in enumerate(lines, first):
        code = line.strip().removeprefix("\ufeff")
        if not code:
            blank.append(LeftOut(number, BLANK))
            continue
        left_out += blank
        blank.clear()
        if len(code) > CODE_CHARACTERS_MAX or not code.isprintable():
            left_out.append(LeftOut(number, NO_CODE))
        elif code in codes:
            left_out.append(LeftOut(number, TWICE, codes[code]))
        else:
            codes[code] = number
    return ReadCodes(codes, tuple(left_out))
