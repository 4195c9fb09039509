"""Text made comparable: case, accents, width, blanks and punctuation do not count."""

import re
import unicodedata

_NOT_A_LETTER = re.compile(r"[\W_]+")
_ASCII_NOT_A_LETTER = re.compile(r"[^0-9a-z]+")
# Letters that have no decomposition, and Arabic forms that people mix.
_LIKE = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "ß": "ss",
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ى": "ي",
        "ة": "ه",
    }
)


def fold_text(text: str) -> str:
    """`  São-Tomé  ` becomes `sao tome`: NFKD without marks, casefolded, other signs as one blank."""
    if text.isascii():
        return _ASCII_NOT_A_LETTER.sub(" ", text.lower()).strip()
    composed = unicodedata.normalize("NFC", text).casefold().translate(_LIKE)
    bare = "".join(mark for mark in unicodedata.normalize("NFKD", composed) if not unicodedata.combining(mark))
    return _NOT_A_LETTER.sub(" ", bare).strip()
