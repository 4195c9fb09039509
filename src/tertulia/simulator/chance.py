"""Seeded chance that does not depend on order.

A `random.Random` drawn from by many concurrent requests would give each request whatever comes next, so two runs
would differ as soon as two packets changed places. Every draw here is instead a keyed hash of the seed, a purpose and
the thing drawn for: the same seed gives the same fate to the same message, however the network behaves.
"""

from hashlib import blake2b
from random import Random

_SCALE = float(1 << 64)


class Chance:
    """All chance of one simulator. `seed` is any integer."""

    __slots__ = ("_key", "seed")

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._key = str(seed).encode()[:64]

    def draw(self, purpose: str, *about: object) -> float:
        """A number in [0, 1) that belongs to this seed, purpose and subject."""
        text = f"{purpose}|{'|'.join(map(str, about))}".encode()
        return int.from_bytes(blake2b(text, digest_size=8, key=self._key).digest(), "big") / _SCALE

    def hit(self, percent: float, purpose: str, *about: object) -> bool:
        """Whether the subject is among `percent` of its kind. Nothing is hashed at 0 and at 100."""
        if percent <= 0:
            return False
        return percent >= 100 or self.draw(purpose, *about) * 100 < percent

    def pick(self, options: list[str], purpose: str, *about: object) -> str:
        """One of `options`, which must not be empty."""
        return options[int(self.draw(purpose, *about) * len(options))]

    def token(self, length: int, purpose: str, *about: object) -> str:
        """`length` hexadecimal digits (at most 128)."""
        text = f"{purpose}|{'|'.join(map(str, about))}".encode()
        return blake2b(text, digest_size=(length + 1) // 2, key=self._key).hexdigest()[:length]

    def random(self, purpose: str) -> Random:
        """A generator for work that has an order of its own (shuffling a sorted list)."""
        return Random(f"{self.seed}|{purpose}")  # noqa: S311 (a simulation, not a secret)
