"""The lanes in which deliveries go out: a lower one before all of a higher one, on their channel and at every step of
the way. A code is waited for by somebody with a form before their eyes; it never waits behind what was claimed before.
"""

from typing import Final

CODE: Final = 0
URGENT: Final = 1  # answers, and what is part of something that the customer did
BULK: Final = 2
