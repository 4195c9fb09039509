"""Secrets in what is shown: replaced before anything reaches a log."""

from functools import lru_cache

MASK = "***"


def mask(text: str, secrets: tuple[str, ...]) -> str:
    """A text without the secrets."""
    for secret in _put_longest_first(secrets):
        text = text.replace(secret, MASK)
    return text


@lru_cache(maxsize=1_024)
def _put_longest_first(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """A secret may stand inside another one. Remembered, for it is the same for all messages of a channel."""
    return tuple(sorted(filter(None, secrets), key=len, reverse=True))
