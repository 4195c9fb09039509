"""One row of a list: its cells read by the mapping into a typed row, or the one problem that keeps it out.

The first problem of a row is reported, those of the ways to reach a person before all others. A problem whose fix is
plain (`m@@example.com`, a hidden mark) carries it; with `take_suggestions` the fix is taken and the row goes on.
Speed matters here: a million rows pass through, so ordinary cells leave at the first test.
"""

import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NoReturn

import msgspec

from tertulia.core.country_names import find_country
from tertulia.core.import_fields import ATTRIBUTE, Field
from tertulia.core.import_reasons import SERVICE_NUMBERS, Reason, Remedy, reason_of_line, reason_of_phone
from tertulia.core.import_values import (
    email_key,
    read_birthday,
    read_email,
    read_yes_no,
    repair_email,
    swap_day_and_month,
)
from tertulia.core.language_names import find_language
from tertulia.core.phones import Phone, PhoneProblem, PhoneReason, normalise_phone

NAME_CHARACTERS_MAX = 200
ATTRIBUTE_CHARACTERS_MAX = 1_000
SHOWN_CHARACTERS_MAX = 200
TAGS_MAX = 50

_FORMULA_STARTS = "=+-@"
_FORMULA_SIGNS = "(|!"
_NOTHING = frozenset(("-", "--", "—", "."))  # how lists write that there is none
# Overrides, embeddings and isolates change how what stands around them reads; marks and joiners are part of writing.
_DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_DROPPED = frozenset("\u200b\ufeff\u2060\u00ad")
_BLANKS = frozenset(" \t\r\n\v\f\u00a0\u202f\u2007\u2009\u2028\u2029\x85")


class CheckedRow(msgspec.Struct, gc=False):
    """A customer's row that can be imported. Texts are empty and `phone` None where the file has nothing.

    `zone` is the file's, `country` the file's or the phone's. `sms_reason` says why no SMS goes to it (None: it can).
    """

    row: int
    name: str = ""
    surname: str = ""
    phone: Phone | None = None
    email: str = ""
    country: str = ""
    language: str = ""
    zone: str = ""
    external_id: str = ""
    opt_in: bool | None = None
    attributes: Mapping[str, str | list[str]] = {}
    sms_reason: Reason | None = None

    @property
    def email_key(self) -> str:
        """The e-mail as it is compared."""
        return email_key(self.email)


class RowProblem(msgspec.Struct, gc=False):
    """Why a row is not imported. `value` as in the file, cut, hidden characters made visible; `fix` is what taking the
    suggestion would put there (None: there is nothing to take)."""

    row: int
    field: str
    value: str
    reason: Reason
    params: dict[str, str | int]
    remedy: Remedy
    fix: str | None = None


class _Refused(Exception):
    def __init__(self, problem: RowProblem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


class RowReader:
    """Reads rows by one mapping. `zones` are the known IANA names; `today` bounds birthdays; `country` is that of
    numbers written without a country code (ISO 3166, or empty)."""

    def __init__(
        self,
        targets: Sequence[str],
        *,
        country: str,
        zones: frozenset[str],
        today: date,
        take_suggestions: bool = False,
    ) -> None:
        self._country = country
        self._zones = zones
        self._today = today
        self._take = take_suggestions
        self._width = len(targets)
        self._row = 0
        columns = {target: column for column, target in enumerate(targets)}
        self._attributes = [
            (target.removeprefix(ATTRIBUTE), column)
            for target, column in columns.items()
            if target.startswith(ATTRIBUTE)
        ]
        self._name = columns.get(Field.NAME, -1)
        self._surname = columns.get(Field.SURNAME, -1)
        self._full_name = columns.get(Field.FULL_NAME, -1)
        self._phone = columns.get(Field.PHONE, -1)
        self._email = columns.get(Field.EMAIL, -1)
        self._country_column = columns.get(Field.COUNTRY, -1)
        self._external_id = columns.get(Field.EXTERNAL_ID, -1)
        rare = (Field.LANGUAGE, Field.ZONE, Field.BIRTHDAY, Field.OPT_IN, Field.TAGS)
        self._rare = [(field, columns[field]) for field in rare if field in columns]
        self._only_phone = self._email < 0 and self._external_id < 0
        self._nearest_zones: dict[str, str] = {}

    def read(self, row: int, cells: list[str]) -> CheckedRow | RowProblem:
        """One row. Never raises for what a file holds."""
        self._row = row
        if len(cells) != self._width:
            cells = self._fit(cells)
        try:
            return self._read(row, cells) if cells else self._wrong_width(row)
        except _Refused as refused:
            return refused.problem

    def _fit(self, cells: list[str]) -> list[str]:
        """Empty cells behind the last column are a spreadsheet's; anything else is a broken row (an empty list)."""
        if len(cells) > self._width and not any(cells[self._width :]):
            return cells[: self._width]
        self._found = (len(cells), ",".join(cells))
        return []

    def _wrong_width(self, row: int) -> RowProblem:
        found, text = self._found
        params: dict[str, str | int] = {"found": found, "expected": self._width}
        return RowProblem(row, "", show_value(text), Reason.WRONG_COLUMN_COUNT, params, Remedy.LEAVE_OUT)

    def _read(self, row: int, cells: list[str]) -> CheckedRow:
        checked = CheckedRow(row)
        if self._country_column >= 0 and cells[self._country_column]:
            checked.country = self._read_country(cells[self._country_column])
        if self._email >= 0 and cells[self._email]:
            checked.email = self._read_email(cells[self._email])
        if self._external_id >= 0 and cells[self._external_id]:
            checked.external_id = self._text(Field.EXTERNAL_ID, cells[self._external_id], NAME_CHARACTERS_MAX)
        if self._phone >= 0:
            self._read_phone(checked, cells[self._phone])
        if checked.phone is None:
            if not (checked.email or checked.external_id):
                self._refuse_without_address(cells)
            checked.sms_reason = Reason.NO_MOBILE
        if self._name >= 0:
            checked.name = self._text(Field.NAME, cells[self._name], NAME_CHARACTERS_MAX)
        if self._surname >= 0:
            checked.surname = self._text(Field.SURNAME, cells[self._surname], NAME_CHARACTERS_MAX)
        if self._full_name >= 0 and not checked.name and not checked.surname:
            full = self._text(Field.FULL_NAME, cells[self._full_name], NAME_CHARACTERS_MAX)
            checked.name, checked.surname = split_full_name(full)
        if self._rare or self._attributes:
            self._read_rest(checked, cells)
        return checked

    def _read_phone(self, checked: CheckedRow, raw: str) -> None:
        phone = normalise_phone(raw, checked.country or self._country)
        if not isinstance(phone, Phone):
            if phone.reason is PhoneReason.NO_PHONE:
                return
            fix = self._refuse_phone(phone, raw, has_other=bool(checked.email or checked.external_id))
            phone = normalise_phone(fix, self._country)
            if not isinstance(phone, Phone):
                return
        if not phone.reachable_by_sms and (reason := reason_of_line(phone.line)) is not None:
            if reason in SERVICE_NUMBERS:
                has_other = bool(checked.email or checked.external_id)
                remedy, fix_value = (Remedy.WITHOUT_IT, "") if has_other else (Remedy.LEAVE_OUT, None)
                self._refuse(Field.PHONE, raw, reason, remedy, fix_value)
                return
            checked.sms_reason = reason
        checked.phone = phone
        if not checked.country:
            checked.country = phone.region if phone.region.isalpha() else ""

    def _refuse_phone(self, problem: PhoneProblem, raw: str, *, has_other: bool) -> str:
        reason = reason_of_phone(problem.reason)
        params: dict[str, str | int] = {"country": problem.region} if problem.region else {}
        fix: str | None = None
        if problem.suggestion:
            remedy, fix = Remedy.USE_VALUE, problem.suggestion
        elif has_other:
            remedy, fix = Remedy.WITHOUT_IT, ""
        elif problem.reason is PhoneReason.DIGITS_LOST:
            remedy = Remedy.ASK_AGAIN
        elif problem.lengths and problem.reason in (PhoneReason.TOO_SHORT, PhoneReason.TOO_LONG):
            remedy = Remedy.NEEDS_DIGITS
            params["digits"] = _join_lengths(problem.lengths)
        else:
            remedy = Remedy.LEAVE_OUT
        return self._refuse(Field.PHONE, raw, reason, remedy, fix, **params)

    def _refuse_without_address(self, cells: list[str]) -> NoReturn:
        reason = Reason.NO_PHONE if self._only_phone else Reason.NO_ADDRESS
        raw = cells[self._phone] if self._phone >= 0 else ""
        field = Field.PHONE if self._phone >= 0 else Field.EMAIL if self._email >= 0 else Field.EXTERNAL_ID
        raise _Refused(RowProblem(self._row, field.value, show_value(raw), reason, {}, Remedy.LEAVE_OUT))

    def _read_email(self, raw: str) -> str:
        text = raw.strip()
        if not text:
            return ""
        email = read_email(text)
        if email is not None:
            return email
        reason = Reason.EMAIL_TWO_ATS if text.count("@") > 1 else Reason.EMAIL_WRONG
        fix = repair_email(text)
        remedy = Remedy.USE_VALUE if fix else Remedy.WITHOUT_IT if self._phone >= 0 else Remedy.LEAVE_OUT
        return self._refuse(Field.EMAIL, raw, reason, remedy, fix or ("" if remedy is Remedy.WITHOUT_IT else None))

    def _read_country(self, raw: str) -> str:
        text = raw.strip()
        if not text:
            return ""
        code = find_country(text)
        if code:
            return code
        parts = [find_country(part) for sign in "/;,&+|" if sign in text for part in text.split(sign)]
        if len({part for part in parts if part}) > 1:
            return self._refuse(Field.COUNTRY, raw, Reason.TWO_COUNTRIES, Remedy.LEAVE_OUT)
        return self._refuse(Field.COUNTRY, raw, Reason.UNKNOWN_COUNTRY, Remedy.WITHOUT_IT, "")

    def _read_rest(self, checked: CheckedRow, cells: list[str]) -> None:
        attributes: dict[str, str | list[str]] = {}
        for field, column in self._rare:
            raw = cells[column]
            if raw and (text := self._text(field, raw, ATTRIBUTE_CHARACTERS_MAX)):
                self._read_rare(checked, attributes, field, text)
        for key, column in self._attributes:
            raw = cells[column]
            if raw and (text := self._text(key, raw, ATTRIBUTE_CHARACTERS_MAX)):
                attributes[key] = text
        checked.attributes = attributes

    def _read_rare(self, checked: CheckedRow, attributes: dict[str, str | list[str]], field: Field, text: str) -> None:
        if field is Field.LANGUAGE:
            checked.language = find_language(text) or self._refuse(
                field, text, Reason.UNKNOWN_LANGUAGE, Remedy.WITHOUT_IT, ""
            )
        elif field is Field.ZONE:
            checked.zone = text if text in self._zones else self._refuse_zone(text)
        elif field is Field.BIRTHDAY:
            attributes["birthday"] = self._read_birthday(text, checked.country)
        elif field is Field.OPT_IN:
            checked.opt_in = read_yes_no(text)
            if checked.opt_in is None:
                self._refuse(field, text, Reason.UNCLEAR_OPT_IN, Remedy.WITHOUT_IT, "")
        else:
            attributes["tags"] = split_tags(text)

    def _read_birthday(self, text: str, country: str) -> str:
        day = read_birthday(text, country or self._country, self._today)
        if day is not None:
            return day.isoformat()
        swapped = swap_day_and_month(text)
        if swapped is not None and swapped <= self._today:
            return self._refuse(Field.BIRTHDAY, text, Reason.NO_SUCH_DATE, Remedy.USE_VALUE, swapped.isoformat())
        return self._refuse(Field.BIRTHDAY, text, Reason.NO_SUCH_DATE, Remedy.WITHOUT_IT, "")

    def _refuse_zone(self, text: str) -> str:
        if text not in self._nearest_zones:
            lower = {zone.lower(): zone for zone in self._zones}
            near = difflib.get_close_matches(text.lower().replace(" ", "_"), lower, n=1, cutoff=0.75)
            self._nearest_zones[text] = lower[near[0]] if near else ""
        nearest = self._nearest_zones[text]
        remedy = Remedy.USE_VALUE if nearest else Remedy.WITHOUT_IT
        return self._refuse(Field.ZONE, text, Reason.UNKNOWN_ZONE, remedy, nearest)

    def _text(self, field: str, raw: str, limit: int) -> str:
        text = raw.strip()
        if not text:
            return ""
        if text.isprintable():
            if not text.isascii():
                text = unicodedata.normalize("NFC", text)
            is_odd = text[0] in _FORMULA_STARTS or text in _NOTHING or len(text) > limit
            if not is_odd and (text.isascii() or "\ufffd" not in text):
                return text
        return self._odd_text(field, raw, text, limit)

    def _odd_text(self, field: str, raw: str, text: str, limit: int) -> str:
        if not text.isprintable():
            text = self._tidy_characters(field, raw, text)
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
            if "\ufffd" in text:
                text = self._refuse(field, raw, Reason.UNREADABLE_CHARACTER, Remedy.WITHOUT_IT, "")
        if text in _NOTHING:
            return ""
        if _is_formula(text):
            text = self._refuse(field, raw, Reason.FORMULA, Remedy.AS_TEXT, text)
        if len(text) > limit:
            text = self._refuse(field, raw, Reason.TEXT_TOO_LONG, Remedy.SHORTEN, text[:limit], limit=limit)
        return text

    def _tidy_characters(self, field: str, raw: str, text: str) -> str:
        text = "".join(" " if c in _BLANKS else c for c in text if c not in _DROPPED).strip()
        if any(character in _DIRECTION_MARKS for character in text):
            bare = "".join(character for character in text if character not in _DIRECTION_MARKS)
            text = self._refuse(field, raw, Reason.DIRECTION_MARK, Remedy.REMOVE_MARK, bare)
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
            bare = "".join(character for character in text if unicodedata.category(character) not in ("Cc", "Cs"))
            text = self._refuse(field, raw, Reason.CONTROL_CHARACTER, Remedy.REMOVE_MARK, bare)
        return text

    def _refuse(
        self, field: str, raw: str, reason: Reason, remedy: Remedy, fix: str | None = None, **params: str | int
    ) -> str:
        """Raise the problem, or give its fix where suggestions are taken."""
        if self._take and fix is not None:
            return fix
        raise _Refused(RowProblem(self._row, str(field), show_value(raw), reason, params, remedy, fix))


def split_full_name(full: str) -> tuple[str, str]:
    """(name, surname): `Silva, Ana` by its comma, else the first word and the rest; a single word is a name."""
    if "," in full:
        surname, _, name = full.partition(",")
        return name.strip(), surname.strip()
    name, _, surname = full.partition(" ")
    return name, surname.strip()


def split_tags(text: str) -> list[str]:
    """Tags as a list writes them, each once, in order."""
    for sign in ";|、،":
        text = text.replace(sign, ",")
    return list(dict.fromkeys(tag for part in text.split(",") if (tag := part.strip())))[:TAGS_MAX]


def show_value(text: str) -> str:
    """A cell as it is shown: cut, with hidden characters written out (`\\u202e`)."""
    text = text[:SHOWN_CHARACTERS_MAX]
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)[
        :SHOWN_CHARACTERS_MAX
    ]


def _is_formula(text: str) -> bool:
    """What a spreadsheet would run: `=cmd|...`, `@SUM(...)`, `+1+cmd|...`. A signed number or a handle is none."""
    first = text[:1]
    if first == "=":
        return len(text) > 1
    return bool(first) and first in _FORMULA_STARTS and any(sign in text for sign in _FORMULA_SIGNS)


def _join_lengths(lengths: Sequence[int]) -> str:
    if len(lengths) > 2:
        return f"{lengths[0]}-{lengths[-1]}"
    return "/".join(map(str, lengths))
