"""Errors with a code: one clear sentence for the reader, a stable code for machines and docs.

`TertuliaError.sentence` may be shown to a user; nothing else of an exception ever is.
"""


class TertuliaError(Exception):
    """An error whose sentence is fit to be read by the person who caused it."""

    code = "error"
    status = 400

    def __init__(self, sentence: str, *, field: str = "", line: int = 0) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
        self.line = line


class ConfigError(TertuliaError):
    """A setting is wrong or missing."""

    code = "config"


class NotFound(TertuliaError):
    """What was asked for does not exist, or this user may not see it."""

    code = "not_found"
    status = 404


class Invalid(TertuliaError):
    """Input that cannot be taken; nothing of it was applied."""

    code = "invalid"


class Conflict(TertuliaError):
    """The state has changed since it was read."""

    code = "conflict"
    status = 409


class TooMany(TertuliaError):
    """Asked for too often. `retry_after_s`: when it may be asked for again."""

    code = "too_many"
    status = 429

    def __init__(self, sentence: str, *, retry_after_s: int, field: str = "") -> None:
        super().__init__(sentence, field=field)
        self.retry_after_s = retry_after_s


class StoodDown(TertuliaError):
    """Another owner works this shard now; this one rolled back (architecture: ownership is fenced in the write)."""

    code = "stood_down"
    status = 503
