"""How fast a channel may be called: a bucket that fills at the channel's rate, on real time (E8).

A channel that has carried a code lately keeps a tenth of its rate free for the next one: a second, slower bucket holds
back what is no code. A provider that is called at its full rate queues what comes, and there a code would wait.
"""

from dataclasses import dataclass
from typing import Final

BURST_S = 0.1
HOLD_S_DEFAULT = 1.0
HOLD_S_MAX = 30.0
KEPT_FOR_CODES: Final = 0.1  # of the rate
CODES_LATELY_S: Final = 600.0


@dataclass(slots=True)
class Pace:
    """`rate_per_s` is this process's share of the channel's rate. At most a tenth of a second's worth gathers, and at
    least one message, so that no provider ever sees a second with more than a little over its rate. `room` is for
    everything, `other_room` for what is no code; `coded_at` when the last code went."""

    rate_per_s: float
    filled_at: float
    room: float = 1.0
    other_room: float = 1.0
    held_until: float = 0.0
    coded_at: float | None = None

    def refill(self, at: float) -> None:
        """Let the buckets fill up to the monotonic time `at`."""
        passed_s = max(0.0, at - self.filled_at)
        lately = self.coded_at is not None and at - self.coded_at < CODES_LATELY_S
        slower = self.rate_per_s * (1.0 - KEPT_FOR_CODES if lately else 1.0)
        self.room = min(self.room + passed_s * self.rate_per_s, max(1.0, self.rate_per_s * BURST_S))
        self.other_room = min(self.other_room + passed_s * slower, max(1.0, slower * BURST_S))
        self.filled_at = at

    def allows(self, at: float, *, codes: bool = False) -> int:
        """How many may go at `at`: `codes`, or what is none."""
        self.refill(at)
        return 0 if at < self.held_until else int(self.room if codes else min(self.room, self.other_room))

    def spend(self, count: int, *, at: float | None = None) -> None:
        """So many have gone; `at` says when, of codes."""
        self.room -= count
        if at is None:
            self.other_room -= count
        else:
            self.coded_at = at

    def hold(self, at: float, wait_s: float | None) -> None:
        """The provider asked for a slower pace (S2: throttling is never a failure)."""
        self.room = self.other_room = 0.0
        self.held_until = at + min(wait_s or HOLD_S_DEFAULT, HOLD_S_MAX)
