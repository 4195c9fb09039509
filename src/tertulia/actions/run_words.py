"""What began a run in words: an event by its own name, anything else by what it is."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from tertulia.core.occasions import CALLED, OCCASIONS, RECEIVED

WORDS: Final[Mapping[str, Promise]] = {
    RECEIVED: gettext_lazy("message received"),
    CALLED: gettext_lazy("call of the API"),
}


def name_cause(event: Mapping[str, Any]) -> str:
    """Of the event that a run keeps."""
    name = str(event.get("name", ""))
    return str(WORDS.get(name, name)) if event.get("type") in OCCASIONS else name


def name_told_cause(facts: Mapping[str, Any]) -> str:
    """Of what a row of the ledger tells of it."""
    return name_cause({"name": facts.get("event_name", ""), "type": facts.get("event_type", "")})
