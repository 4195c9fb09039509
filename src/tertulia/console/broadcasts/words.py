"""Words of broadcasts: what one is doing, its classes, when it goes out."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from tertulia.actions.broadcasts import Progress

_DOING: dict[str, tuple[str, Promise]] = {
    "draft": ("accent", gettext_lazy("Draft")),
    "scheduled": ("ok", gettext_lazy("Scheduled")),
    "sending": ("ok", pgettext_lazy("broadcast", "Going out")),
    "paused": ("warn", gettext_lazy("Paused")),
    "sent": ("", pgettext_lazy("broadcast", "Went out")),
    "missed": ("danger", gettext_lazy("Missed its time")),
    "cancelled": ("", gettext_lazy("Cancelled")),
}
RESULTS: dict[str, Promise] = {
    "sent": pgettext_lazy("messages", "Sent"),
    "delivered": pgettext_lazy("messages", "Delivered"),
    "opened": pgettext_lazy("messages", "Read"),
    "clicked": pgettext_lazy("messages", "Link opened"),
    "failed": pgettext_lazy("messages", "Failed"),
    "waiting": pgettext_lazy("messages", "Waiting"),
}
"""What became of messages, in the order of the table."""


@dataclass(frozen=True, slots=True)
class State:
    """A word and its colour; `dot` where it is at work."""

    word: Promise
    tone: str
    dot: bool


def describe_progress(progress: Progress) -> State:
    """What it is doing, in words."""
    tone, word = _DOING[progress.doing]
    return State(word, tone, progress.doing == "sending")
