"""A rate that is kept by counting what may go now."""

import time
from dataclasses import dataclass, field
from typing import Final

CLAIMS_PER_CYCLE: Final = 1000


@dataclass(slots=True)
class Pace:
    """A rate as a bucket of at most one second's worth, on the real clock."""

    tokens: float = 0.0
    at: float = field(default_factory=time.monotonic)

    def take(self, rate_per_s: float, wanted: int) -> int:
        """How many of `wanted` may go now."""
        now = time.monotonic()
        self.tokens = min(max(rate_per_s, 1.0), self.tokens + (now - self.at) * rate_per_s)
        self.at = now
        granted = min(wanted, int(self.tokens))
        self.tokens -= granted
        return granted


def find_limit(rate_per_s: float, under_way: int) -> int:
    """How many more may be handed over: a second's work at the channel's rate, less what is under way (X2)."""
    return min(max(int(rate_per_s), 1) - under_way, CLAIMS_PER_CYCLE)
