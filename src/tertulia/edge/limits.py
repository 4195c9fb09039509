"""How often somebody may ask.

Nobody finds a link by trying: wrong codes are counted per caller's address, and who tried too many waits.

A bucket of `WRONG_MAX` wrong codes refills within a minute. An address that emptied it gets no answer about any code,
right or wrong, until there is room again. The table is bounded: the addresses that were quiet longest are forgotten.

A source of events has a bucket of requests, which holds those of one second.
"""

WRONG_MAX = 30
REFILL_S = 60.0
ADDRESSES_MAX = 20_000
REQUESTS_PER_S = 1_000.0


class Guesses:
    """How many wrong codes each address tried of late. `at_s` is a monotonic clock's."""

    def __init__(self, wrong_max: int = WRONG_MAX, refill_s: float = REFILL_S) -> None:
        self._wrong_max = wrong_max
        self._rate_per_s = wrong_max / refill_s
        self._levels: dict[str, tuple[float, float]] = {}

    def __bool__(self) -> bool:
        """Whether anybody tried a wrong code: until then no address needs to be looked at."""
        return bool(self._levels)

    def is_limited(self, address: str, at_s: float) -> bool:
        return self._level(address, at_s) > self._wrong_max - 1

    def note_wrong(self, address: str, at_s: float) -> None:
        """One more wrong code. The newest address stands last, so that the first is the one to forget."""
        level = self._level(address, at_s) + 1
        self._levels.pop(address, None)
        if len(self._levels) >= ADDRESSES_MAX:
            del self._levels[next(iter(self._levels))]
        self._levels[address] = (level, at_s)

    def _level(self, address: str, at_s: float) -> float:
        level, then = self._levels.get(address, (0.0, at_s))
        return max(0.0, level - (at_s - then) * self._rate_per_s)


class Rates:
    """A bucket of requests for each source, full at first. `at_s` is a monotonic clock's."""

    def __init__(self, per_s: float = REQUESTS_PER_S) -> None:
        self._per_s = per_s
        self._left: dict[int, tuple[float, float]] = {}

    def take(self, source_id: int, at_s: float) -> float:
        """Take one request out of the bucket: 0.0, or the seconds until there is one again."""
        left, then = self._left.get(source_id, (self._per_s, at_s))
        left = min(self._per_s, left + (at_s - then) * self._per_s)
        if left < 1:
            self._left[source_id] = (left, at_s)
            return (1 - left) / self._per_s
        self._left[source_id] = (left - 1, at_s)
        return 0.0
