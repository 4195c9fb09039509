"""Documents that are kept in files: what applying them would change, and applying them, all or none.

A file is compared with the newest revision, word for word: that is what people enter. What is not among the files is
left alone, so that some journeys can be kept in files and others in the console.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from tertulia.actions.journeys import KEY, check_text, create_journey, is_published, publish, save_draft
from tertulia.actions.problems import Problem
from tertulia.data.models import Journey, Workspace

NO_NEWLINE: Final = "\\ No newline at end of file"


@dataclass(frozen=True, slots=True)
class Planned:
    """What applying one document would do: `change` is new, changed or unchanged; `revision` the number that it gets,
    or has; `diff` the lines that change; `problems` what forbids it; `replaces_draft`: somebody's draft in the console,
    which was not published, would be lost."""

    key: str
    name: str
    text: str
    change: str
    revision: int
    diff: tuple[str, ...]
    problems: tuple[Problem, ...]
    replaces_draft: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that applying would do. `left`: the keys of journeys that no document is about."""

    documents: tuple[Planned, ...]
    left: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether it can be applied."""
        return not any(item.problems for item in self.documents)


def plan_journeys(workspace: Workspace, texts: Mapping[str, str]) -> Plan:
    """`texts`: documents by the keys of their journeys."""
    known = {
        journey.key: journey for journey in Journey.objects.filter(workspace=workspace).select_related("workspace")
    }
    planned = [_plan_one(workspace, known.get(key), key, text, texts) for key, text in sorted(texts.items())]
    return Plan(tuple(planned), tuple(sorted(known.keys() - texts.keys())))


def apply_plan(workspace: Workspace, now: datetime, plan: Plan) -> None:
    """Publish what is new or changed, in the caller's transaction; all drafts come first, for they may name each other.
    Raises Refused or Conflict for what has changed meanwhile."""
    drafts = [_draft(workspace, now, item) for item in plan.documents if item.change in ("new", "changed")]
    for journey in drafts:
        publish(journey, None, now, version=journey.version)


def _draft(workspace: Workspace, now: datetime, item: Planned) -> Journey:
    if item.change == "new":
        return create_journey(workspace, None, now, item.text, name=item.name, key=item.key)
    journey: Journey = Journey.objects.select_related("workspace").get(workspace=workspace, key=item.key)
    if journey.document == item.text:
        return journey
    return save_draft(journey, None, now, item.text, version=journey.version)


def _plan_one(workspace: Workspace, journey: Journey | None, key: str, text: str, coming: Iterable[str]) -> Planned:
    document, problems = check_text(workspace, text, coming)
    name = document.name if document else ""
    if not re.fullmatch(KEY, key):
        message = _("The file's name is the journey's key: small letters, digits, - and _, at most 60.")
        problems = [Problem("invalid", message, "key", 1, column=1), *problems]
    if journey is None:
        return Planned(key, name, text, "new", 1, _compare("", text), tuple(problems))
    if journey.state in ("cancelling", "cancelled"):
        message = _("This journey was cancelled. Give the file another name to make a new one of it.")
        problems = [Problem("conflict", message, "key", 1, column=1), *problems]
    before = _read_newest(journey)
    number = journey.revision or 0
    if journey.revision is not None and before == text:
        return Planned(key, name, text, "unchanged", number, (), tuple(problems))
    is_lost = journey.document != text and not is_published(journey)
    return Planned(key, name, text, "changed", number + 1, _compare(before, text), tuple(problems), is_lost)


def _read_newest(journey: Journey) -> str:
    """The newest revision; the draft of a journey that was never published."""
    revision = journey.revisions.filter(number=journey.revision).first() if journey.revision else None
    return str(revision.document if revision else journey.document)


def _compare(before: str, after: str) -> tuple[str, ...]:
    """The lines of a unified diff, without the names of the files."""
    lines = list(difflib.unified_diff(_split(before), _split(after), lineterm=""))
    return tuple(lines[2:])


def _split(text: str) -> Sequence[str]:
    lines = text.splitlines()
    return lines if text.endswith("\n") or not text else [*lines, NO_NEWLINE]
