"""The simulator's clock: what the providers write into their payloads. Delays and time-outs stay in real time (E8)."""

import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """Now, in milliseconds since 1970. Set it to follow a platform that runs on a test clock.

    `real` gives seconds since 1970 and is injected by tests. A frozen clock stands until it is set again.
    """

    __slots__ = ("_frozen_ms", "_offset_ms", "_real")

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._offset_ms = 0
        self._frozen_ms: int | None = None

    def now_ms(self) -> int:
        if self._frozen_ms is not None:
            return self._frozen_ms
        return int(self._real() * 1000) + self._offset_ms

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.now_ms() / 1000, UTC)

    def set(self, instant: datetime, *, frozen: bool) -> None:
        """Make it `instant` now (an aware datetime); unless frozen, time goes on from there."""
        wanted = int(instant.timestamp() * 1000)
        self._frozen_ms = wanted if frozen else None
        self._offset_ms = wanted - int(self._real() * 1000)

    def advance(self, milliseconds: int) -> None:
        if self._frozen_ms is not None:
            self._frozen_ms += milliseconds
        self._offset_ms += milliseconds
