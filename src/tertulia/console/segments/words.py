"""Words of conditions and states, as the pages of segments say them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from tertulia.data.models import Segment

KINDS: Final[Mapping[str, tuple[Promise, str]]] = {
    "attribute": (gettext_lazy("An attribute"), "tag"),
    "field": (gettext_lazy("Language, country, name"), "user"),
    "event": (gettext_lazy("What they did"), "activity"),
    "message": (gettext_lazy("What became of messages"), "send"),
    "consent": (gettext_lazy("Consent"), "shield-check"),
    "reachable": (gettext_lazy("Can be reached"), "smartphone"),
    "segment": (gettext_lazy("Another segment or list"), "users"),
    "random": (gettext_lazy("A share by chance"), "split"),
    "group": (gettext_lazy("A group of conditions"), "list"),
}
"""Each kind of condition: words and icon."""
JOINTS: Final[Mapping[str, Promise]] = {
    "all": gettext_lazy("all of these hold"),
    "any": gettext_lazy("any of these holds"),
    "none": gettext_lazy("none of these holds"),
}
MEASURES: Final[Mapping[str, Promise]] = {
    "count": gettext_lazy("how often"),
    "sum": gettext_lazy("a property added up"),
    "first": gettext_lazy("the first time"),
    "last": gettext_lazy("the last time"),
}
COUNT_OPERATORS: Final[Mapping[str, Promise]] = {
    "at_least": gettext_lazy("at least"),
    "is": gettext_lazy("exactly"),
    "at_most": gettext_lazy("at most"),
    "over": gettext_lazy("more than"),
    "under": gettext_lazy("less than"),
}
WHENS: Final[Mapping[str, Promise]] = {
    "within": gettext_lazy("in the last"),
    "before": gettext_lazy("longer ago than"),
}
MESSAGE_STATES: Final[Mapping[str, Promise]] = {
    "sent": gettext_lazy("sent"),
    "delivered": gettext_lazy("delivered"),
    "opened": gettext_lazy("read"),
    "clicked": gettext_lazy("link opened"),
    "failed": gettext_lazy("failed"),
}
TOPICS: Final[Mapping[str, Promise]] = {
    "marketing": gettext_lazy("offers"),
    "service": gettext_lazy("service messages"),
}
_STATES: Final[Mapping[str, tuple[str, Promise]]] = {
    "draft": ("accent", gettext_lazy("Draft")),
    "live": ("ok", pgettext_lazy("segment", "Published")),
    "archived": ("", gettext_lazy("Archived")),
}


@dataclass(frozen=True, slots=True)
class State:
    """A segment's state: a word and its colour."""

    word: Promise
    tone: str


def describe_state(segment: Segment) -> State:
    """In words."""
    tone, word = _STATES[segment.state]
    return State(word, tone)
