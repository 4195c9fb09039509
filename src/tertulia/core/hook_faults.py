"""What can be wrong with a mapping of webhooks, or with what it makes of one payload: codes with their sentences.

A fault names the line of the mapping and the field. Its sentence is a gettext id with named values; whoever shows it
translates it. `HookCode` says why a webhook was not taken, in the debugger beside what tracking calls have.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from tertulia.core.reasons import gettext_noop


class HookCode(StrEnum):
    """Why a webhook, or an event of it, was not taken. All but PRIVACY_REQUEST discard it."""

    INVALID_JSON = "invalid_json"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    BODY_PACKED = "body_packed"
    NO_MAPPING = "no_mapping"
    NO_RULE = "no_rule"
    MAPPING_FAILED = "mapping_failed"
    LIST_TOO_LONG = "list_too_long"
    BAD_ITEM = "bad_item"
    NO_CATALOG = "no_catalog"
    CATALOG_FULL = "catalog_full"
    NO_SECRET = "no_secret"  # noqa: S105 (a code)
    NO_SIGNATURE = "no_signature"
    BAD_SIGNATURE = "bad_signature"
    TOO_OLD = "too_old"
    PRIVACY_REQUEST = "privacy_request"


class FaultCode(StrEnum):
    """What is wrong with a mapping's text, or with one path on one payload."""

    TOO_LONG = "too_long"
    NOT_YAML = "not_yaml"
    ALIAS = "alias"
    NOT_A_MAP = "not_a_map"
    NOT_A_LIST = "not_a_list"
    NOT_A_TEXT = "not_a_text"
    UNKNOWN_FIELD = "unknown_field"
    TWICE = "twice"
    NO_RULES = "no_rules"
    TOO_MANY = "too_many"
    BAD_PATH = "bad_path"
    BAD_FORM = "bad_form"
    BAD_VERB = "bad_verb"
    NO_EVENT = "no_event"
    TWO_EVENTS = "two_events"
    NO_ITEM = "no_item"
    BAD_FIELD = "bad_field"
    USELESS = "useless"
    PATH_FAILED = "path_failed"
    EACH_NOT_LIST = "each_not_list"


SENTENCES: Final[Mapping[FaultCode, str]] = {
    FaultCode.TOO_LONG: gettext_noop("The mapping has more than %(most)s characters. Leave out rules or comments."),
    FaultCode.NOT_YAML: gettext_noop(
        "This is neither YAML nor JSON. Look at the indentation, and put a path with a colon or a # in quotes."
    ),
    FaultCode.ALIAS: gettext_noop("Anchors and aliases (& and *) are not read. Write the part out, or quote the text."),
    FaultCode.NOT_A_MAP: gettext_noop("“%(field)s” takes fields with values, such as “name: path”."),
    FaultCode.NOT_A_LIST: gettext_noop("“%(field)s” takes a list: each entry begins with a dash."),
    FaultCode.NOT_A_TEXT: gettext_noop("“%(field)s” takes a text."),
    FaultCode.UNKNOWN_FIELD: gettext_noop("There is no field “%(field)s” here. Use one of: %(known)s."),
    FaultCode.TWICE: gettext_noop("“%(field)s” stands here twice. Take one of them away."),
    FaultCode.NO_RULES: gettext_noop(
        "There are no rules. Under “rules”, each entry says which event is made, and when."
    ),
    FaultCode.TOO_MANY: gettext_noop("“%(field)s” has more than %(most)s entries."),
    FaultCode.BAD_PATH: gettext_noop(
        "“%(field)s”: this path cannot be read from its character %(at)s on. Compare it with the examples."
    ),
    FaultCode.BAD_FORM: gettext_noop(
        "“%(field)s” takes a path, or one of {value: ...}, {join: [...]} and {first: [...]}."
    ),
    FaultCode.BAD_VERB: gettext_noop("“do” is one of: %(known)s."),
    FaultCode.NO_EVENT: gettext_noop("This rule makes an event without a name. Add “event” or “event_from”."),
    FaultCode.TWO_EVENTS: gettext_noop("The event's name stands both in “event” and in “event_from”. Keep one."),
    FaultCode.NO_ITEM: gettext_noop(
        "This rule is about an item. Add “catalog” with the key of a catalog, and “item”, where the item's id stands."
    ),
    FaultCode.BAD_FIELD: gettext_noop(
        "A catalog has no field called “%(name)s”. Begin with a letter, and use letters, digits, - and _, at most 60."
    ),
    FaultCode.USELESS: gettext_noop("A rule with “do: %(verb)s” does not use “%(field)s”. Take it away."),
    FaultCode.PATH_FAILED: gettext_noop(
        "“%(field)s”: the path does not fit this payload: a function in it was given a value of another type."
    ),
    FaultCode.EACH_NOT_LIST: gettext_noop("“each” leads to something that is no list in this payload."),
}


class Fault(msgspec.Struct, frozen=True):
    """What is wrong, in which field, at which line and column of the mapping from 1 (0: not known)."""

    code: FaultCode
    field: str = ""
    line: int = 0
    column: int = 0
    values: dict[str, str] = {}

    @property
    def sentence(self) -> str:
        """The gettext id."""
        return SENTENCES[self.code]

    @property
    def parameters(self) -> dict[str, str]:
        """What stands in the sentence's places."""
        return {"field": self.field, **self.values}


class MappingInvalid(Exception):
    """A mapping that cannot be used, with every fault found."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults[0].code if faults else "")
        self.faults = faults
