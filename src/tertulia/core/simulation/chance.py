"""Chance in a simulation: a hash of its seed and of what is asked about, so that the same is drawn again."""

from hashlib import blake2b
from math import log

_RANGE = 2.0**64


def draw(seed: int, *about: str | int) -> float:
    """0 to 1, evenly."""
    told = blake2b("\x1f".join(map(str, (seed, *about))).encode(), digest_size=8).digest()
    return int.from_bytes(told, "big") / _RANGE


def draw_gap(rate: float, chance: float) -> float:
    """How long until something happens next that happens `rate` times in a unit on average, of an even `chance`."""
    return -log(1.0 - min(chance, 1.0 - 1e-12)) / rate
