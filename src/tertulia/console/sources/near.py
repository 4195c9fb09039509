"""Whether an address is one of this machine alone."""

from urllib.parse import urlsplit

NEAR_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def is_near(address: str) -> bool:
    """Nobody else can call it."""
    return urlsplit(address).hostname in NEAR_HOSTS
