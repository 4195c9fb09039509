"""How many parts an SMS takes: GSM-7 and UCS-2 segmentation (GSM 03.38, GSM 03.40).

A message whose characters all stand in GSM 03.38 is counted in septets, 160 to a single part or 153 to each of
several; an extension character (`€`, `[`, `\\`, ...) costs two septets. One character outside switches the whole
message to UCS-2: UTF-16 code units, 70 or 67. Neither an escape pair nor a surrogate pair is split: it moves whole
into the next part, which may leave a part one unit short. An empty message is one part.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

GSM_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""GSM 03.38's basic table in the order of its septets; 0x1B is the escape, not a character."""

GSM_EXTENSION: Final = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}

Encoding = Literal["GSM-7", "UCS-2"]

SINGLE_UNITS: Final[dict[Encoding, int]] = {"GSM-7": 160, "UCS-2": 70}
PART_UNITS: Final[dict[Encoding, int]] = {"GSM-7": 153, "UCS-2": 67}  # beside the six octets of an 8-bit reference

_COSTS: Final = {c: 1 for c in GSM_BASIC if c != "\x1b"} | dict.fromkeys(GSM_EXTENSION, 2)
_KNOWN: Final = frozenset(_COSTS)
_DOUBLE: Final = frozenset(GSM_EXTENSION)

_REPLACEMENTS: Final = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": "'",
    "\u201b": "'",
    "\u2032": "'",
    "\u00b4": "'",
    "\u0060": "'",
    "\u02bc": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u201f": '"',
    "\u2033": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u2039": "'",
    "\u203a": "'",
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2015": "-",
    "\u2212": "-",
    "\u2022": "-",
    "\u00b7": "-",
    "\u2026": "...",
    "\u00a0": " ",
    "\u202f": " ",
    "\t": " ",
    "\u2028": "\n",
    "\u2029": "\n",
    "\u200b": "",
    "\u2060": "",
    "\ufeff": "",
    "\u00ad": "",
    "\ufe0f": "",
} | dict.fromkeys(map(chr, range(0x2000, 0x200B)), " ")
"""Typography that word processors put in and nobody misses: quotes, dashes, blanks, characters without a width."""

_CEDILLA: Final = {"ç": "c"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What a text costs: `units` are septets or UTF-16 code units, `offenders` the characters (each once, in order)
    that keep it out of GSM-7, `left` the units that still fit before another part begins."""

    encoding: Encoding
    units: int
    parts: int
    offenders: tuple[str, ...]
    left: int


@dataclass(frozen=True, slots=True)
class Change:
    """One replacement that `smart_encode` made: which character, by what, how many times."""

    original: str
    replacement: str
    times: int


def count_parts(text: str) -> Parts:
    """Encoding, units and parts of a text as every provider's calculator counts them."""
    characters = set(text)  # whole-text calls: a look at each character took a third of a sender's own time
    offenders = tuple(sorted(characters - _KNOWN, key=text.index))
    encoding: Encoding = "UCS-2" if offenders else "GSM-7"
    doubles = sum(map(text.count, _astral(offenders) if offenders else characters & _DOUBLE))
    units = len(text) + doubles
    if units <= SINGLE_UNITS[encoding]:
        return Parts(encoding, units, 1, offenders, SINGLE_UNITS[encoding] - units)
    size = PART_UNITS[encoding]
    if not doubles:
        parts = -(-units // size)
        return Parts(encoding, units, parts, offenders, parts * size - units)
    fills = list(_iter_fills([_cost(c, encoding) for c in text], size))
    return Parts(encoding, units, len(fills), offenders, size - fills[-1])


def smart_encode(text: str, *, cedilla: bool = False) -> tuple[str, tuple[Change, ...]]:
    """The text with typographic characters replaced, and what was changed, if that brings it into GSM-7; otherwise the
    text as it was, for then nothing would be gained. `cedilla` also turns `ç` into `c`, which changes spelling and so
    needs the writer's consent."""
    table = _REPLACEMENTS | _CEDILLA if cedilla else _REPLACEMENTS
    changed = [c for c in text if c not in _COSTS]
    if not changed or any(c not in table for c in changed):
        return text, ()
    encoded = "".join(c if c in _COSTS else table[c] for c in text)
    if count_parts(encoded).parts > count_parts(text).parts:
        return text, ()  # dots for 70 ellipses: longer than what it replaces
    return encoded, tuple(Change(c, table[c], changed.count(c)) for c in dict.fromkeys(changed))


def _astral(characters: tuple[str, ...]) -> list[str]:
    """Those that take two UTF-16 code units."""
    return [c for c in characters if ord(c) > 0xFFFF]


def _cost(character: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return _COSTS[character]
    return 2 if ord(character) > 0xFFFF else 1


def _iter_fills(costs: list[int], size: int) -> Iterator[int]:
    """Units used of each part; a pair that does not fit moves whole to the next."""
    used = 0
    for cost in costs:
        if used + cost > size:
            yield used
            used = 0
        used += cost
    yield used
