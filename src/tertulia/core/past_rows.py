"""One row of a file of past events: read by the mapping into an event, or the one problem that keeps it out.

Every row becomes a message as a tracking SDK sends it and is read as such, so the same limits hold. Two things differ:
a time that is missing, unreadable, in the future or older than events are kept refuses the row, for history without its
moment is none; and a message id that the file does not have is derived from the content, so that the same file again
says nothing new. Rows with the same content are told apart by their number among their like.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from hashlib import blake2b
from typing import Any, Final

import msgspec

from tertulia.core.entries import EventEntry
from tertulia.core.import_fields import IGNORE
from tertulia.core.import_reasons import Reason, pack_note, reason_of_phone
from tertulia.core.import_values import email_key, read_email, read_yes_no
from tertulia.core.ingest import Arrival, read_body
from tertulia.core.ingest_codes import Code
from tertulia.core.ordinals import Ordinals
from tertulia.core.past_fields import PROPERTY, PastField, PropertyType, name_property, read_figure, read_property
from tertulia.core.past_lines import read_object, write_cell
from tertulia.core.past_reasons import PastReason
from tertulia.core.past_time import read_moment
from tertulia.core.phones import PhoneProblem, normalise_phone
from tertulia.ids import day_of

SHOWN_CHARACTERS_MAX: Final = 200
LOST: Final = "\ufffd"  # stands where the file's encoding has no character
_STAND_IN: Final = "of-an-address"  # an id for whom only an address names, while the message is read
_LEFT_OUT: Final = frozenset({"sentAt", "originalTimestamp", "writeKey", "batch"})  # of a message in a file
_PLAIN_TEXT: Final = dict.fromkeys(range(32), " ") | {127: " "}


class PastOptions(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was said about a file. `event` is the name of rows without one; `zone` the IANA zone of times that name
    none; `country` of phones without a country code; `month_first`: 03/04/2026 is in March."""

    has_head: bool = True
    event: str = ""
    zone: str = ""
    country: str = ""
    month_first: bool = False


class PastEvent(msgspec.Struct):
    """A row that can be taken. `address` is (kind, key) where an e-mail or a phone alone says who it was; `given`: the
    message id stands in the file, else it is still to be derived; `as_text` counts cells that are not of their column's
    type."""

    row: int
    entry: EventEntry
    address: tuple[str, str] | None = None
    given: bool = True
    as_text: int = 0


class PastProblem(msgspec.Struct):
    """Why a row is not taken: the field, what stands there (cut), and the packed reason."""

    row: int
    field: str
    value: str
    reason: str


class Terms(msgspec.Struct, frozen=True):
    """What holds for every row: the source, now, the oldest day that is kept and for how many days (None: every day),
    what was said of the file, its zone, and how a zone is found by its name (None: unknown)."""

    source_id: int
    now: datetime
    oldest: date | None
    kept_days: int | None
    options: PastOptions
    zone: tzinfo
    find_zone: Callable[[str], tzinfo | None]


class _Refused(Exception):
    def __init__(self, field: str, value: Any, reason: PastReason | Reason, **params: str | int) -> None:
        super().__init__(reason)
        self.field, self.value, self.reason = field, value, pack_note(reason, params)


class PastReader:
    """Reads rows by one mapping. `names` are the columns' heads; of objects the keys."""

    def __init__(self, targets: Sequence[str], names: Sequence[str], terms: Terms) -> None:
        self._terms = terms
        self._names = list(names)
        self._known = frozenset(names)
        self._place = {target: column for column, target in enumerate(targets) if target != IGNORE}
        self._properties = [
            (*read_property(target), column)
            for target, column in self._place.items()
            if target.startswith(f"{PROPERTY}:")
        ]
        self._used = sorted(self._place.values())
        self._as_text = 0

    def read_cells(self, row: int, cells: Sequence[str]) -> PastEvent | PastProblem:
        """A row of a table. Never raises for what a file holds."""
        try:
            if len(cells) != len(self._names):
                params = {"found": len(cells), "expected": len(self._names)}
                raise _Refused("", ",".join(cells), Reason.WRONG_COLUMN_COUNT, **params)
            for column in self._used:
                if LOST in cells[column]:
                    raise _Refused(self._names[column], cells[column], Reason.UNREADABLE_CHARACTER)
            return self._read(row, [cell.replace("\0", "").strip() for cell in cells], {}, typed=False)
        except _Refused as refused:
            return _describe(row, refused)

    def read_fields(self, row: int, value: Mapping[str, Any]) -> PastEvent | PastProblem:
        """An object whose keys are the columns. Never raises for what a file holds."""
        rest = {name_property(name, 0): item for name, item in value.items() if name not in self._known}
        try:
            return self._read(row, [value.get(name) for name in self._names], rest, typed=True)
        except _Refused as refused:
            return _describe(row, refused)

    def read_message(self, row: int, value: Mapping[str, Any]) -> PastEvent | PastProblem:
        """A call as an SDK sends it. Never raises for what a file holds."""
        told = value.get("timestamp")
        told = value.get("originalTimestamp") if told in (None, "") else told
        try:
            at = self._read_time(told, self._terms.zone, "timestamp")
            message = {name: item for name, item in value.items() if name not in _LEFT_OUT}
            return self._take(row, {**message, "timestamp": at.isoformat()}, None)
        except _Refused as refused:
            return _describe(row, refused)

    def _read(self, row: int, cells: Sequence[Any], rest: dict[str, Any], *, typed: bool) -> PastEvent:
        self._as_text = 0
        zone = self._read_zone(self._get(cells, PastField.ZONE))
        told = self._get(cells, PastField.TIME)
        at = self._read_time(told, zone, self._name_of(PastField.TIME))
        name = self._get(cells, PastField.EVENT)
        message: dict[str, Any] = {
            "type": "track",
            "event": self._terms.options.event if name in (None, "") else name,
            "timestamp": at.isoformat(),
            "userId": self._get(cells, PastField.USER_ID),
            "anonymousId": self._get(cells, PastField.ANONYMOUS_ID),
            "messageId": self._get(cells, PastField.MESSAGE_ID),
            "properties": self._read_properties(cells, rest, typed=typed),
        }
        try:
            return self._take(row, message, None)
        except _Refused as refused:
            if refused.reason != PastReason.NO_WHO:
                raise
        address = self._read_address(cells)
        return self._take(row, {**message, "anonymousId": _STAND_IN}, address)

    def _take(self, row: int, message: dict[str, Any], address: tuple[str, str] | None) -> PastEvent:
        """The message read as one that came; of an event that an address alone names the stand-in goes again."""
        arrival = Arrival(self._terms.source_id, self._terms.now, _make_nothing)
        taken = read_body(message, arrival)
        if taken.discards:
            code = taken.discards[0].code
            raise _refuse_code(code, self._name_of, message)
        entry = msgspec.structs.replace(taken.entries[0], imported=True)
        if address is not None:
            entry = msgspec.structs.replace(entry, anonymous_id="")
        return PastEvent(row, entry, address, bool(entry.message_id), self._as_text)

    def _read_time(self, told: Any, zone: tzinfo, field: str) -> datetime:
        if told is None or (isinstance(told, str) and not told.strip()):
            raise _Refused(field, "", PastReason.NO_TIME)
        at = read_moment(told, zone, month_first=self._terms.options.month_first)
        if at is None:
            raise _Refused(field, told, PastReason.UNREADABLE_TIME)
        if at > self._terms.now:
            raise _Refused(field, told, PastReason.IN_FUTURE)
        if self._terms.oldest is not None and day_of(at) < self._terms.oldest:
            raise _Refused(field, told, PastReason.TOO_OLD, days=self._terms.kept_days or 0)
        return at

    def _read_zone(self, told: Any) -> tzinfo:
        if told is None or told == "":
            return self._terms.zone
        zone = self._terms.find_zone(told) if isinstance(told, str) else None
        if zone is None:
            raise _Refused(self._name_of(PastField.ZONE), told, Reason.UNKNOWN_ZONE)
        return zone

    def _read_address(self, cells: Sequence[Any]) -> tuple[str, str]:
        """Kind and key of the e-mail, else of the phone."""
        told = write_cell(self._get(cells, PastField.EMAIL)).strip()
        if told:
            email = read_email(told)
            if email is None:
                raise _Refused(self._name_of(PastField.EMAIL), told, Reason.EMAIL_WRONG)
            return "email", email_key(email)
        told = write_cell(self._get(cells, PastField.PHONE)).strip()
        if told:
            phone = normalise_phone(told, self._terms.options.country)
            if isinstance(phone, PhoneProblem):
                raise _Refused(
                    self._name_of(PastField.PHONE),
                    told,
                    reason_of_phone(phone.reason),
                    country=self._terms.options.country,
                )
            return "phone", phone.key
        raise _Refused("", "", PastReason.NO_WHO)

    def _read_properties(self, cells: Sequence[Any], rest: dict[str, Any], *, typed: bool) -> dict[str, Any]:
        """The properties: those of the column that holds them all, of their own columns, and what no column names."""
        whole = self._get(cells, PastField.PROPERTIES)
        if isinstance(whole, str) and whole:
            whole = read_object(whole)
            if whole is None:
                field = self._name_of(PastField.PROPERTIES)
                raise _Refused(field, self._get(cells, PastField.PROPERTIES), PastReason.NOT_JSON)
        found = dict(whole) if isinstance(whole, dict) else {}
        for kind, name, column in self._properties:
            cell = cells[column]
            if cell is None or cell == "":
                continue
            found[name] = self._read_property(kind, cell) if isinstance(cell, str) and not typed else cell
        return found | rest

    def _read_property(self, kind: str, cell: str) -> Any:
        value: Any = cell
        match kind:
            case PropertyType.NUMBER:
                value = read_figure(cell)
            case PropertyType.BOOLEAN:
                value = read_yes_no(cell)
            case PropertyType.JSON:
                value = (read_object(f'{{"":{cell}}}') or {}).get("")
        if value is None:
            self._as_text += 1
            return cell
        return value

    def _get(self, cells: Sequence[Any], field: PastField) -> Any:
        column = self._place.get(field)
        return cells[column] if column is not None else None

    def _name_of(self, field: str) -> str:
        """What the file calls a field."""
        column = self._place.get(field)
        return self._names[column] if column is not None and self._names[column].strip() else str(field)


class Sorter:
    """Gives each event of a file its message id, and finds those whose id stands in an earlier row."""

    def __init__(self) -> None:
        self._alike = Ordinals()
        self._ids = Ordinals()

    def sort(self, found: PastEvent) -> PastEvent | PastProblem:
        """The event under its id, or the problem that it was told already. To be asked for each row once, in the order
        of the file."""
        if not found.given:
            content = describe_content(found)
            number = self._alike.count(blake2b(content, digest_size=8).digest())
            found.entry = msgspec.structs.replace(found.entry, message_id=derive_message_id(content, number))
            return found
        told = f"{day_of(found.entry.client_at)}\x1f{found.entry.message_id}"
        if self._ids.count(blake2b(told.encode(), digest_size=8).digest()):
            return PastProblem(found.row, PastField.MESSAGE_ID.value, found.entry.message_id, PastReason.TWICE.value)
        return found


def describe_content(found: PastEvent) -> bytes:
    """What makes two rows without a message id the same: source, who, what, when, and everything that is said of it."""
    entry = found.entry
    told = (
        entry.source_id,
        (entry.user_id, entry.anonymous_id, entry.previous_id, entry.group_id, found.address),
        (entry.call, entry.name, entry.client_at.isoformat()),
        (entry.properties, entry.traits, entry.context),
    )
    return msgspec.json.encode(told, order="deterministic")


def derive_message_id(content: bytes, number: int) -> str:
    """The message id of a row: of its content and its number among equal ones, from 0."""
    told = blake2b(content, digest_size=20, person=b"past event")
    told.update(str(number).encode())
    return f"past:{told.hexdigest()}"


def _make_nothing() -> str:
    """Stands for a message id that is still to be derived."""
    return ""


def _refuse_code(code: str, name_of: Callable[[str], str], message: Mapping[str, Any]) -> _Refused:
    match code:
        case Code.NO_USER_ANON_ID.value:
            return _Refused("", "", PastReason.NO_WHO)
        case Code.EVENT_NOT_DEFINED.value:
            return _Refused(name_of(PastField.EVENT), "", PastReason.NO_EVENT)
        case _:
            return _Refused("", message, PastReason.NOT_TAKEN, code=code)


def _describe(row: int, refused: _Refused) -> PastProblem:
    text = write_cell(refused.value).translate(_PLAIN_TEXT)[:SHOWN_CHARACTERS_MAX]
    return PastProblem(row, refused.field.translate(_PLAIN_TEXT)[:SHOWN_CHARACTERS_MAX], text, refused.reason)
