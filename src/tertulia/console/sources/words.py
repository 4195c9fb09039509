"""Words for what tracking calls say: their types, the JSON types of properties, who did it."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

CALLS = {
    "identify": gettext_lazy("Identified"),
    "track": gettext_lazy("Event"),
    "page": gettext_lazy("Page"),
    "screen": gettext_lazy("Screen"),
    "group": gettext_lazy("Group"),
    "alias": gettext_lazy("Alias"),
    "derived": gettext_lazy("Derived"),
    "item": gettext_lazy("Item of a catalog"),
    "no_item": gettext_lazy("Item taken out"),
}
CALL_ICONS = {
    "identify": "user-check",
    "track": "zap",
    "page": "globe",
    "screen": "smartphone",
    "group": "building-2",
    "alias": "git-merge",
    "derived": "hourglass",
}
JSON_TYPES = {
    "text": gettext_lazy("text"),
    "number": gettext_lazy("number"),
    "boolean": gettext_lazy("yes or no"),
    "object": gettext_lazy("object"),
    "list": gettext_lazy("list"),
    "null": gettext_lazy("empty"),
}
ID_CHARACTERS = 12


def name_call(call: str) -> str:
    """The type of a call in words; one that is not known as it came."""
    return str(CALLS.get(call, call)) or _("Message")


def name_event(call: str, name: str) -> str:
    """What an event is called: its own name, else its type."""
    return name or name_call(call)


def name_visitor(user_id: str, anonymous_id: str) -> str:
    """Who did it, where no contact's name is known: the business's own id, else that it is somebody unknown."""
    if user_id:
        return user_id
    if not anonymous_id:
        return _("a group")
    short = anonymous_id if len(anonymous_id) <= ID_CHARACTERS else f"{anonymous_id[:ID_CHARACTERS]}…"
    return _("unknown visitor %(id)s") % {"id": short}
