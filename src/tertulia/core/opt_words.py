"""Opt-out and opt-in words: obeyed before bots and routing (C2).

The *whole* message, normalised, must be a word of the table; nothing is searched inside sentences. Normalised means:
NFKC, case folded, accents of Latin letters and Arabic diacritics off, alef and yeh unified, punctuation, emoji and
blanks removed. While a question is waiting, an unclear word (CANCEL, END, ...) is its answer; the global words and a
language's clear ones still stop. Words that start again count only after a stop, so that a YES in a conversation
is not a subscription. What the provider itself recognised (Twilio's OptOutType) wins over our matching.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from tertulia.core.opt_word_table import EVERYWHERE_STOPS, GLOBAL_STOPS, TABLE, Words

TEXT_CHARACTERS_MAX: Final = 64  # a longer message is no single word

_TATWEEL: Final = "ـ"  # lengthens a word and is no letter of it
_ARABIC_LETTERS: Final = str.maketrans({"ٱ": "ا", "ى": "ي", _TATWEEL: None})
_DOTLESS_I: Final = str.maketrans({"ı": "i"})


class OptAction(StrEnum):
    """What the customer's word asks for."""

    NONE = "none"
    STOP = "stop"
    START = "start"
    HELP = "help"


class OptScope(StrEnum):
    """How far a stop or start reaches: all marketing on the channel it came on, or on every channel."""

    CHANNEL = "channel"
    EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True)
class OptDecision:
    """What to do. `word` is the table's spelling, `language` the row's language (empty for a word that every language
    shares, or the provider's own verdict); `unclear`: it could have meant an order, so the confirmation says so."""

    action: OptAction
    scope: OptScope = OptScope.CHANNEL
    word: str = ""
    language: str = ""
    unclear: bool = False


NOTHING: Final = OptDecision(OptAction.NONE)


def classify(
    text: str,
    *,
    question_waiting: bool,
    country: str,
    previously_stopped: bool,
    language: str = "",
    provider_word: str = "",
) -> OptDecision:
    """The decision about one inbound text (C2).

    `country` is the region of the customer's number ("CN", empty when unknown), `language` the customer's, where a
    word stands in several rows. `provider_word` is the provider's verdict, `stop`, `start` or `help`, or empty.
    """
    if provider_word in (OptAction.STOP, OptAction.START, OptAction.HELP):
        return OptDecision(OptAction(provider_word))
    entries = [e for e in _find_entries(text) if e.only_in in ("", country)]
    entries.sort(key=lambda e: e.language != language.partition("-")[0].lower())
    for entry in entries:
        decision = _decide(entry, question_waiting, previously_stopped)
        if decision is not NOTHING:
            return decision
    return NOTHING


def normalise(text: str) -> str:
    """A message as it is compared: no case, accents, punctuation, emoji or blanks."""
    return _keep_letters(_fold_accents(text))


@dataclass(frozen=True, slots=True)
class _Entry:
    word: str
    language: str
    action: OptAction
    unclear: bool
    only_in: str


def _decide(entry: _Entry, question_waiting: bool, previously_stopped: bool) -> OptDecision:
    if question_waiting and (entry.unclear or entry.action is OptAction.HELP):
        return NOTHING
    if entry.action is OptAction.START and not previously_stopped:
        return NOTHING
    scope = OptScope.EVERYWHERE if entry.word in EVERYWHERE_STOPS else OptScope.CHANNEL
    shared = entry.word in (*GLOBAL_STOPS, *EVERYWHERE_STOPS)
    return OptDecision(
        entry.action,
        scope,
        entry.word,
        "" if shared else entry.language,
        entry.unclear and entry.action is OptAction.STOP,
    )


def _find_entries(text: str) -> list[_Entry]:
    """The table's entries that the whole text is. Most messages are longer than any word of the table, and are told by
    counting their letters: taking off accents costs 30 times as much."""
    if len(text) > TEXT_CHARACTERS_MAX:
        return []
    composed = _compose(text)
    plain, accented, letters_max = _indexes()
    if sum(map(str.isalnum, composed.replace(_TATWEEL, ""))) > letters_max:
        return []
    return [*accented.get(_keep_letters(composed), ()), *plain.get(normalise(text), ())]


@cache
def _indexes() -> tuple[Mapping[str, tuple[_Entry, ...]], Mapping[str, tuple[_Entry, ...]], int]:
    """The table by normalised word, its accented words by their accented form, and the length of the longest."""
    plain: dict[str, tuple[_Entry, ...]] = {}
    accented: dict[str, tuple[_Entry, ...]] = {}
    for row in TABLE:
        for entry in _iter_entries(row):
            if entry.word in row.accented:
                key = _keep_letters(_compose(entry.word))
                accented[key] = (*accented.get(key, ()), entry)
            else:
                key = normalise(entry.word)
                plain[key] = (*plain.get(key, ()), entry)
    return plain, accented, max(map(len, (*plain, *accented)))


def _iter_entries(row: Words) -> Iterator[_Entry]:
    kinds = ((OptAction.STOP, row.stop), (OptAction.START, row.start), (OptAction.HELP, row.help))
    for action, words in kinds:
        for word in words:
            yield _Entry(word, row.language, action, word in (*row.unclear, *row.yes), row.only_in.get(word, ""))


def _compose(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())


def _fold_accents(text: str) -> str:
    """Without accents where they do not make another letter: Latin and Arabic, never Thai vowels or Cyrillic й."""
    kept: list[str] = []
    base = ""
    for character in unicodedata.normalize("NFD", _compose(text)):
        if unicodedata.category(character) != "Mn":
            base = unicodedata.name(character, "")
        elif base.startswith(("LATIN", "ARABIC")):
            continue
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept)).translate(_ARABIC_LETTERS).translate(_DOTLESS_I)


def _keep_letters(text: str) -> str:
    """Letters, digits and the marks that belong to them; variation selectors and everything else go."""
    return "".join(c for c in text if unicodedata.category(c)[0] in "LNM" and not "\ufe00" <= c <= "\ufe0f")
