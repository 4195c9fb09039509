"""What may be wrong with a broadcast: a journey that an audience enters once, whose steps are messages."""

from collections.abc import Iterator
from typing import Final

from tertulia.core.journeys import AudienceEntry, Journey
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.message.step import MessageStep
from tertulia.documents.lines import Path, Problem, Written

BOXES_MAX: Final = 10


def check_broadcast(written: Written, journey: Journey) -> Iterator[Problem]:
    """What a journey may be and a broadcast may not."""

    def problem(path: Path, message: str, **parameters: str) -> Problem:
        return Problem(written.find(path), path, message, parameters)

    entry = journey.entry
    if not isinstance(entry, AudienceEntry):
        yield problem(("entry", "kind"), _("A broadcast is entered by an audience: write kind: audience."))
    elif entry.every is not None:
        message = _("A broadcast goes out once. Give a date (on) or at_launch, or make a journey of it.")
        yield problem(("entry", "every"), message)
    if len(journey.steps) > BOXES_MAX:
        yield problem(("steps",), _("A broadcast has at most %(most)s messages."), most=str(BOXES_MAX))
    for place, raw in enumerate(journey.steps):
        if isinstance(raw, dict) and raw.get("kind") in (None, MessageStep.KIND):
            continue
        yield problem(("steps", place, "kind"), _("A broadcast has messages only. Make a journey of it for more."))
