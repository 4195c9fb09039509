"""Why a row of a file of past events is not taken, each with the sentence that people read.

Beside these stand the reasons of lists that concern every file (a quotation mark that is never closed), and the codes
of single messages (`core.ingest_codes`), as `NOT_TAKEN` with the code. Sentences are gettext sources with named
parameters; pages translate them, nothing here does.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from tertulia.core.import_reasons import Note, Reason, gettext_noop, sentence_of_reason, unpack_note


class PastReason(StrEnum):
    """One reason."""

    NO_WHO = "no_who"
    NOBODY = "nobody_has_it"
    SEVERAL = "several_have_it"
    ERASED_PERSON = "erased_person"
    NO_EVENT = "no_event_name"
    NO_TIME = "no_time"
    UNREADABLE_TIME = "unreadable_time"
    IN_FUTURE = "in_future"
    TOO_OLD = "too_old"
    NOT_JSON = "not_json"
    NOT_TAKEN = "not_taken"
    TWICE = "twice_in_file"


PAST_SENTENCES: Final[Mapping[PastReason, str]] = {
    PastReason.NO_WHO: gettext_noop("Nobody is named: no user id, anonymous id, e-mail or phone"),
    PastReason.NOBODY: gettext_noop("No contact has it: import the contacts first, then their past events"),
    PastReason.SEVERAL: gettext_noop("Several contacts have it: give a user id for these rows"),
    PastReason.ERASED_PERSON: gettext_noop("This person was erased and is not brought back"),
    PastReason.NO_EVENT: gettext_noop("No event name: fill it in, or give one name for all rows"),
    PastReason.NO_TIME: gettext_noop("No time: a past event needs the moment at which it happened"),
    PastReason.UNREADABLE_TIME: gettext_noop("Not a time that can be read: write it as 2026-03-01 09:14:00"),
    PastReason.IN_FUTURE: gettext_noop("In the future: only what has happened can be imported"),
    PastReason.TOO_OLD: gettext_noop("Too old: events are kept %(days)s days (EVENTS_KEPT_DAYS)"),
    PastReason.NOT_JSON: gettext_noop("The line is no JSON object"),
    PastReason.NOT_TAKEN: gettext_noop("Not taken: %(code)s"),
    PastReason.TWICE: gettext_noop("The message id stands in an earlier row: taken once"),
}


def sentence_of_past(packed: str) -> Note:
    """The untranslated sentence of a stored reason, and its parameters."""
    code, params = unpack_note(packed)
    if code in set(Reason):
        return sentence_of_reason(packed)
    return PAST_SENTENCES[PastReason(code)], params
