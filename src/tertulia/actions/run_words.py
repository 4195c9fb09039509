"""What began a run in words: an event by its own name, anything else by what it is."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from tertulia.core.occasions import CALLED, COMMENTED, OCCASIONS, OUTCOMES, RECEIVED, STARTED

WORDS: Final[Mapping[str, Promise]] = {
    RECEIVED: gettext_lazy("message received"),
    COMMENTED: gettext_lazy("comment received"),
    OUTCOMES["delivered"]: gettext_lazy("message delivered"),
    OUTCOMES["opened"]: gettext_lazy("message opened"),
    OUTCOMES["clicked"]: gettext_lazy("link opened"),
    OUTCOMES["replied"]: gettext_lazy("message answered"),
    OUTCOMES["failed"]: gettext_lazy("message failed"),
    OUTCOMES["ignored"]: gettext_lazy("message ignored"),
    STARTED: gettext_lazy("another journey"),
    CALLED: gettext_lazy("call of the API"),
}


def name_cause(event: Mapping[str, Any]) -> str:
    """Of the event that a run keeps."""
    name = str(event.get("name", ""))
    return str(WORDS.get(name, name)) if event.get("type") in OCCASIONS else name


def name_told_cause(facts: Mapping[str, Any]) -> str:
    """Of what a row of the ledger tells of it."""
    return name_cause({"name": facts.get("event_name", ""), "type": facts.get("event_type", "")})
