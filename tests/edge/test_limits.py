"""Wrong codes are limited per address, and the table of addresses is bounded."""

from tertulia.edge import limits
from tertulia.edge.limits import Guesses


def test_an_address_that_guessed_too_often_waits_until_there_is_room_again() -> None:
    guesses = Guesses(wrong_max=3, refill_s=30)
    assert not guesses
    for _ in range(3):
        assert not guesses.is_limited("a", 0)
        guesses.note_wrong("a", 0)
    assert guesses.is_limited("a", 0)
    assert not guesses.is_limited("b", 0)
    assert guesses.is_limited("a", 9)
    assert not guesses.is_limited("a", 11)


def test_the_table_forgets_the_address_that_was_quiet_longest() -> None:
    guesses = Guesses(wrong_max=1)
    for number in range(limits.ADDRESSES_MAX + 1):
        guesses.note_wrong(str(number), number / 1000)
    assert not guesses.is_limited("0", 20)
    assert guesses.is_limited(str(limits.ADDRESSES_MAX), 20)
