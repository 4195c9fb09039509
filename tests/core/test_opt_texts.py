"""Confirmations of opt-out and opt-in words (C2)."""

import re
from dataclasses import astuple

import pytest

from tertulia.core.opt_texts import TEXTS, OptTexts, confirm
from tertulia.core.opt_word_table import TABLE
from tertulia.core.opt_words import NOTHING, OptAction, OptDecision, OptScope, classify


def test_C2_every_language_of_the_words_has_its_texts() -> None:
    """No customer is confirmed in a language other than the word's for want of a text."""
    assert {row.language for row in TABLE} == set(TEXTS)


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_C2_confirmations_name_words_that_work(language: str) -> None:
    """The word that a text tells people to send does what the text says, in that language."""
    texts = TEXTS[language]
    assert all(astuple(texts))
    assert all("{name}" in text for text in (texts.stopped, texts.everywhere, texts.restarted, texts.help))
    row = next(row for row in TABLE if row.language == language)
    for text in (texts.stopped, texts.everywhere):
        assert any(_names(text, word) for word in row.start if word not in row.yes)
    for text in (texts.restarted, texts.help):
        clear = [word for word in (*row.stop, "STOP") if word not in row.unclear]
        assert any(_names(text, word) for word in clear)


def _names(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None or (not word.isascii() and word in text)


def test_C2_confirmation_follows_the_word_then_the_customer() -> None:
    """BAJA is answered in Spanish; STOP in the customer's language; unknown languages in English."""
    baja = classify("baja", question_waiting=False, country="MX", previously_stopped=False)
    assert confirm(baja, "Casa", "").startswith("Casa: ya no recibirá")
    assert confirm(baja, "Casa", "").endswith(TEXTS["es"].unclear)
    stop = OptDecision(OptAction.STOP)
    assert confirm(stop, "Casa", "pt-BR") == TEXTS["pt"].stopped.replace("{name}", "Casa")
    assert confirm(stop, "Casa", "xx") == TEXTS["en"].stopped.replace("{name}", "Casa")


def test_C2_each_action_has_its_answer() -> None:
    """Stop here, stop everywhere, start, help; nothing for an ordinary message."""
    texts: OptTexts = TEXTS["en"]
    assert confirm(OptDecision(OptAction.STOP, OptScope.EVERYWHERE), "{x}", "") == texts.everywhere.replace(
        "{name}", "{x}"
    )
    assert confirm(OptDecision(OptAction.START), "A", "") == texts.restarted.replace("{name}", "A")
    assert confirm(OptDecision(OptAction.HELP), "A", "") == texts.help.replace("{name}", "A")
    assert confirm(NOTHING, "A", "en") == ""
