"""Link codes: the twelve symbols in a link that say who tapped it and what they then wrote (M3, M4).

A personal code is printed as fourteen symbols of Crockford's base32 (no I, L, O, U):

    SS HHHHHHHHHH A C
    |  |          | check symbol, Luhn mod 32 over the thirteen before it
    |  |          app symbol: which app the link opens (`APPS`)
    |  ten symbols of a keyed hash of (contact, send, attempt): 50 bits, not guessable, the same again on a replay
    two symbols that name the shard, 0..255

The first twelve are the *base*: one per (contact, send), stored only as `hash_code(base)`. The app symbol is chosen
afterwards, so one stored row serves the chooser and every app's own link.

The code is also the token, and people edit what they send, so `find_codes` finds it anywhere in a text: any case, O
for 0, I or l for 1, blanks, dashes, brackets and words around it, or glued to it. Three properties keep ordinary
words from matching. Every app symbol is a digit of 2..9, which no letter is ever taken for, so a text without such a
digit holds no code. `mint` never yields a base whose hash has fewer than two letters, so no phone, date or order
number is a code. The check symbol rejects 31 of 32 of the rest. What still passes meets no stored hash.

Luhn mod 32 detects every substitution of one symbol and every swap of two neighbours except 0 with Z, whose two
contributions happen to be equal.

A message of a journey has links of its own to web addresses, one for each address in it. Their codes are made the same
way and printed with an app symbol that is a letter, so that no text a customer writes holds one: nobody is known by
them. They are rows of another table, so a code of one kind never stands for the other.

Campaign codes are a third kind: six to eight symbols of an alphabet without look-alikes, many uses, bound to nobody.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import count
from typing import Final

import msgspec

from tertulia.core.identity import IdentityRef

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CAMPAIGN_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

APPS: Final = {
    "chooser": "2",
    "whatsapp": "3",
    "messenger": "4",
    "line": "5",
    "viber": "6",
    "telegram": "7",
    "wechat": "8",
    "sms": "9",
}
"""App -> its symbol. Digits that no letter is mistaken for; see the theory above before adding a letter."""

WEB: Final = "web"
WEB_SYMBOL: Final = "W"

SHARDS: Final = 256
BASE_SYMBOLS: Final = 12
CODE_SYMBOLS: Final = 14
_SAMPLE: Final = "0" * (CODE_SYMBOLS - 2)
CAMPAIGN_SYMBOLS_MIN: Final = 6
CAMPAIGN_SYMBOLS_MAX: Final = 8
HASH_LETTERS_MIN: Final = 2  # letters among the ten symbols of the hash
GAP_CHARACTERS_MAX: Final = 3  # separators that may stand between two symbols of one code
TEXT_CHARACTERS_MAX: Final = 8192  # of a text, searched for codes
KINDS_MAX: Final = 4096  # characters whose kind is remembered

_SYMBOL_SET: Final = frozenset(ALPHABET)
_SYMBOL_BY_APP: Final = {**APPS, WEB: WEB_SYMBOL}
_APP_BY_SYMBOL: Final = {symbol: app for app, symbol in _SYMBOL_BY_APP.items()}
_LOOKALIKES: Final = {"O": "0", "I": "1", "L": "1", "İ": "1", "ı": "1"}
_SYMBOLS: Final = (
    {symbol: symbol for symbol in ALPHABET}
    | {symbol.lower(): symbol for symbol in ALPHABET}
    | _LOOKALIKES
    | {letter.lower(): symbol for letter, symbol in _LOOKALIKES.items() if letter.isascii()}
)


class Code(msgspec.Struct, frozen=True):
    """A personal code that passed its check: the stored `base` (12 symbols) and the `app` it was printed for, or `web`
    where it leads to a web address."""

    base: str
    app: str

    @property
    def text(self) -> str:
        """The fourteen symbols as they stand in a link."""
        return with_app(self.base, self.app)

    @property
    def shard_index(self) -> int:
        """Which of the 256 shards holds the link's row."""
        return shard_index(self.base)


@lru_cache(maxsize=4096)  # a claim asks twice: whether the code is taken, and then for the code
def mint(key: bytes, shard_index: int, contact_id: int, send_id: int | str, attempt: int) -> str:
    """The base (12 symbols) of a contact's link in one send (M4): a match's id, or a message's with the link's place.

    `key` is the workspace's own secret (16 to 64 bytes), `shard_index` the contact's, 0..255. `attempt` starts at 0 and
    rises while the base is already taken in its shard. Same arguments, same base. Raises ValueError out of range.
    """
    if not 16 <= len(key) <= 64:
        raise ValueError("the link key has 16 to 64 bytes")
    if not 0 <= shard_index < SHARDS:
        raise ValueError(f"shard index {shard_index} is not in 0..{SHARDS - 1}")
    head = ALPHABET[shard_index >> 5] + ALPHABET[shard_index & 31]
    return head + next(h for h in _hashes(key, f"{contact_id}/{send_id}/{attempt}", 10) if _has_letters(h))


def with_app(base: str, app: str) -> str:
    """The printed code: base, app symbol, check symbol. ValueError for a bad base, KeyError for an unknown app."""
    if len(base) != BASE_SYMBOLS or not _SYMBOL_SET.issuperset(base):
        raise ValueError("a base is twelve symbols of the link alphabet")
    body = base + _SYMBOL_BY_APP[app]
    return body + _check_symbol(body, ALPHABET)


def write_sample(app: str) -> str:
    """A code that is nobody's, of the length of real ones, for previews and test messages."""
    return f"{_SAMPLE}{_SYMBOL_BY_APP[app]}Z"


def is_sample(text: str) -> bool:
    """Whether a code is the one of a preview or a test message."""
    return len(text) == CODE_SYMBOLS and text.upper().startswith(_SAMPLE) and text[-1] in "Zz"


def parse(text: str) -> Code | None:
    """The code that `text` *is*, as in the path of a link: exact length, any case, look-alikes allowed; else None."""
    if len(text) != CODE_SYMBOLS:
        return None
    symbols = [_SYMBOLS.get(character) for character in text]
    known = "".join(symbol for symbol in symbols if symbol)
    return _accept(known)


def find_codes(text: str) -> tuple[Code, ...]:
    """Every code in `text`, the most plainly written first, then in order; no code twice (M4).

    A caller looks all of them up: two that are stored mean that two links were written into one message.
    """
    found: dict[Code, tuple[int, int]] = {}
    for place, stretch in enumerate(_iter_stretches(text)):
        for at in _iter_candidates(stretch):
            code = _accept(stretch.symbols[at : at + CODE_SYMBOLS])
            rank = _rank(stretch, at) if code else None
            if code and rank is not None:
                found.setdefault(code, (rank, place))
    return tuple(sorted(found, key=lambda code: found[code]))


def hash_code(base: str) -> bytes:
    """What is stored instead of the base: 16 bytes. The base itself is only ever in the message that carried it."""
    return blake2b(base.encode("ascii"), digest_size=16, person=b"tertulia.link").digest()


def shard_index(base: str) -> int:
    """The shard index that a base (or a whole code) names; 256 and above never pass `parse`."""
    return ALPHABET.index(base[0]) * 32 + ALPHABET.index(base[1])


def group_code(code: str) -> str:
    """The code as people read and type it, in groups: `0K3DX-7P2MN-4Q2H`; a campaign code in halves."""
    size = 5 if len(code) > CAMPAIGN_SYMBOLS_MAX else (len(code) + 1) // 2
    return "-".join(code[start : start + size] for start in range(0, len(code), size))


def mint_campaign(key: bytes, campaign_id: int, attempt: int, symbols: int = CAMPAIGN_SYMBOLS_MIN) -> str:
    """A campaign's code of 6 to 8 symbols, check symbol included; always with a letter and a digit in it, so that no
    plain word or number is one. `attempt` rises until it is unique in the workspace."""
    if not CAMPAIGN_SYMBOLS_MIN <= symbols <= CAMPAIGN_SYMBOLS_MAX:
        raise ValueError(f"a campaign code has {CAMPAIGN_SYMBOLS_MIN} to {CAMPAIGN_SYMBOLS_MAX} symbols")
    for body in _hashes(key, f"campaign/{campaign_id}/{attempt}", symbols - 1, CAMPAIGN_ALPHABET):
        code = body + _check_symbol(body, CAMPAIGN_ALPHABET)
        if _is_mixed(code):
            return code
    raise AssertionError("unreachable: the hashes never end")


def parse_campaign(text: str) -> str | None:
    """The campaign code that `text` is, upper-cased, without blanks, dashes and brackets; else None."""
    code = "".join(c for c in unicodedata.normalize("NFKC", text).upper() if not _is_separator(c))
    return code if _is_campaign(code) else None


def find_campaign_codes(text: str) -> tuple[str, ...]:
    """Campaign codes that stand as a word of their own in `text` (in one piece, or in two halves with a dash), in
    order. Only the workspace's list says whether one exists; it binds nobody."""
    words = (
        unicodedata.normalize("NFKC", text[:TEXT_CHARACTERS_MAX]).upper().replace("\u2010", "-").replace("\u2013", "-")
    )
    spaced = "".join(c if not _is_separator(c) or c == "-" else " " for c in words)
    pieces = (piece.replace("-", "") for piece in spaced.split() if piece.count("-") <= 1)
    return tuple(dict.fromkeys(piece for piece in pieces if _is_campaign(piece)))


class _Stretch(msgspec.Struct):
    """A run of symbols in a text. Of each place: the symbol, whether it was written as a digit (`1`, else `0`), and
    how many separators were written before it."""

    symbols: str
    digits: str
    gaps: list[int]


class _Kinds(dict[str, tuple[str, str]]):
    """What a character is in a code, told once for each: (symbol, `1` for a digit), ("", "") for a separator,
    ("", "0") for another letter or number, which ends a stretch."""

    def __missing__(self, character: str) -> tuple[str, str]:
        value = unicodedata.decimal(character, None)  # the digits of every script
        if value is not None:
            kind = str(value), "1"
        elif character in _SYMBOLS:
            kind = _SYMBOLS[character], "0"
        else:
            kind = "", "" if _is_separator(character) else "0"
        if len(self) < KINDS_MAX:
            self[character] = kind
        return kind


_KINDS: Final = _Kinds()
# What may hold a code: fourteen symbols or digits with few separators among them. Ten times as fast as looking.
_MAYBE: Final = re.compile(rf"(?:[{''.join(_SYMBOLS)}\d][\W_]{{0,{GAP_CHARACTERS_MAX}}}){{{CODE_SYMBOLS}}}")


def _iter_stretches(text: str) -> Iterator[_Stretch]:
    """Runs of symbols with only a few separators between them; any other letter or number ends one."""
    normal = unicodedata.normalize("NFKC", text[:TEXT_CHARACTERS_MAX])
    if _MAYBE.search(normal) is None:
        return
    stretch, gap = _Stretch("", "", []), 0
    for character in normal:
        symbol, digit = _KINDS[character]
        if not digit:
            gap += 1
            continue
        if not symbol or gap > GAP_CHARACTERS_MAX:
            yield stretch
            stretch = _Stretch("", "", [])
        if symbol:
            stretch.symbols += symbol
            stretch.digits += digit
            stretch.gaps.append(gap)
        gap = 0
    yield stretch


def _is_separator(character: str) -> bool:
    return unicodedata.category(character)[0] not in "LN"


def _iter_candidates(stretch: _Stretch) -> Iterator[int]:
    """Where windows of fourteen begin whose app symbol was written as a digit."""
    last = len(stretch.symbols) - CODE_SYMBOLS
    at = stretch.digits.find("1", BASE_SYMBOLS) - BASE_SYMBOLS
    while 0 <= at <= last:
        yield at
        at = stretch.digits.find("1", at + BASE_SYMBOLS + 1) - BASE_SYMBOLS


def _rank(stretch: _Stretch, at: int) -> int | None:
    """How plainly a code stands at `at`: 0 by itself, 1 glued to words but in one piece, 2 glued and in pieces, which
    is believed only if it begins with a written digit; else None."""
    end = at + CODE_SYMBOLS
    gaps = stretch.gaps
    if (at == 0 or gaps[at] > 0) and (end == len(gaps) or gaps[end] > 0):
        return 0
    if not any(gaps[at + 1 : end]):
        return 1
    return 2 if stretch.digits[at] == "1" else None


def _accept(symbols: str) -> Code | None:
    """The code, if length, shard, app, letters and check symbol are right."""
    if len(symbols) != CODE_SYMBOLS or shard_index(symbols) >= SHARDS:
        return None
    app = _APP_BY_SYMBOL.get(symbols[BASE_SYMBOLS])
    if app is None or not _has_letters(symbols[2:BASE_SYMBOLS]):
        return None
    if _check_symbol(symbols[:-1], ALPHABET) != symbols[-1]:
        return None
    return Code(symbols[:BASE_SYMBOLS], app)


def _has_letters(symbols: str) -> bool:
    return sum(symbol.isalpha() for symbol in symbols) >= HASH_LETTERS_MIN


def _is_mixed(code: str) -> bool:
    return any(c.isalpha() for c in code) and any(c.isdigit() for c in code)


def _is_campaign(code: str) -> bool:
    if not CAMPAIGN_SYMBOLS_MIN <= len(code) <= CAMPAIGN_SYMBOLS_MAX or not set(code) <= set(CAMPAIGN_ALPHABET):
        return False
    return _is_mixed(code) and _check_symbol(code[:-1], CAMPAIGN_ALPHABET) == code[-1]


def _hashes(key: bytes, what: str, symbols: int, alphabet: str = ALPHABET) -> Iterator[str]:
    """Keyed hashes of `what` as symbols, without end; a caller takes the first that it may use. 16 bytes make the bias
    of an alphabet of 30 immaterial (2**-78)."""
    for again in count():
        digest = blake2b(f"{what}/{again}".encode(), key=key, digest_size=16, person=b"tertulia.mint").digest()
        number = int.from_bytes(digest, "big")
        text = ""
        for _ in range(symbols):
            number, digit = divmod(number, len(alphabet))
            text += alphabet[digit]
        yield text


def _check_symbol(body: str, alphabet: str) -> str:
    """Luhn mod N: from the right every second value counts double, its carry added back."""
    size = len(alphabet)
    doubled, plain = _weights(alphabet)
    total = sum(map(doubled.__getitem__, body[::-2])) + sum(map(plain.__getitem__, body[-2::-2]))
    return alphabet[-total % size]


@cache
def _weights(alphabet: str) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """What a symbol adds at a doubled place, and at a plain one."""
    size = len(alphabet)
    plain = {symbol: value for value, symbol in enumerate(alphabet)}
    return {symbol: sum(divmod(2 * value, size)) for symbol, value in plain.items()}, plain


@dataclass(slots=True)
class LinkRow:
    """A personal link as decisions see it, and who used it first (M5)."""

    code_hash: bytes
    workspace: int
    contact_id: int
    match_id: int
    attempt: int
    made_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    bound: IdentityRef | None
    bound_at: datetime | None
