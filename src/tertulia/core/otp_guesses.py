"""A code that somebody gives: right or wrong, or good for nothing any more."""

from datetime import datetime
from enum import StrEnum


class Guess(StrEnum):
    """What became of a guess."""

    VERIFIED = "verified"
    WRONG = "wrong"
    EXPIRED = "expired"
    USED = "used"  # it was right before, and a code is good once
    REPLACED = "replaced"  # a newer one was asked for
    TOO_MANY = "too_many"


_SETTLED = {"verified": Guess.USED, "replaced": Guess.REPLACED, "too_many": Guess.TOO_MANY}


def judge_guess(
    state: str, expires_at: datetime, attempts: int, attempts_max: int, now: datetime, *, right: bool
) -> tuple[Guess, str, int]:
    """What it comes to, the code's state from now on, and how many guesses were made by then. The last wrong guess is
    told as one too many, for no other follows."""
    if state != "pending":
        return _SETTLED[state], state, attempts
    if now >= expires_at:
        return Guess.EXPIRED, state, attempts
    if right:
        return Guess.VERIFIED, "verified", attempts + 1
    spent = attempts + 1 >= attempts_max
    return (Guess.TOO_MANY, "too_many", attempts + 1) if spent else (Guess.WRONG, state, attempts + 1)
