"""A bandit needs something to go by: the journey's goal."""

from collections.abc import Iterator, Sequence
from typing import Any

from tertulia.core.journeys import Journey
from tertulia.core.reasons import gettext_noop as _
from tertulia.documents.lines import Path, Problem, Written


def check_bandits(written: Written, journey: Journey, steps: Sequence[Any]) -> Iterator[Problem]:
    """Splits whose weights are to follow a goal that the journey does not have."""
    if journey.goal is None:
        message = _("A bandit needs the journey's goal: give one, or leave this out.")
        for path in _list_bandits(steps, ("steps",)):
            yield Problem(written.find(path), path, message)


def _list_bandits(value: Any, path: Path) -> Iterator[Path]:
    """Wherever they stand; the documents of steps are not known to be right yet."""
    if isinstance(value, list | tuple):
        for place, part in enumerate(value):
            yield from _list_bandits(part, (*path, place))
    elif isinstance(value, dict):
        if value.get("kind") == "split" and value.get("weights") == "bandit":
            yield (*path, "weights")
        for name, part in value.items():
            if isinstance(part, list):
                yield from _list_bandits(part, (*path, name))
