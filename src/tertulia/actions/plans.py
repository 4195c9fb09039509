"""Documents that are kept in files: what applying them would change, and applying them, all or none.

A file is compared with the newest revision, word for word: that is what people enter, or what messages are made of.
What is not among the files is left alone, so that some documents can be kept in files and others in the console.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from django.utils.translation import gettext as _

from tertulia.actions import journeys, segments, templates
from tertulia.actions.drafts import KEY
from tertulia.actions.problems import Problem
from tertulia.actions.revisions import Outlook, count_choices
from tertulia.core.revisions import FINISH
from tertulia.core.segment_document import list_named
from tertulia.data.models import Journey, Segment, Template, Workspace
from tertulia.documents.delivery_control import is_control_change
from tertulia.documents.segments import read_segment
from tertulia.store.db import django_conn

Row = TypeVar("Row", Journey, Template, Segment)
NO_NEWLINE: Final = "\\ No newline at end of file"


@dataclass(frozen=True, slots=True)
class Texts:
    """Documents of a workspace by their keys."""

    journeys: Mapping[str, str]
    templates: Mapping[str, str]
    segments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Planned:
    """What applying one document would do: `change` is new, changed or unchanged; `revision` the number that it gets,
    or has; `diff` the lines that change; `problems` what forbids it; `replaces_draft`: somebody's draft in the console,
    which was not published, would be lost; `runs`: what that does to those who are in a changed journey (V1)."""

    key: str
    name: str
    text: str
    change: str
    revision: int
    diff: tuple[str, ...]
    problems: tuple[Problem, ...]
    replaces_draft: bool = False
    runs: Outlook | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Documents of one noun. `left`: the keys of those that no document is about."""

    documents: tuple[Planned, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that applying would do."""

    journeys: Part
    templates: Part
    segments: Part

    @property
    def documents(self) -> tuple[Planned, ...]:
        """Journeys last, for they name the others."""
        return (*self.templates.documents, *self.segments.documents, *self.journeys.documents)

    @property
    def is_good(self) -> bool:
        """Whether it can be applied."""
        return not any(item.problems for item in self.documents)


def plan_documents(workspace: Workspace, texts: Texts) -> Plan:
    """Documents of one folder may name each other."""
    return Plan(
        _plan_journeys(workspace, texts), _plan_templates(workspace, texts.templates), _plan_segments(workspace, texts)
    )


def list_texts(workspace: Workspace) -> tuple[Texts, list[str]]:
    """Every published document as its newest revision has it, so that applying them changes nothing; and the keys of
    those that are left out: drafts, cancelled journeys and archived segments, and broadcasts that were launched, which
    would go out once more elsewhere."""
    left: list[str] = []

    def read(
        rows: Iterable[Row], read_newest: Callable[[Row], str | None], is_over: Callable[[Row], bool]
    ) -> dict[str, str]:
        found = {}
        for row in rows:
            text = None if is_over(row) else read_newest(row)
            if text is None:
                left.append(row.key)
            else:
                found[row.key] = text
        return found

    mine = {"workspace": workspace}
    texts = Texts(
        read(Journey.objects.filter(**mine).order_by("key"), journeys.read_newest, _is_over),
        read(Template.objects.filter(**mine).order_by("key"), templates.read_newest, lambda _: False),
        read(Segment.objects.filter(**mine).order_by("key"), segments.read_newest, lambda row: row.state == "archived"),
    )
    return texts, left


def _is_over(journey: Journey) -> bool:
    return journey.kind == "broadcast" or journey.state in ("cancelling", "cancelled")


def apply_plan(workspace: Workspace, now: datetime, plan: Plan, runs: str = FINISH) -> None:
    """Publish what is new or changed, in the caller's transaction: templates; then all drafts of journeys, for
    everything may name them; then segments, and the journeys. `runs`: what becomes of those who are in changed ones
    (V1). Raises Refused or Conflict for what has changed meanwhile."""
    for item in _list_changes(plan.templates):
        template = _draft_template(workspace, now, item)
        templates.publish(template, None, now, version=template.version)
    drafts = [_draft_journey(workspace, now, item) for item in _list_changes(plan.journeys)]
    changed = {item.key: item for item in _list_changes(plan.segments)}
    for item in _order(changed):
        segment = _draft_segment(workspace, now, item)
        segments.publish(segment, None, now, version=segment.version)
    for journey in drafts:
        journeys.publish(journey, None, now, version=journey.version, runs=runs)


def _order(changed: Mapping[str, Planned]) -> list[Planned]:
    """Segments after those that they name: none leads back to itself, which their check has seen."""
    ordered: dict[str, Planned] = {}

    def put(key: str) -> None:
        if key in changed and key not in ordered:
            for name in list_named(read_segment(changed[key].text).where):
                put(name)
            ordered[key] = changed[key]

    for key in changed:
        put(key)
    return list(ordered.values())


def _list_changes(part: Part) -> list[Planned]:
    return [item for item in part.documents if item.change in ("new", "changed")]


def _draft_journey(workspace: Workspace, now: datetime, item: Planned) -> Journey:
    if item.change == "new":
        return journeys.create_journey(workspace, None, now, item.text, name=item.name, key=item.key)
    journey: Journey = Journey.objects.select_related("workspace").get(workspace=workspace, key=item.key)
    if journey.document == item.text:
        return journey
    return journeys.save_draft(journey, None, now, item.text, version=journey.version)


def _draft_template(workspace: Workspace, now: datetime, item: Planned) -> Template:
    if item.change == "new":
        return templates.create_template(workspace, None, now, item.text, name=item.name, key=item.key)
    template: Template = Template.objects.select_related("workspace").get(workspace=workspace, key=item.key)
    if template.document == item.text:
        return template
    return templates.save_draft(template, None, now, item.text, version=template.version)


def _draft_segment(workspace: Workspace, now: datetime, item: Planned) -> Segment:
    if item.change == "new":
        return segments.create_segment(workspace, None, now, item.text, name=item.name, key=item.key)
    segment: Segment = Segment.objects.select_related("workspace").get(workspace=workspace, key=item.key)
    if segment.document == item.text:
        return segment
    return segments.save_draft(segment, None, now, item.text, version=segment.version)


def _plan_segments(workspace: Workspace, texts: Texts) -> Part:
    known = {segment.key: segment for segment in Segment.objects.filter(workspace=workspace)}
    planned = []
    for key, text in sorted(texts.segments.items()):
        document, problems = segments.check_text(workspace, text, key, texts.segments, texts.journeys)
        problems = [*_check_key(key, _("The file's name is the segment's key: %(rule)s")), *problems]
        segment = known.get(key)
        if segment is not None and segment.state == "archived":
            message = _("This segment is archived. Bring it back first, or give the file another name.")
            problems = [Problem("conflict", message, "key", 1, column=1), *problems]
        before = None if segment is None else segments.read_newest(segment)
        name = document.name if document else ""
        planned.append(_plan_one(key, name, text, segment, before, tuple(problems)))
    return Part(tuple(planned), tuple(sorted(known.keys() - texts.segments.keys())))


def _plan_journeys(workspace: Workspace, texts: Texts) -> Part:
    known = {
        journey.key: journey for journey in Journey.objects.filter(workspace=workspace).select_related("workspace")
    }
    planned = []
    for key, text in sorted(texts.journeys.items()):
        document, problems = journeys.check_text(workspace, text, texts.journeys, texts.templates, texts.segments)
        problems = [*_check_key(key, _("The file's name is the journey's key: %(rule)s")), *problems]
        journey = known.get(key)
        if journey is not None and journey.state in ("cancelling", "cancelled"):
            message = _("This journey was cancelled. Give the file another name to make a new one of it.")
            problems = [Problem("conflict", message, "key", 1, column=1), *problems]
        before = None if journey is None else journeys.read_newest(journey)
        launched = journey is not None and journey.kind == "broadcast" and journey.state != "draft"
        if launched and before != text and not is_control_change(before, text):
            message = _("This broadcast was launched, and is not launched again. Give the file another name.")
            problems = [Problem("conflict", message, "key", 1, column=1), *problems]
        name = document.name if document else ""
        item = _plan_one(key, name, text, journey, before, tuple(problems))
        if journey is not None and journey.revision and document is not None and item.change == "changed":
            item = replace(item, runs=count_choices(django_conn(), journey, document))
        planned.append(item)
    return Part(tuple(planned), tuple(sorted(known.keys() - texts.journeys.keys())))


def _plan_templates(workspace: Workspace, texts: Mapping[str, str]) -> Part:
    known = {template.key: template for template in Template.objects.filter(workspace=workspace)}
    planned = []
    for key, text in sorted(texts.items()):
        document, problems = templates.check_text(text)
        problems = [*_check_key(key, _("The file's name is the template's key: %(rule)s")), *problems]
        template = known.get(key)
        before = None if template is None else templates.read_newest(template)
        name = document.name if document else ""
        planned.append(_plan_one(key, name, text, template, before, tuple(problems)))
    return Part(tuple(planned), tuple(sorted(known.keys() - texts.keys())))


def _plan_one(
    key: str,
    name: str,
    text: str,
    stored: Journey | Template | Segment | None,
    before: str | None,
    problems: tuple[Problem, ...],
) -> Planned:
    """`before`: the newest revision of what is stored, None where it has none."""
    if stored is None:
        return Planned(key, name, text, "new", 1, _compare("", text), problems)
    number = stored.revision or 0
    if before == text:
        return Planned(key, name, text, "unchanged", number, (), problems)
    is_lost = stored.document not in (text, before)
    diff = _compare(stored.document if before is None else before, text)
    return Planned(key, name, text, "changed", number + 1, diff, problems, is_lost)


def _check_key(key: str, message: str) -> list[Problem]:
    if re.fullmatch(KEY, key):
        return []
    rule = _("small letters, digits, - and _, at most 60.")
    return [Problem("invalid", message % {"rule": rule}, "key", 1, column=1)]


def _compare(before: str, after: str) -> tuple[str, ...]:
    """The lines of a unified diff, without the names of the files."""
    lines = list(difflib.unified_diff(_split(before), _split(after), lineterm=""))
    return tuple(lines[2:])


def _split(text: str) -> Sequence[str]:
    lines = text.splitlines()
    return lines if text.endswith("\n") or not text else [*lines, NO_NEWLINE]
