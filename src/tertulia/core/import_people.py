"""Who a row is: new, the same person as a contact we have, or as an earlier row; and what would change.

A row is compared with contacts that share its external id, its phone's key or its e-mail. An external id decides alone.
A phone or an e-mail may be shared in a household (M1), so there the names decide: they agree when one is missing or
when every word of the shorter stands in the longer (`Ana Silva`, `ana maria silva`), and then it is one person.
Two people with one phone are two contacts; each row says that it shares.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

import msgspec

from tertulia.core.folding import fold_text
from tertulia.core.import_rows import CheckedRow

SERIES_LENGTH_MIN = 20

Value = str | list[str]


class Known(msgspec.Struct, frozen=True, gc=False):
    """A contact that shares an address or an id with a row. `phones` and `emails` are keys, as they are compared."""

    contact_id: int
    name: str = ""
    surname: str = ""
    country: str = ""
    language: str = ""
    zone: str = ""
    external_id: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    attributes: Mapping[str, object] = {}


class New(msgspec.Struct, frozen=True, gc=False):
    """A person we do not have. `shares_phone`: another one has the same number."""

    shares_phone: bool = False


class Updated(msgspec.Struct, frozen=True, gc=False):
    """A contact we have, with what the file knows better: field -> value. `phone` and `email` are addresses to add."""

    contact_id: int
    changes: Mapping[str, Value]


class Unchanged(msgspec.Struct, frozen=True, gc=False):
    """A contact we have, as the file says."""

    contact_id: int


Verdict = New | Updated | Unchanged


def classify_row(row: CheckedRow, known: Sequence[Known]) -> Verdict:
    """Who a row is, given the contacts that share an id, a phone or an e-mail with it, the oldest first."""
    person = find_person(row, known)
    if person is None:
        phone = row.phone
        return New(shares_phone=phone is not None and any(phone.key in other.phones for other in known))
    changes = find_changes(row, person)
    return Updated(person.contact_id, changes) if changes else Unchanged(person.contact_id)


def find_person(row: CheckedRow, known: Sequence[Known]) -> Known | None:
    """The contact that the row is about, or None."""
    if row.external_id:
        for person in known:
            if person.external_id == row.external_id:
                return person
    if row.phone is not None:
        for person in known:
            if row.phone.key in person.phones and _may_be_same(row, person):
                return person
    if row.email:
        key = row.email_key
        for person in known:
            phones_differ = row.phone is not None and person.phones and row.phone.key not in person.phones
            if key in person.emails and not phones_differ and _may_be_same(row, person):
                return person
    return None


def find_changes(row: CheckedRow, person: Known) -> dict[str, Value]:
    """What the row says otherwise or more. An empty cell changes nothing; a name is not replaced by its spelling."""
    changes: dict[str, Value] = {}
    for field, given, had in (
        ("name", row.name, person.name),
        ("surname", row.surname, person.surname),
    ):
        if given and given != had and (not had or fold_text(given) != fold_text(had)):
            changes[field] = given
    for field, given, had in (
        ("external_id", row.external_id, person.external_id),
        ("language", row.language, person.language),
        ("zone", row.zone, person.zone),
        ("country", row.country, person.country),
    ):
        if given and given != had:
            changes[field] = given
    if row.phone is not None and row.phone.key not in person.phones:
        changes["phone"] = row.phone.e164
    if row.email and row.email_key not in person.emails:
        changes["email"] = row.email
    for key, value in row.attributes.items():
        if person.attributes.get(key) != value:
            changes[f"attribute:{key}"] = value
    return changes


class FileRow(msgspec.Struct, frozen=True, gc=False):
    """What of a row is compared with the other rows of the file that share a key with it."""

    row: int
    name: str
    surname: str
    external_id: str
    phone_key: str
    email_key: str


class Twin(msgspec.Struct, frozen=True, gc=False):
    """A row that is the same person as an earlier one, or (`same` False) another person with the same phone."""

    row: int
    of_row: int
    same: bool


def find_twins(rows: Iterable[FileRow]) -> list[Twin]:
    """The later rows among rows that share one key (id, phone or e-mail), in file order; each appears at most once."""
    kept: list[FileRow] = []
    twins: list[Twin] = []
    for row in rows:
        same = next((other for other in kept if _is_same_row(row, other)), None)
        if same is not None:
            twins.append(Twin(row.row, same.row, same=True))
            continue
        sharing = next((other for other in kept if row.phone_key and row.phone_key == other.phone_key), None)
        if sharing is not None:
            twins.append(Twin(row.row, sharing.row, same=False))
        kept.append(row)
    return twins


def names_agree(name: str, surname: str, other_name: str, other_surname: str) -> bool:
    """Whether two names can be one person's: one is missing, or the words of the shorter all stand in the longer."""
    written, others_written = {*name.split(), *surname.split()}, {*other_name.split(), *other_surname.split()}
    if written <= others_written or others_written <= written:  # without folding: nearly all that agree do
        return True
    words, others = fold_text(f"{name} {surname}").split(), fold_text(f"{other_name} {other_surname}").split()
    if not words or not others:
        return True
    if "".join(words) == "".join(others):
        return True
    short, long = sorted((set(words), set(others)), key=len)
    return short <= long


class Series(msgspec.Struct, frozen=True):
    """Rows in a row whose numbers differ by one: lists made up by machine look like this."""

    first_row: int
    last_row: int
    first: str
    last: str
    count: int


class SeriesWatch:
    """Fed the phones of a file in order, finds series of `SERIES_LENGTH_MIN` and more. Its state can be stored."""

    def __init__(self, state: Sequence[int | str] = ()) -> None:
        self._state: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
        if state:
            self._state = tuple(map(int, state))  # type: ignore[assignment]

    @property
    def state(self) -> tuple[int, int, int, int, int]:
        """(first row, last row, first number, last number, step) of the run under way."""
        return self._state

    def feed(self, numbers: Iterable[tuple[int, int]]) -> list[Series]:
        """The next rows and their numbers without the plus; the series that have just ended."""
        ended: list[Series | None] = []
        first_row, last_row, first, last, step = self._state
        for row, number in numbers:
            difference = number - last
            goes_on = difference in (1, -1)
            if not goes_on or step not in (0, difference):
                if first != last:
                    ended.append(_series_of(first_row, last_row, first, last))
                # A run begins at this number, or at the last one where that turns the other way.
                first_row, first = (last_row, last) if goes_on else (row, number)
            last_row, last, step = row, number, difference if goes_on else 0
        self._state = first_row, last_row, first, last, step
        return [series for series in ended if series is not None]

    def end(self) -> Series | None:
        """The series under way at the end of the file, or None."""
        first_row, last_row, first, last, _ = self._state
        return _series_of(first_row, last_row, first, last)


def _series_of(first_row: int, last_row: int, first: int, last: int) -> Series | None:
    count = abs(last - first) + 1
    if count < SERIES_LENGTH_MIN or not first:
        return None
    return Series(first_row, last_row, f"+{first}", f"+{last}", count)


def _may_be_same(row: CheckedRow, person: Known) -> bool:
    if row.external_id and person.external_id:
        return row.external_id == person.external_id
    return names_agree(row.name, row.surname, person.name, person.surname)


def _is_same_row(row: FileRow, other: FileRow) -> bool:
    if row.external_id and other.external_id:
        return row.external_id == other.external_id
    if row.phone_key and other.phone_key and row.phone_key != other.phone_key:
        return False
    return names_agree(row.name, row.surname, other.name, other.surname)


def outcome_of(verdict: Verdict) -> str:
    """The stored word for a verdict."""
    match verdict:
        case New():
            return "new"
        case Updated():
            return "updated"
        case Unchanged():
            return "unchanged"
        case _:
            assert_never(verdict)
