"""How many of its like came before: for each of millions of rows, in little memory.

A set of Python's integers takes about 70 bytes for each, a gigabyte for the rows of a large file. Here they lie one
beside the other in an array of twice to four times as many places: 16 to 32 bytes for each. Two digests of 64 bits are
equal by chance once in 36 million files of a million rows.
"""

from array import array
from typing import Final

PLACES_FIRST: Final = 1 << 10
FREE: Final = 0


class Ordinals:
    """Counts digests of 8 bytes."""

    def __init__(self) -> None:
        self._places = array("Q", bytes(8 * PLACES_FIRST))
        self._used = 0
        self._more: dict[int, int] = {}  # of those that came again

    def count(self, digest: bytes) -> int:
        """How often a digest was counted before; counts it."""
        key = int.from_bytes(digest[:8]) or 1
        place = _find(self._places, key)
        if self._places[place] == key:
            self._more[key] = self._more.get(key, 0) + 1
            return self._more[key]
        self._places[place] = key
        self._used += 1
        if self._used * 2 > len(self._places):
            self._grow()
        return 0

    def _grow(self) -> None:
        places = array("Q", bytes(16 * len(self._places)))
        for key in self._places:
            if key != FREE:
                places[_find(places, key)] = key
        self._places = places


def _find(places: "array[int]", key: int) -> int:
    """Where a key stands, or the free place where it belongs. The number of places is a power of two."""
    mask = len(places) - 1
    place = key & mask
    while places[place] not in (FREE, key):
        place = (place + 1) & mask
    return place
