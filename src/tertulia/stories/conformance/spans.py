"""Spans of time as scenarios write them."""

import re

from tertulia.stories.conformance.stage import Failed

UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def read_span(text: str) -> float:
    """`90s`, `5m`, `2h`, `31d` in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", str(text))
    if not found:
        raise Failed(f"{text!r} is no span of time such as 90s or 2h")
    return float(found[1]) * UNITS_S[found[2]]
