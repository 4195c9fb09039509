"""Which encoding a list is in: UTF-8, UTF-16, one of Windows' code pages, or Chinese GB 18030.

UTF-8 and UTF-16 prove themselves. A code page does not: every byte means something in all of them. So the bytes above
127 are read in each candidate and the readings compared: letters that a language of that code page uses often speak
for it, signs and letters that it hardly has speak against it, and a capital in the middle of a small word is a wrong
guess. The list's default country tips the scales where the words are too few.

`EncodingScan` is fed the whole file, because a list may be plain ASCII for a hundred thousand rows before its
first José.
"""

import codecs

SAMPLE_BYTES_MAX = 32_768
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# A stray byte in a file that is otherwise UTF-8 costs its own row, not the whole file's reading.
_UTF8_SEQUENCES_PER_FAULT = 50

# Small letters above 127 that each code page's languages use, frequent ones first; capitals follow from them.
_LETTERS = {
    "cp1252": "áãçéíóúâêôàõñüöäßèëïîùûœæøå",
    "cp1250": "áíéěřšžčýůúťďňóăîâșțşţłąęćńśźżőűäöüç",
    "cp1251": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґў",
    "cp1254": "ıişğüöçâîû",
    "cp1256": "اليمونرتبةعدسفهكقحجشصأطخءإىذزضغئثآظؤ",
}
_COMMON = 8  # so many of the first letters count double
_COUNTRIES = {
    "cp1250": {"CZ", "SK", "PL", "HU", "RO", "MD", "SI", "HR", "BA", "AL"},
    "cp1251": {"RU", "UA", "BG", "BY", "RS", "MK", "KZ", "KG", "MN"},
    "cp1254": {"TR", "AZ"},
    "cp1256": {
        "SA",
        "AE",
        "EG",
        "IQ",
        "JO",
        "KW",
        "LB",
        "LY",
        "MA",
        "OM",
        "QA",
        "SD",
        "SY",
        "TN",
        "YE",
        "BH",
        "DZ",
        "PS",
    },
    "gb18030": {"CN", "SG"},
}
_HOME_BONUS = 0.3
_HARMLESS_SIGNS = "\u00a0\u2019\u2018\u201c\u201d\u2013ºª°«»€،؟"
_HANZI_SHARE_MIN = 0.9


class EncodingScan:
    """Fed a file's bytes in order, says what encoding it is in."""

    def __init__(self) -> None:
        self._head = b""
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._faults = 0
        self._sequences = 0
        self._sample = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        if len(self._head) < 4096:
            self._head = (self._head + chunk)[:4096]
        if chunk.isascii():
            if not self._decoder.getstate()[0]:
                return
        elif len(self._sample) < SAMPLE_BYTES_MAX:
            self._sample += _lines_with_high_bytes(chunk, SAMPLE_BYTES_MAX - len(self._sample))
        self._count(chunk)

    def result(self, country: str = "") -> str:
        """Python's name of the encoding. `country`: the list's default country, which tips the scales."""
        for bom, name in _BOMS:
            if self._head.startswith(bom):
                return name
        wide = _guess_utf16(self._head)
        if wide:
            return wide
        if self._faults == 0 or self._sequences > self._faults * _UTF8_SEQUENCES_PER_FAULT:
            return "utf-8"
        return guess_code_page(bytes(self._sample), country)

    def _count(self, chunk: bytes) -> None:
        if self._faults > 1000:
            return
        try:
            text = self._decoder.decode(chunk)
        except UnicodeDecodeError:
            self._decoder.reset()
            text = chunk.decode("utf-8", "replace")
            self._faults += text.count("\ufffd")
        self._sequences += len(text) - len(text.encode("ascii", "ignore"))


def _lines_with_high_bytes(chunk: bytes, room: int) -> bytes:
    lines = [line for line in chunk.split(b"\n") if not line.isascii()]
    return b"\n".join(lines)[:room] + b"\n"


def _guess_utf16(head: bytes) -> str:
    """UTF-16 without its mark: in Latin text every other byte is zero."""
    if len(head) < 4:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > half * 0.6 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.6 and odd < half * 0.1:
        return "utf-16-be"
    return ""


def guess_code_page(sample: bytes, country: str = "") -> str:
    """The likeliest 8-bit (or Chinese) encoding of bytes that are not UTF-8."""
    if _is_chinese(sample):
        return "gb18030"
    scores = {
        name: _score(sample, name) + (_HOME_BONUS if country in _COUNTRIES.get(name, ()) else 0.0) for name in _LETTERS
    }
    return max(scores, key=scores.__getitem__)


def _score(sample: bytes, encoding: str) -> float:
    """How well the reading looks: about 1 a letter where all are common, below 0 where they are not letters at all."""
    text = f" {sample.decode(encoding, 'replace')} "
    letters = _LETTERS[encoding]
    common = letters[:_COMMON]
    is_latin = encoding not in ("cp1251", "cp1256")
    total, count = 0.0, 0
    for before, character, after in zip(text, text[1:], text[2:], strict=False):
        if character <= "\x7f":
            continue
        count += 1
        small = character.lower()
        if small in common:
            total += 1.0
        elif small in letters:
            total += 0.7
        elif character.isalpha() and character not in "ªº":
            total -= 0.3
        elif character not in _HARMLESS_SIGNS or after.isalpha():
            total -= 1.0
        total -= _doubt_of_neighbours(before, character, after, is_latin)
    return total / count if count else 0.0


def _doubt_of_neighbours(before: str, character: str, after: str, is_latin: bool) -> float:
    """A capital after a small letter, or two scripts in one word, is what a wrong reading looks like."""
    doubt = 0.0
    if before.islower() and (character.isupper() or not character.isalpha()):
        doubt += 1.0
    if not is_latin and character.isalpha():
        doubt += 0.5 * (before.isascii() and before.isalpha()) + 0.5 * (after.isascii() and after.isalpha())
    return doubt


def _is_chinese(sample: bytes) -> bool:
    """GB 18030: nearly all high bytes are pairs whose first lies among the 3,755 characters of daily use, and they do
    not stand inside Latin words."""
    try:
        text = sample.rpartition(b"\n")[0].decode("gb18030") if b"\n" in sample else sample.decode("gb18030")
    except UnicodeDecodeError:
        return False
    count = daily = 0
    for before, character in zip(" " + text, text, strict=False):
        if character > "\x7f":
            count += 1
            first_byte = character.encode("gb18030")[0]
            inside_word = before.isascii() and before.isalpha()
            daily += (0xB0 <= first_byte <= 0xD7 and not inside_word) or "\u3000" <= character <= "\u303f"
    return count > 0 and daily / count >= _HANZI_SHARE_MIN
