"""What a customer's reply comes to as a value of the type that was asked for.

Readers give the value, or None where the reply is none; they know the customer's language and country, for "1,500" is
fifteen hundred to an American and one and a half to a Brazilian. Values are what documents and attributes hold: text,
numbers, true and false; a day is an ISO date, a phone number E.164. `today` is the customer's day.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, Literal

from babel import Locale, UnknownLocaleError
from babel.numbers import get_decimal_symbol

from tertulia.core.folding import fold_text
from tertulia.core.import_values import is_month_first, read_date, read_yes_no, repair_email
from tertulia.core.phones import Phone, normalise_phone

AnswerType = Literal["text", "number", "date", "email", "phone", "choice", "yes_no"]
AnswerValue = str | int | float | bool

TEXT_CHARACTERS_MAX: Final = 1_000
NUMBER_DIGITS_MAX: Final = 15  # as many as a float keeps
YEARS_BACK: Final = 80  # of a year written with two digits: a birthday rather than a plan for the next century

_NUMBER: Final = re.compile(r"[^\d]{0,12}?([-+−]?\d[\d.,'’\s٫٬]*|[-+−]?[.,٫]\d+)[^\d]{0,12}")
_GROUPS: Final = re.compile(r"\d{1,3}(?:([.,'’٬ ])\d{3})(?:\1\d{3})*|\d+")
_SHORT_DATE: Final = re.compile(r"(\d{1,2})[-./ ](\d{1,2})(?:[-./ ](\d{2}))?\.?")
_MONTH_DAY: Final = re.compile(r"(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日号號일]?")
_WORDS: Final = re.compile(r"\d+|[^\W\d_]+")
_POINT: Final = Locale("en")


@dataclass(frozen=True, slots=True)
class Reply:
    """What came: the text, a place among the choices where a button was tapped, a number that the app's own button
    shared, and the customer's language and country. `form` as of a message: text, choice, image, ..."""

    text: str
    form: str = "text"
    place: int | None = None
    shared_phone: str = ""
    language: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who replies: language (`pt`, `pt-BR` or empty), country by code or empty, and the day that it is there."""

    language: str
    country: str
    today: date


def read_answer(
    kind: AnswerType, reply: Reply, choices: Sequence[tuple[str, AnswerValue]], speaker: Speaker
) -> AnswerValue | None:
    """The value of a reply; `choices` are labels with their values. None: it is no answer of this type."""
    chosen = choose(reply, choices)
    if chosen is not None:
        return chosen
    text = reply.text.strip()
    if kind == "phone":
        return read_phone(reply.shared_phone or text, speaker.country)
    if reply.form not in ("text", "choice") or not text:
        return None
    match kind:
        case "text":
            return text[:TEXT_CHARACTERS_MAX]
        case "number":
            return read_number(text, speaker)
        case "date":
            day = read_day(text, speaker)
            return day.isoformat() if day is not None else None
        case "email":
            return _find_email(text)
        case "yes_no":
            return read_yes_no(text)
        case "choice":
            return None


def choose(reply: Reply, choices: Sequence[tuple[str, AnswerValue]]) -> AnswerValue | None:
    """The value of the choice that was tapped, or that the whole reply names by its label, its value or its number in
    the list."""
    if reply.place is not None:
        return choices[reply.place][1] if 0 <= reply.place < len(choices) else None
    said = fold_text(reply.text) or reply.text.strip()
    if not said or reply.form not in ("text", "choice"):
        return None
    for label, value in choices:
        if said in (fold_text(label) or label.strip(), fold_text(str(value))):
            return value
    number = re.sub(r"[^\d]", "", reply.text) if re.fullmatch(r"\W*\d{1,2}\W*", reply.text) else ""
    place = int(number) if number else 0
    return choices[place - 1][1] if 1 <= place <= len(choices) else None


def read_number(text: str, speaker: Speaker) -> int | float | None:
    """The one number of a reply, with its unit or currency perhaps: `1.500,50 €`, `5 people`, `١٢٫٥`."""
    plain = "".join(_read_digit(character) for character in text.strip())
    found = _NUMBER.fullmatch(plain)
    if found is None:
        return None
    sign = -1 if found[1][0] in "-−" else 1
    body = found[1].lstrip("-+−").rstrip(".,'’ ")
    whole, fraction = _split_number(re.sub(r"\s+", " ", body), speaker)
    groups = _GROUPS.fullmatch(whole or "0")
    digits = re.sub(r"\D", "", whole)
    if groups is None or not (fraction.isdigit() or not fraction) or len(digits + fraction) > NUMBER_DIGITS_MAX:
        return None
    return sign * float(f"{digits or 0}.{fraction}") if fraction else sign * int(digits)


def _read_digit(character: str) -> str:
    """Digits of any script as ours; wide signs as narrow ones."""
    digit = unicodedata.decimal(character, None)
    return unicodedata.normalize("NFKC", character) if digit is None else str(digit)


def _split_number(body: str, speaker: Speaker) -> tuple[str, str]:
    """What stands before and behind the decimal sign. With both signs the last one is it, and one that comes twice is
    none; a single one with other than three digits behind it is it in any language."""
    if "٫" in body:
        whole, _, fraction = body.rpartition("٫")
        return whole, fraction
    signs = [character for character in body if character in ".,"]
    if not signs:
        return body, ""
    last = signs[-1]
    whole, _, fraction = body.rpartition(last)
    if signs.count(last) > 1:
        return body, ""
    is_decimal = len(set(signs)) > 1 or len(fraction) != 3 or whole in ("", "0") or last == _decimal_sign(speaker)
    return (whole, fraction) if is_decimal else (body, "")


def _decimal_sign(speaker: Speaker) -> str:
    locale = _find_locale(speaker.language, speaker.country)
    return get_decimal_symbol(locale, numbering_system="latn")


def read_day(text: str, speaker: Speaker) -> date | None:
    """A day in figures, in the order of the customer's country, or with the month's name in their language or in
    English. Without a year it is the next such day, today or later."""
    plain = " ".join("".join(_read_digit(character) for character in text).split())
    full = read_date(plain, speaker.country)
    if full is not None:
        return full
    if (found := _SHORT_DATE.fullmatch(plain)) is not None:
        one, two = int(found[1]), int(found[2])
        month, day = (one, two) if is_month_first(speaker.country) else (two, one)
        return _place_day(day, month, _full_year(int(found[3]), speaker.today) if found[3] else None, speaker.today)
    if (found := _MONTH_DAY.fullmatch(plain)) is not None:
        return _place_day(int(found[2]), int(found[1]), None, speaker.today)
    return _read_named_day(plain, speaker)


def _read_named_day(plain: str, speaker: Speaker) -> date | None:
    """`31 January`, `3 de março de 2027`, `March 3rd, 2027`."""
    words = _WORDS.findall(plain)
    numbers = [int(word) for word in words if word.isdigit()]
    names = [word for word in words if not word.isdigit()]
    months = {month for locale in (_find_locale(speaker.language, ""), _POINT) for month in _find_months(locale, names)}
    years = [number for number in numbers if number > 99]
    days = [number for number in numbers if number <= 99]
    if len(months) != 1 or len(days) != 1 or len(years) > 1 or len(words) > 8:
        return None
    return _place_day(days[0], months.pop(), years[0] if years else None, speaker.today)


def _find_months(locale: Locale, words: Sequence[str]) -> set[int]:
    known = _list_months(locale)
    return {known[name] for name in map(fold_text, words) if name in known}


@lru_cache(maxsize=64)
def _list_months(locale: Locale) -> dict[str, int]:
    """Months by their folded names, long and short, in both of a language's forms."""
    return {
        fold_text(name): month
        for form in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for month, name in locale.months[form][width].items()
        if not fold_text(name).isdigit()
    }


def _full_year(short: int, today: date) -> int:
    """The year of two digits that is at most eighty years back, and else to come."""
    first = today.year - YEARS_BACK
    return first + (short - first) % 100


def _place_day(day: int, month: int, year: int | None, today: date) -> date | None:
    years = (year,) if year is not None else tuple(range(today.year, today.year + 9))  # 29 February comes in eight
    for candidate in years:
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if year is not None or found >= today:
            return found
    return None


def read_phone(text: str, country: str) -> str | None:
    """A phone number in E.164; one without its country's code is of the customer's country."""
    found = normalise_phone(text, country)
    return found.e164 if isinstance(found, Phone) else None


def _find_email(text: str) -> str | None:
    """The address, also with a word before it: `it is ana@example.com`."""
    return next((found for word in text.split() if "@" in word and (found := repair_email(word))), None)


@lru_cache(maxsize=256)
def _find_locale(language: str, country: str) -> Locale:
    """The customer's locale, as far as it is known; English where nothing is."""
    base = language.replace("-", "_").split("_")[0].lower()
    region = country or (language.replace("-", "_").split("_")[-1] if "_" in language.replace("-", "_") else "")
    for told in (f"{base}_{region}", base, f"und_{region}"):
        try:
            if told.strip("_"):
                return Locale.parse(told)
        except (UnknownLocaleError, ValueError):
            continue
    return _POINT
