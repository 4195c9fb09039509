"""Replies as values of the type that was asked for."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.answers import Reply, Speaker, choose, read_answer, read_day, read_number, read_phone
from tertulia.core.human_words import HUMAN_WORDS, asks_for_human
from tertulia.core.steps.ask.step import YES_NO

TODAY = date(2026, 11, 29)
CHOICES = (("Blue", "b"), ("Dark red", "r"), ("10", 10))


def speak(language: str = "", country: str = "") -> Speaker:
    return Speaker(language, country, TODAY)


@pytest.mark.parametrize(
    ("language", "country", "text", "number"),
    [
        ("en", "US", "1,5", 1.5),
        ("en", "US", "1.5", 1.5),
        ("en", "US", "1,500", 1500),
        ("en", "US", "1.500", 1.5),
        ("pt", "BR", "1,500", 1.5),
        ("pt", "BR", "1.500", 1500),
        ("pt-BR", "", "1.500", 1500),
        ("", "BR", "1.500", 1500),
        ("es", "MX", "1,500", 1500),
        ("de", "CH", "1'500.50", 1500.5),
        ("cs", "CZ", "1 500,5", 1500.5),
        ("pt", "BR", "1,500.50", 1500.5),
        ("en", "US", "1.500,50", 1500.5),
        ("en", "US", "0,125", 0.125),
        ("ar", "EG", "١٢٫٥", 12.5),
        ("zh", "CN", "１２", 12),
        ("pt", "BR", "R$ 1.234.567", 1234567),
        ("en", "", "about 5 km.", 5),
        ("en", "", "5 people", 5),
        ("en", "", "-3", -3),
        ("en", "", "5 or 6", None),
        ("en", "", "1.2.3", None),
        ("en", "", "five", None),
        ("en", "", "1234567890123456", None),
        ("en", "", "", None),
    ],
)
def test_a_number_is_read_by_language_and_country(language: str, country: str, text: str, number: float | None) -> None:
    """One with both signs, or with a single sign that cannot divide thousands, means the same to everybody."""
    assert read_number(text, speak(language, country)) == number


@given(st.integers(-(10**12), 10**12), st.sampled_from(["en", "pt", "ar", "cs", "ro", "zh", ""]))
def test_a_whole_number_is_itself_in_every_language(number: int, language: str) -> None:
    """Whatever its length."""
    assert read_number(str(number), speak(language)) == number


@given(st.text(max_size=40), st.sampled_from(["en", "pt", "ar"]), st.sampled_from(["US", "BR", ""]))
def test_every_text_is_a_value_or_none(text: str, language: str, country: str) -> None:
    """No reader raises, whatever a customer writes."""
    reply = Reply(text, language=language, country=country)
    for kind in ("text", "number", "date", "email", "phone", "choice", "yes_no"):
        found = read_answer(kind, reply, CHOICES if kind == "choice" else (), speak(language, country))  # type: ignore[arg-type]
        assert found is None or isinstance(found, str | int | float)


@pytest.mark.parametrize(
    ("language", "country", "text", "day"),
    [
        ("en", "US", "12/31/2026", date(2026, 12, 31)),
        ("en", "GB", "31/12/2026", date(2026, 12, 31)),
        ("pt", "BR", "1/2", date(2027, 2, 1)),
        ("en", "US", "1/2", date(2027, 1, 2)),
        ("pt", "BR", "29/11", TODAY),
        ("pt", "BR", "31/12/85", date(1985, 12, 31)),
        ("pt", "BR", "1/3/27", date(2027, 3, 1)),
        ("", "ES", "2027-01-31", date(2027, 1, 31)),
        ("pt", "BR", "3 de março de 2027", date(2027, 3, 3)),
        ("cs", "CZ", "3. března", date(2027, 3, 3)),
        ("ro", "RO", "5 mai", date(2027, 5, 5)),
        ("en", "US", "March 3rd, 2027", date(2027, 3, 3)),
        ("pt", "BR", "may 5", date(2027, 5, 5)),
        ("ar", "EG", "٣ مارس ٢٠٢٧", date(2027, 3, 3)),
        ("zh", "CN", "2027年3月1日", date(2027, 3, 1)),
        ("zh", "CN", "3月1日", date(2027, 3, 1)),
        ("en", "", "29 Feb", date(2028, 2, 29)),
        ("en", "", "31/13", None),
        ("en", "", "30 Feb", None),
        ("en", "", "soon", None),
    ],
)
def test_a_day_is_read_by_language_and_country(language: str, country: str, text: str, day: date | None) -> None:
    """Without a year it is the next such day."""
    assert read_day(text, speak(language, country)) == day


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)), st.sampled_from(["US", "BR", "CZ", "CN", ""]))
def test_an_ISO_day_is_itself_everywhere(day: date, country: str) -> None:
    """Whatever the country's order."""
    assert read_day(day.isoformat(), speak("en", country)) == day


@given(st.dates(TODAY, TODAY + timedelta(days=364)))
def test_a_day_without_a_year_is_never_past(day: date) -> None:
    """It is today or within the years to come."""
    assert read_day(f"{day.day}/{day.month}", speak("pt", "BR")) == day


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("11 98555-0101", "BR", "+5511985550101"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("+420 601 123 456", "BR", "+420601123456"),
        ("0040 721 234 567", "CZ", "+40721234567"),
        ("no", "BR", None),
        ("12", "BR", None),
    ],
)
def test_a_phone_number_is_of_the_customers_country(text: str, country: str, number: str | None) -> None:
    """Unless it says another one."""
    assert read_phone(text, country) == number


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("email", "it is Ana@example.com.", "Ana@example.com"),
        ("email", "ana at example", None),
        ("yes_no", "Sim!", True),
        ("yes_no", "não", False),
        ("yes_no", "ano", True),
        ("yes_no", "ne", False),
        ("yes_no", "da", True),
        ("yes_no", "لا", False),
        ("yes_no", "是", True),
        ("yes_no", "maybe", None),
        ("text", "  as it is  ", "as it is"),
        ("text", "   ", None),
    ],
)
def test_other_types(kind: str, text: str, value: object) -> None:
    """An address among words; yes and no in any language; a text as it is."""
    assert read_answer(kind, Reply(text), (), speak()) == value  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("blue", "b"),
        ("BLUE!", "b"),
        ("b", "b"),
        ("dark red", "r"),
        ("1", "b"),
        ("2.", "r"),
        ("(2)", "r"),
        ("10", 10),
        ("3", 10),
        ("4", None),
        ("0", None),
        ("blue or red", None),
        ("", None),
    ],
)
def test_a_choice_is_named_by_label_value_or_place(text: str, value: object) -> None:
    """A label that is a number goes before the place."""
    assert choose(Reply(text), CHOICES) == value


def test_a_tapped_button_is_its_place() -> None:
    """Whatever text it shows; a place that is not there is no answer."""
    assert choose(Reply("?", place=1), CHOICES) == "r"
    assert choose(Reply("Blue", place=3), CHOICES) is None


def test_a_picture_is_no_answer_and_a_shared_number_is_one() -> None:
    """The caption of a picture does not count."""
    assert read_answer("text", Reply("look", form="image"), (), speak()) is None
    assert read_answer("phone", Reply("", form="contacts", shared_phone="+5511985550101"), (), speak()) == (
        "+5511985550101"
    )


def test_I6_words_for_a_person_are_the_whole_message() -> None:
    """In every language, without regard to case and signs; nothing is searched in sentences."""
    for words in HUMAN_WORDS.values():
        assert all(asks_for_human(f"{word.upper()}!") for word in words)
    assert not asks_for_human("my agent is nice")
    assert not asks_for_human("...")


def test_our_own_buttons_for_yes_and_no_are_understood_when_written() -> None:
    """By whoever cannot tap."""
    for yes, no in YES_NO.values():
        assert [read_answer("yes_no", Reply(word), (), speak()) for word in (yes, no)] == [True, False]
