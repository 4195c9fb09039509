"""The words of the pages of past events: fields, types of properties, outcomes."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tertulia.core.past_fields import PastField, PropertyType

FIELDS: Mapping[str, Promise] = {
    PastField.USER_ID.value: _("User id"),
    PastField.ANONYMOUS_ID.value: _("Anonymous id"),
    PastField.EMAIL.value: _("E-mail"),
    PastField.PHONE.value: _("Phone"),
    PastField.EVENT.value: _("Event name"),
    PastField.TIME.value: _("Time"),
    PastField.ZONE.value: _("Time zone"),
    PastField.MESSAGE_ID.value: _("Message id"),
    PastField.PROPERTIES.value: _("All properties"),
}
TYPES: Mapping[str, Promise] = {
    PropertyType.TEXT.value: _("Property: text"),
    PropertyType.NUMBER.value: _("Property: number"),
    PropertyType.BOOLEAN.value: _("Property: yes or no"),
    PropertyType.JSON.value: _("Property: object or list"),
}
AS_IT_IS: Mapping[str, Promise] = {PropertyType.TEXT.value: _("Property")}
"""Of JSON, whose values have types of their own."""

MESSAGE_FIELDS: Mapping[str, Promise] = {
    "type": _("Kind of call"),
    "userId": _("User id"),
    "anonymousId": _("Anonymous id"),
    "previousId": _("Former id"),
    "groupId": _("Group"),
    "event": _("Event name"),
    "name": _("Name of page or screen"),
    "category": _("Property"),
    "properties": _("All properties"),
    "traits": _("Attributes of the contact"),
    "context": _("What the device said"),
    "timestamp": _("Time"),
    "originalTimestamp": _("Time"),
    "messageId": _("Message id"),
}
"""What messages of tracking SDKs hold; anything else is left out."""
