"""Ids that no other call has."""

import itertools
from secrets import token_bytes
from uuid import UUID


class FreshIds:
    """64 bits of chance for the process, then a number. (A uuid4 each asks the kernel for chance, 8 us, and gives the
    interpreter away meanwhile.)"""

    def __init__(self) -> None:
        self._salt = token_bytes(8)
        self._numbers = itertools.count(1)

    def make(self) -> UUID:
        """The next one. For the event loop's thread alone, or any other one at a time."""
        return UUID(bytes=self._salt + next(self._numbers).to_bytes(8))
