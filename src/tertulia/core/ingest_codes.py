"""Why a message of a tracking SDK was not taken. Where Segment has a name for it, it is Segment's."""

from enum import StrEnum


class Code(StrEnum):
    """One reason. All but BAD_TIMESTAMP discard the message."""

    NO_USER_ANON_ID = "no_user_anon_id"
    ID_NOT_STRING = "id_not_string"
    ID_TOO_LONG = "id_too_long"
    EVENT_NOT_DEFINED = "event_not_defined"
    EVENT_NOT_STRING = "event_not_string"
    PROPERTIES_NOT_OBJECT = "properties_not_object"
    TRAITS_NOT_OBJECT = "traits_not_object"
    NAME_NOT_STRING = "name_not_string"
    CATEGORY_NOT_STRING = "category_not_string"
    GROUP_ID_MISSING = "group_id_missing"
    PREVIOUS_ID_MISSING = "previous_id_missing"
    UNKNOWN_TYPE = "unknown_type"
    MESSAGE_NOT_OBJECT = "message_not_object"
    MESSAGE_TOO_LARGE = "message_too_large"
    TOO_DEEP = "too_deep"
    BATCH_TOO_MANY = "batch_too_many"
    EMPTY_BATCH = "empty_batch"
    SOURCE_DISABLED = "source_disabled"
    NOT_WRITTEN = "not_written"
    BAD_TIMESTAMP = "bad_timestamp"
