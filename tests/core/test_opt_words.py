"""Opt-out and opt-in words (C2), row by row and trap by trap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.opt_word_table import GLOBAL_STOPS, TABLE, Words
from tertulia.core.opt_words import NOTHING, OptAction, OptDecision, OptScope, classify, normalise

ROWS = [(row, word) for row in TABLE for word in row.stop]
STARTS = [(row, word) for row in TABLE for word in row.start]
HELPS = [(row, word) for row in TABLE for word in row.help]


def ask(text: str, country: str = "", language: str = "", stopped: bool = False, waiting: bool = False) -> OptDecision:
    return classify(text, question_waiting=waiting, country=country, previously_stopped=stopped, language=language)


@pytest.mark.parametrize(("row", "word"), ROWS, ids=lambda v: v if isinstance(v, str) else v.language)
def test_C2_every_stop_word_stops(row: Words, word: str) -> None:
    """Each word of each row, as it stands and as people write it."""
    country = row.only_in.get(word, "")
    for text in (word, word.lower(), f"  {word}. ", f"«{word}»!", f"{word} 🛑", f"{word}\ufe0f"):
        decision = ask(text, country, row.language)
        assert decision.action is OptAction.STOP, text
        assert decision.language in (row.language, "")


@pytest.mark.parametrize(("row", "word"), STARTS, ids=lambda v: v if isinstance(v, str) else v.language)
def test_C2_start_words_count_only_after_a_stop(row: Words, word: str) -> None:
    """A YES in a conversation is no subscription; after a stop it is."""
    assert ask(word, language=row.language).action is not OptAction.START
    assert ask(word, language=row.language, stopped=True).action is OptAction.START


@pytest.mark.parametrize(("row", "word"), HELPS, ids=lambda v: v if isinstance(v, str) else v.language)
def test_C2_help_words_ask_for_help(row: Words, word: str) -> None:
    """HELP and its translations."""
    assert ask(word, language=row.language).action is OptAction.HELP


@pytest.mark.parametrize("word", GLOBAL_STOPS)
def test_C2_global_words_always_stop(word: str) -> None:
    """STOP, UNSUBSCRIBE, UNSUB, OPTOUT: in every language, also while a question is waiting."""
    assert ask(word, "BR", "pt", waiting=True).action is OptAction.STOP
    assert ask(f"{word}!!", "JP", "ja", waiting=True).action is OptAction.STOP


@pytest.mark.parametrize(
    "word", ["CANCEL", "END", "No", "Nein", "Não", "cancelar", "取消", "ENDE", "BATAL", "ALTO", "BAJA"]
)
def test_C2_unclear_words_answer_a_waiting_question(word: str) -> None:
    """CANCEL, END, NO and the like answer the question."""
    assert ask(word, waiting=True) == NOTHING


@pytest.mark.parametrize("word", ["ALTO", "BAJA", "ENDE", "BATAL", "取消", "CANCEL"])
def test_C2_unclear_words_stop_otherwise_and_say_so(word: str) -> None:
    """They may have meant an order: the decision carries it to the confirmation."""
    decision = ask(word)
    assert decision.action is OptAction.STOP
    assert decision.unclear


@pytest.mark.parametrize("word", ["ABMELDEN", "退订", "DESCADASTRAR", "ОТПИСАТЬСЯ", "수신거부", "DỪNG"])
def test_C2_clear_words_stop_during_a_question(word: str) -> None:
    """A language's unambiguous words stop even then."""
    assert ask(word, waiting=True).action is OptAction.STOP


def test_C2_vietnamese_dung_needs_its_accents() -> None:
    """DUNG and đúng may mean "correct"."""
    assert ask("DUNG") == ask("đúng") == ask("dung") == NOTHING
    assert ask("dừng").action is OptAction.STOP
    assert ask("dừng.").action is OptAction.STOP


@pytest.mark.parametrize("word", ["T", "TD", "td"])
def test_C2_t_and_td_only_in_china(word: str) -> None:
    """Elsewhere a T is an answer."""
    assert ask(word, "CN").action is OptAction.STOP
    assert ask(word, "US") == ask(word, "") == NOTHING


@pytest.mark.parametrize(
    "text",
    [
        "please stop by tomorrow",
        "Stop sending the red ones, send blue",
        "How do I cancel my order?",
        "I want to end the contract",
        "não quero parar de receber",
        "não",
        "",
        "🛑",
        "...",
        "stop " * 40,
    ],
)
def test_C2_nothing_is_searched_inside_sentences(text: str) -> None:
    """Only a whole message is a word."""
    assert ask(text, stopped=True) == NOTHING


def test_C2_scope_is_the_channel_unless_all_is_said() -> None:
    """STOPALL is everywhere; STOP is this channel."""
    assert ask("STOP").scope is OptScope.CHANNEL
    assert ask("stop all").scope is ask("StopAll").scope is OptScope.EVERYWHERE


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("İPTAL", "tr"),
        ("iptal", "tr"),
        ("çık", "tr"),
        ("ÇIK", "tr"),
        ("Arrêt", "fr"),
        ("DÉSABONNER", "fr"),
        ("Odhlásit", "cs"),
        ("ｓｔｏｐ", ""),
        ("S T O P", ""),
        ("opt-out", "en"),
        ("تَوَقُّف", "ar"),
        ("ايقاف", "ar"),
        ("إلغـــاء", "ar"),
        ("Rezygnuję", "pl"),
    ],
)
def test_C2_normalisation(text: str, language: str) -> None:
    """Width, case, accents, Turkish i, Arabic diacritics, tatweel and alef forms, blanks."""
    decision = ask(text)
    assert decision.action is OptAction.STOP
    if text != "opt-out":
        assert decision.language == language


def test_C2_the_customers_language_decides_shared_words() -> None:
    """CANCELAR is Portuguese and Spanish; the confirmation follows the customer."""
    assert ask("CANCELAR", language="es").language == "es"
    assert ask("CANCELAR", language="pt-BR").language == "pt"


def test_C2_the_providers_verdict_wins() -> None:
    """Twilio's OptOutType counts whatever the text is."""
    assert (
        classify("ok bye", question_waiting=True, country="", previously_stopped=False, provider_word="stop").action
        is OptAction.STOP
    )


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.language)
def test_C2_table_is_consistent(row: Words) -> None:
    """Marks name words of their own row, and no word both stops and starts."""
    assert {*row.unclear, *row.accented, *row.only_in} <= set(row.stop)
    assert set(row.yes) <= set(row.start)
    assert not {normalise(w) for w in row.stop} & {normalise(w) for w in (*row.start, *row.help)}


@given(st.text())
def test_C2_any_text_gets_a_decision(text: str) -> None:
    """Total over every text; blanks and punctuation around it change nothing."""
    assert ask(text).action in OptAction
    assert len(text) > 60 or ask(f" {text}!") == ask(text)
