"""Rows of an opt-out or bounce list: an address never to write to, since when, and why.

Leniency points the other way than for customers: an unknown cause or an unreadable date must not keep an opt-out from
being obeyed, so the list's own cause and the moment of the import stand in for them.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from tertulia.core.consent import Cause
from tertulia.core.country_names import find_country
from tertulia.core.import_fields import Field
from tertulia.core.import_reasons import Reason, Remedy, reason_of_phone
from tertulia.core.import_rows import RowProblem, show_value
from tertulia.core.import_values import email_key, read_cause, read_email, read_instant, repair_email
from tertulia.core.phones import Phone, PhoneReason, normalise_phone


class OptOut(msgspec.Struct, frozen=True, gc=False):
    """One address of the list. `kind` is phone or email, `canonical` the key under which all its spellings are found,
    `word` the old system's own word for the cause."""

    row: int
    kind: str
    canonical: str
    value: str
    cause: Cause
    word: str
    at: datetime


class OptOutReader:
    """Reads rows by one mapping. `cause` is the list's own; `now` is the moment of the import."""

    def __init__(self, targets: Sequence[str], *, country: str, cause: Cause, now: datetime) -> None:
        self._columns = {target: column for column, target in enumerate(targets)}
        self._width = len(targets)
        self._country = country
        self._cause = cause
        self._now = now

    def read(self, row: int, cells: Sequence[str]) -> OptOut | RowProblem:
        """One row. Never raises for what a file holds."""
        if len(cells) < self._width or any(cells[self._width :]):
            params: dict[str, str | int] = {"found": len(cells), "expected": self._width}
            shown = show_value(",".join(cells))
            return RowProblem(row, "", shown, Reason.WRONG_COLUMN_COUNT, params, Remedy.LEAVE_OUT)
        email = self._cell(cells, Field.EMAIL)
        phone = self._cell(cells, Field.PHONE)
        address = self._cell(cells, Field.ADDRESS)
        if "@" in address:
            email = email or address
        else:
            phone = phone or address
        if phone:
            return self._read_phone(row, cells, phone)
        if email:
            return self._read_email(row, cells, email)
        return RowProblem(row, Field.PHONE.value, "", Reason.NO_ADDRESS, {}, Remedy.LEAVE_OUT)

    def _read_phone(self, row: int, cells: Sequence[str], text: str) -> OptOut | RowProblem:
        country = find_country(self._cell(cells, Field.COUNTRY)) or self._country
        phone = normalise_phone(text, country)
        if not isinstance(phone, Phone) and phone.suggestion and phone.reason is not PhoneReason.TWO_NUMBERS:
            phone = normalise_phone(phone.suggestion)  # an opt-out is obeyed where its meaning is plain
        if isinstance(phone, Phone):
            return self._make(row, cells, "phone", phone.key, phone.e164)
        params: dict[str, str | int] = {"country": phone.region} if phone.region else {}
        remedy = Remedy.ASK_AGAIN if phone.reason is PhoneReason.DIGITS_LOST else Remedy.LEAVE_OUT
        return RowProblem(row, Field.PHONE.value, show_value(text), reason_of_phone(phone.reason), params, remedy)

    def _read_email(self, row: int, cells: Sequence[str], text: str) -> OptOut | RowProblem:
        email = read_email(text) or repair_email(text)
        if email is None:
            return RowProblem(row, Field.EMAIL.value, show_value(text), Reason.EMAIL_WRONG, {}, Remedy.LEAVE_OUT)
        return self._make(row, cells, "email", email_key(email), email)

    def _make(self, row: int, cells: Sequence[str], kind: str, canonical: str, value: str) -> OptOut:
        word = self._cell(cells, Field.CAUSE)
        date = self._cell(cells, Field.DATE)
        at = read_instant(date, self._country, self._now) if date else None
        return OptOut(row, kind, canonical, value, read_cause(word) or self._cause, word[:100], at or self._now)

    def _cell(self, cells: Sequence[str], field: Field) -> str:
        column = self._columns.get(field, -1)
        return cells[column].strip() if column >= 0 else ""
