"""How much of a number a numbering plan's pattern looks at: it names the first digits, and counts those behind them.

`800\\d{6,7}` names three digits. Of two numbers of one length that share those either both match it or neither does,
and in the same way; so what a pattern says about one holds for all that begin alike. `count_named_digits` says how many
digits that takes. It never says too few: alternatives count with the longest, repetitions with the most.
"""

import re
from typing import Final

ALL_DIGITS: Final = 99

# All that the patterns of `phonenumbers` are made of; a pattern with any other sign counts as naming every digit.
_TOKEN = re.compile(r"\((?:\?[:!])?|\)|\||\\d|\\Z|\$|\[[\d-]+\]|\d|\{(?:\d+,)?(\d+)\}|\?")


def count_named_digits(pattern: str) -> int:
    """How many of a number's first digits decide, with its length, what `pattern` makes of it."""
    if _TOKEN.sub("", pattern):
        return ALL_DIGITS
    named = names = 0  # the furthest digit that is named, and how many names there were
    at = 0  # how many digits may stand before the next sign
    start = names_before = 0  # the same at the beginning of the sign or group that may be repeated
    groups = [(0, 0, 0)]  # of each open group: where it began, the end of its longest alternative, names before it
    for token in _TOKEN.finditer(pattern):
        sign = token[0]
        if sign[0] == "(":
            groups.append((at, at, names))
        elif sign == "|":
            begin, longest, before = groups[-1]
            groups[-1] = begin, max(longest, at), before
            at = begin
        elif sign == ")":
            start, longest, names_before = groups.pop()
            at = max(longest, at)
        elif sign[0] == "{":
            at += (at - start) * (int(token[1]) - 1)
            if names > names_before:
                named = max(named, at)
        elif sign[0] not in "?$" and sign != "\\Z":
            start, names_before = at, names
            at += 1
            if sign != "\\d":
                named, names = max(named, at), names + 1
    return named
