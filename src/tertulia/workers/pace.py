"""How fast a channel may be called: a bucket that fills at the channel's rate, on real time (E8)."""

from dataclasses import dataclass

BURST_S = 0.1
HOLD_S_DEFAULT = 1.0
HOLD_S_MAX = 30.0


@dataclass(slots=True)
class Pace:
    """`rate_per_s` is this process's share of the channel's rate. At most a tenth of a second's worth gathers, and at
    least one message, so that no provider ever sees a second with more than a little over its rate."""

    rate_per_s: float
    filled_at: float
    room: float = 1.0
    held_until: float = 0.0

    def refill(self, at: float) -> None:
        """Let the bucket fill up to the monotonic time `at`."""
        gained = max(0.0, at - self.filled_at) * self.rate_per_s
        self.room = min(self.room + gained, max(1.0, self.rate_per_s * BURST_S))
        self.filled_at = at

    def allows(self, at: float) -> int:
        """How many may go at `at`."""
        self.refill(at)
        return 0 if at < self.held_until else int(self.room)

    def spend(self, count: int) -> None:
        self.room -= count

    def hold(self, at: float, wait_s: float | None) -> None:
        """The provider asked for a slower pace (S2: throttling is never a failure)."""
        self.room = 0.0
        self.held_until = at + min(wait_s or HOLD_S_DEFAULT, HOLD_S_MAX)
