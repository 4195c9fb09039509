"""Every reason an import can give, each with the sentence that people read, in one table.

Two kinds: a `FileReason` refuses the whole file, a `Reason` is about one row. A row's reason comes with a `Remedy`:
what to do about it, and, where the writer's meaning is plain, the value that would be taken instead.
The sentences are gettext sources with named parameters; pages translate them, nothing here does.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never
from urllib.parse import parse_qsl, urlencode

from tertulia.core.phones import LineType, PhoneReason
from tertulia.errors import Invalid


def gettext_noop(sentence: str) -> str:
    """Marks a sentence for translation without translating it here."""
    return sentence


class FileReason(StrEnum):
    """Why a file is not imported at all."""

    EMPTY = "file_empty"
    TOO_LARGE = "file_too_large"
    NOT_A_TABLE = "not_a_table"
    OLD_OR_DAMAGED = "spreadsheet_damaged"
    LOCKED = "spreadsheet_locked"
    UNPACKS_TOO_LARGE = "unpacks_too_large"
    NO_SHEET = "no_sheet"
    ONE_COLUMN = "one_column"
    TOO_MANY_COLUMNS = "too_many_columns"
    NO_ROWS = "no_rows"
    NO_ADDRESS_COLUMN = "no_address_column"
    COLUMN_TWICE = "column_twice"
    UNKNOWN_COLUMN = "unknown_column"
    UNKNOWN_FIELD = "unknown_field"
    JSON_NOT_LINES = "json_not_lines"
    UNKNOWN_PAST_FIELD = "unknown_past_field"
    NO_WHO_COLUMN = "no_who_column"
    NO_TIME_COLUMN = "no_time_column"
    NO_EVENT_COLUMN = "no_event_column"


FILE_SENTENCES: Mapping[FileReason, str] = {
    FileReason.EMPTY: gettext_noop("The file is empty. Export the list again and choose that file."),
    FileReason.TOO_LARGE: gettext_noop(
        "The file has %(size)s bytes; at most %(limit)s are taken (IMPORT_BYTES_MAX). Split it and import the parts."
    ),
    FileReason.NOT_A_TABLE: gettext_noop("This is %(what)s, not a table. Save the list as CSV or XLSX."),
    FileReason.OLD_OR_DAMAGED: gettext_noop(
        "The spreadsheet cannot be read. Open it and save it as XLSX or CSV again."
    ),
    FileReason.LOCKED: gettext_noop("The spreadsheet has a password. Save it without one, then import it."),
    FileReason.UNPACKS_TOO_LARGE: gettext_noop(
        "The spreadsheet unpacks to %(size)s bytes; at most %(limit)s are taken. Save the list as CSV."
    ),
    FileReason.NO_SHEET: gettext_noop("The spreadsheet has no sheet with rows. Put the list on its first sheet."),
    FileReason.ONE_COLUMN: gettext_noop(
        "The first row has no column that is known. Write a head such as: name, surname, phone."
    ),
    FileReason.TOO_MANY_COLUMNS: gettext_noop(
        "The first row has %(columns)s columns; at most %(limit)s are taken. Leave out what is not needed."
    ),
    FileReason.NO_ROWS: gettext_noop("The file has a head but no rows under it."),
    FileReason.NO_ADDRESS_COLUMN: gettext_noop("No column is a phone, an e-mail or an id. Choose at least one."),
    FileReason.COLUMN_TWICE: gettext_noop("Two columns are both %(field)s: %(columns)s. Choose one."),
    FileReason.UNKNOWN_COLUMN: gettext_noop("The file has no column %(column)s. It has: %(columns)s."),
    FileReason.UNKNOWN_FIELD: gettext_noop(
        "There is no field %(field)s. There are: %(fields)s, attribute:NAME, ignore."
    ),
    FileReason.JSON_NOT_LINES: gettext_noop(
        "This is JSON, but not one object a line. Save it as JSON Lines (JSONL), or as CSV."
    ),
    FileReason.UNKNOWN_PAST_FIELD: gettext_noop(
        "There is no field %(field)s. There are: %(fields)s, property, property:TYPE:NAME, ignore."
    ),
    FileReason.NO_WHO_COLUMN: gettext_noop(
        "No column says who it was. Choose a user id, an anonymous id, an e-mail or a phone."
    ),
    FileReason.NO_TIME_COLUMN: gettext_noop("No column says when it happened. Choose the time."),
    FileReason.NO_EVENT_COLUMN: gettext_noop(
        "No column is the event's name. Choose it, or give one name for all rows."
    ),
}


class FileProblem(Invalid):
    """The file as a whole cannot be imported; nothing of it was."""

    def __init__(self, reason: FileReason, **params: str | int) -> None:
        super().__init__(FILE_SENTENCES[reason] % params)
        self.reason = reason
        self.params = params


class Reason(StrEnum):
    """What is to be said about one row. The phones' reasons have the values of `PhoneReason`."""

    # the row is rejected
    NO_PHONE = "no_phone"
    LETTERS = "letters"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    UNASSIGNED_PREFIX = "unassigned_prefix"
    NO_COUNTRY_CODE = "no_country_code"
    DIGITS_LOST = "digits_lost"
    PLACEHOLDER = "placeholder"
    EXTENSION = "extension"
    TWO_NUMBERS = "two_numbers"
    TOLL_FREE = "toll_free"
    PREMIUM_RATE = "premium_rate"
    SHARED_COST = "shared_cost"
    NO_ADDRESS = "no_address"
    EMAIL_TWO_ATS = "email_two_ats"
    EMAIL_WRONG = "email_wrong"
    UNKNOWN_COUNTRY = "unknown_country"
    TWO_COUNTRIES = "two_countries"
    UNKNOWN_LANGUAGE = "unknown_language"
    UNKNOWN_ZONE = "unknown_zone"
    NO_SUCH_DATE = "no_such_date"
    UNCLEAR_OPT_IN = "unclear_opt_in"
    FORMULA = "formula"
    DIRECTION_MARK = "direction_mark"
    CONTROL_CHARACTER = "control_character"
    UNREADABLE_CHARACTER = "unreadable_character"
    TEXT_TOO_LONG = "text_too_long"
    QUOTE_NEVER_CLOSED = "quote_never_closed"
    WRONG_COLUMN_COUNT = "wrong_column_count"
    ROW_TOO_LONG = "row_too_long"
    IN_SERIES = "in_series"
    ERASED = "erased"
    # the row is the same person as an earlier row of the file
    SAME_PERSON = "same_person"
    # the row is imported, but no SMS goes to it
    LANDLINE = "landline"
    VOIP = "voip"
    OTHER_LINE = "other_line"
    NO_MOBILE = "no_mobile"
    SUPPRESSED = "suppressed"
    # the row is imported, and something is to be known about it
    SHARED_PHONE = "shared_phone"
    NO_OPT_IN = "no_opt_in"
    ERASED_BEFORE = "erased_before"
    # after an undo
    KEPT = "kept"


SENTENCES: Mapping[Reason, str] = {
    Reason.NO_PHONE: gettext_noop("No phone"),
    Reason.LETTERS: gettext_noop("Letters in the number"),
    Reason.TOO_SHORT: gettext_noop("Too short for %(country)s"),
    Reason.TOO_LONG: gettext_noop("Too long for %(country)s"),
    Reason.UNASSIGNED_PREFIX: gettext_noop("Number range not in use"),
    Reason.NO_COUNTRY_CODE: gettext_noop("No country code"),
    Reason.DIGITS_LOST: gettext_noop("Digits lost in a spreadsheet"),
    Reason.PLACEHOLDER: gettext_noop("A placeholder, not a number"),
    Reason.EXTENSION: gettext_noop("Number with an extension"),
    Reason.TWO_NUMBERS: gettext_noop("Two numbers in one cell"),
    Reason.TOLL_FREE: gettext_noop("Freephone number"),
    Reason.PREMIUM_RATE: gettext_noop("Premium-rate number"),
    Reason.SHARED_COST: gettext_noop("Shared-cost number"),
    Reason.NO_ADDRESS: gettext_noop("No phone, e-mail or id"),
    Reason.EMAIL_TWO_ATS: gettext_noop("Two @ signs"),
    Reason.EMAIL_WRONG: gettext_noop("Not an e-mail address"),
    Reason.UNKNOWN_COUNTRY: gettext_noop("Unknown country"),
    Reason.TWO_COUNTRIES: gettext_noop("Two countries in one cell"),
    Reason.UNKNOWN_LANGUAGE: gettext_noop("Unknown language"),
    Reason.UNKNOWN_ZONE: gettext_noop("Unknown time zone"),
    Reason.NO_SUCH_DATE: gettext_noop("This date does not exist"),
    Reason.UNCLEAR_OPT_IN: gettext_noop("Neither yes nor no"),
    Reason.FORMULA: gettext_noop("Formula in a text"),
    Reason.DIRECTION_MARK: gettext_noop("Hidden direction mark"),
    Reason.CONTROL_CHARACTER: gettext_noop("Hidden control character"),
    Reason.UNREADABLE_CHARACTER: gettext_noop("Characters that the file's encoding does not have"),
    Reason.TEXT_TOO_LONG: gettext_noop("Longer than %(limit)s characters"),
    Reason.QUOTE_NEVER_CLOSED: gettext_noop("A quotation mark is never closed"),
    Reason.WRONG_COLUMN_COUNT: gettext_noop("%(found)s columns, the head has %(expected)s"),
    Reason.ROW_TOO_LONG: gettext_noop("The row is longer than %(limit)s characters"),
    Reason.IN_SERIES: gettext_noop("One of a series of numbers that differ by one"),
    Reason.ERASED: gettext_noop("This person was erased: left out unless you decide otherwise"),
    Reason.SAME_PERSON: gettext_noop("The same person as row %(row)s"),
    Reason.LANDLINE: gettext_noop("Landline: kept, not used for SMS"),
    Reason.VOIP: gettext_noop("Internet telephony: kept, not used for SMS"),
    Reason.OTHER_LINE: gettext_noop("Not a mobile number: kept, not used for SMS"),
    Reason.NO_MOBILE: gettext_noop("No phone: kept, not used for SMS"),
    Reason.SUPPRESSED: gettext_noop("On the opt-out list (%(cause)s): kept, nothing is sent"),
    Reason.SHARED_PHONE: gettext_noop("Another person has the same phone"),
    Reason.NO_OPT_IN: gettext_noop("No consent in the file"),
    Reason.ERASED_BEFORE: gettext_noop("Was erased before, and taken in again by decision"),
    Reason.KEPT: gettext_noop("Kept: something has happened since"),
}

# Where the country is not known.
_SENTENCES_WITHOUT_COUNTRY: Mapping[Reason, str] = {
    Reason.TOO_SHORT: gettext_noop("Too short"),
    Reason.TOO_LONG: gettext_noop("Too long"),
}


class Remedy(StrEnum):
    """What can be done about a rejected row. All but the first, the second and the third carry a value to take."""

    LEAVE_OUT = "leave_out"
    ASK_AGAIN = "ask_again"
    NEEDS_DIGITS = "needs_digits"
    USE_VALUE = "use_value"
    AS_TEXT = "as_text"
    WITHOUT_IT = "without_it"
    REMOVE_MARK = "remove_mark"
    SHORTEN = "shorten"


REMEDY_SENTENCES: Mapping[Remedy, str] = {
    Remedy.LEAVE_OUT: gettext_noop("Leave out"),
    Remedy.ASK_AGAIN: gettext_noop("Ask for the file again"),
    Remedy.NEEDS_DIGITS: gettext_noop("Needs %(digits)s digits"),
    Remedy.USE_VALUE: gettext_noop("%(value)s"),
    Remedy.AS_TEXT: gettext_noop("Import as text"),
    Remedy.WITHOUT_IT: gettext_noop("Import without it"),
    Remedy.REMOVE_MARK: gettext_noop("Remove the mark"),
    Remedy.SHORTEN: gettext_noop("Import the first %(limit)s characters"),
}


Note = tuple[str, dict[str, str]]


def pack_note(code: StrEnum | None, params: Mapping[str, str | int] | None = None) -> str:
    """A reason or a remedy with its parameters as one text, as it is stored: `too_short?country=BR`; none: empty."""
    if code is None:
        return ""
    return f"{code.value}?{urlencode(params)}" if params else code.value


def unpack_note(packed: str) -> Note:
    """The code and the parameters of a stored note."""
    code, _, query = packed.partition("?")
    return code, dict(parse_qsl(query, keep_blank_values=True))


def sentence_of_reason(packed: str) -> Note:
    """The untranslated sentence of a stored reason, and its parameters. The country is its ISO code."""
    code, params = unpack_note(packed)
    reason = Reason(code)
    if reason in _SENTENCES_WITHOUT_COUNTRY and not params.get("country"):
        return _SENTENCES_WITHOUT_COUNTRY[reason], params
    return SENTENCES[reason], params


def sentence_of_remedy(packed: str) -> Note:
    """The untranslated sentence of a stored remedy, and its parameters."""
    code, params = unpack_note(packed)
    return REMEDY_SENTENCES[Remedy(code)], params


def reason_of_phone(reason: PhoneReason) -> Reason:
    """The row's reason for a phone's."""
    return Reason(reason.value)


def reason_of_line(line: LineType) -> Reason | None:
    """What a line type means for an import: rejected service numbers, lines without SMS, or nothing to say."""
    match line:
        case LineType.MOBILE | LineType.MOBILE_OR_LANDLINE:
            return None
        case LineType.LANDLINE:
            return Reason.LANDLINE
        case LineType.VOIP:
            return Reason.VOIP
        case LineType.TOLL_FREE:
            return Reason.TOLL_FREE
        case LineType.PREMIUM_RATE:
            return Reason.PREMIUM_RATE
        case LineType.SHARED_COST:
            return Reason.SHARED_COST
        case LineType.PERSONAL | LineType.PAGER | LineType.COMPANY | LineType.VOICEMAIL:
            return Reason.OTHER_LINE
        case _:
            assert_never(line)


SERVICE_NUMBERS = frozenset({Reason.TOLL_FREE, Reason.PREMIUM_RATE, Reason.SHARED_COST})
