"""A share of customers as documents write it: `10%`, or `2.5%`."""

import re
from typing import Final

from tertulia.core.reasons import gettext_noop as _

BUCKETS: Final = 10_000
SHARE_MAX: Final = 9_000  # of BUCKETS: with fewer who get something there is nothing left to measure
WRONG: Final = _("Write a share from 0.01% to 90%, such as 10%.")
_SHARE: Final = re.compile(r"([0-9]{1,2})(?:\.([0-9]{1,2}))? ?%")


def read_share(text: str) -> int:
    """How many of BUCKETS; 0 of an empty text. Raises ValueError with what to write."""
    if not text.strip():
        return 0
    found = _SHARE.fullmatch(text.strip())
    share = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0
    if not 0 < share <= SHARE_MAX:
        raise ValueError(WRONG)
    return share


def write_share(share: int) -> str:
    """As a document writes so many of BUCKETS."""
    return f"{share * 100 / BUCKETS:g}%"
