"""What the console searches: one folded line of text per contact.

`fold` makes written text comparable: compatibility forms, case and accents go, blanks become single. Both sides are
folded alike: the contact's line when it is stored, the words when they are looked for. A phone number is stored as its
digits with their plus, so any run of its digits finds it, however it is typed.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

WORDS_MAX: Final = 3
LINE_CHARACTERS_MAX: Final = 2_000
PHONE_DIGITS_MIN: Final = 4

_LIKE_SPECIAL = re.compile(r"[%_\\]")
_PHONE = re.compile(r"[\d\s()+./-]+")


def fold(text: str) -> str:
    """`text` in compatibility form, without case and accents, with single blanks."""
    if text.isascii():
        return " ".join(text.lower().split())
    words = [word.lower() if word.isascii() else _fold_word(word) for word in text.split()]
    return " ".join(filter(None, words))


def make_line(*values: str) -> str:
    """The folded line of a contact: names, addresses, usernames, in any order, each once."""
    return " ".join(dict.fromkeys(filter(None, map(fold, values))))[:LINE_CHARACTERS_MAX]


@lru_cache(maxsize=4096)  # a list has the same names again and again; a word costs 3 us
def _fold_word(word: str) -> str:
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold())
    return " ".join("".join(c for c in parts if not unicodedata.combining(c)).split())


def split_words(query: str) -> tuple[str, ...]:
    """What to look for: up to three folded words, or the digits of a phone number typed in any way."""
    digits = re.sub(r"\D", "", query)
    if len(digits) >= PHONE_DIGITS_MIN and _PHONE.fullmatch(query.strip()):
        return (digits.lstrip("0") or digits,)
    return tuple(fold(query).split()[:WORDS_MAX])


def make_patterns(words: Iterable[str]) -> tuple[str, str, str]:
    """The words as three SQL LIKE patterns; those not needed match everything."""
    escaped = ["%" + _LIKE_SPECIAL.sub(r"\\\g<0>", word) + "%" for word in words]
    first, second, third, *_rest = *escaped, "%", "%", "%"
    return first, second, third
