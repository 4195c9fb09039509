"""Templates from draft to revision: written, checked, published (S4, V1).

The draft is text, kept as somebody wrote it, also while it is wrong. Publishing checks it whole and makes a revision of
it, of which every message is made from the next cycle on, those of runs that began before too; what a message was made
of stays with it. Everything is written through Django's ORM in the caller's transaction.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import F
from django.utils.translation import gettext as _

from tertulia.actions.audit import record_act, record_change
from tertulia.actions.drafts import NAME_CHARACTERS_MAX, find_free_key, read_fault, read_name, refuse_text
from tertulia.actions.problems import Problem, Refused
from tertulia.core.templates import Template as Document
from tertulia.data.models import Journey, JourneyRevision, Template, TemplateRevision, User, Workspace
from tertulia.documents.lines import BadDocument, read_lines
from tertulia.documents.templates import check_template
from tertulia.errors import Conflict, NotFound

ID_MAX: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Use:
    """A journey whose message is made of a template: its steps' ids, the event that starts it (empty for another
    entry), and whether that is only in its draft yet."""

    journey: Journey
    steps: tuple[str, ...]
    event: str
    is_draft: bool


def access_template(workspace: Workspace, template_id: int) -> Template:
    """The only way to a template: one of this workspace. Raises NotFound."""
    found = Template.objects.filter(pk=template_id, workspace=workspace) if 0 <= template_id <= ID_MAX else None
    template: Template | None = found.select_related("workspace").first() if found is not None else None
    if template is None:
        raise NotFound(_("This template does not exist in this workspace."))
    return template


def list_templates(workspace: Workspace) -> list[Template]:
    """The workspace's templates, those changed last first."""
    return list(Template.objects.filter(workspace=workspace).order_by("-changed_at", "-id"))


def check_text(text: str) -> tuple[Document | None, list[Problem]]:
    """The document, where it is one, and everything that is wrong with it in the reader's language."""
    try:
        return check_template(text), []
    except BadDocument as bad:
        return None, [read_fault(fault) for fault in bad.problems]


def create_template(
    workspace: Workspace, user: User | None, now: datetime, text: str, *, name: str, key: str = ""
) -> Template:
    """A draft. `key`: its name in journeys and files; made from the name where none is given. Raises Refused,
    Conflict."""
    refuse_text(text, name, _nameless())
    taken = set(Template.objects.filter(workspace=workspace).values_list("key", flat=True))
    if key and key in taken:
        raise Conflict(_("There is a template with this key. Choose another."))
    free = find_free_key(key, name, taken, "template")
    told = {"name": name.strip(), "document": text, "created_by": user}
    template: Template
    template, is_first = Template.objects.get_or_create(workspace=workspace, key=free, defaults=told)
    if not is_first:  # somebody else took the key since
        return create_template(workspace, user, now, text, name=name, key=key)
    record_act(workspace, user, now, "template_created", _subject(template))
    return template


def save_draft(template: Template, user: User | None, now: datetime, text: str, *, version: int) -> Template:
    """Keep a draft as it was written, right or wrong. Its name is the document's where that can be read. Raises
    Refused; Conflict when somebody else changed it since `version`, which then stays as it is."""
    name = read_name(text) or template.name
    refuse_text(text, name, _nameless())
    changed = Template.objects.filter(pk=template.pk, version=version).update(
        document=text, name=name.strip()[:NAME_CHARACTERS_MAX], version=version + 1, changed_at=now
    )
    if not changed:
        raise Conflict(_("Somebody else has changed this template meanwhile. Reload it, and make your change again."))
    template.refresh_from_db()
    return template


def publish(template: Template, user: User | None, now: datetime, *, version: int) -> TemplateRevision:
    """The draft becomes the next revision, of which messages are made from now on. Raises Refused with everything that
    is wrong, and Conflict where somebody changed the draft since `version`."""
    locked = Template.objects.select_for_update().select_related("workspace").get(pk=template.pk)
    if locked.version != version:
        raise Conflict(_("Somebody else has changed this template meanwhile. Reload it, and look at it again."))
    document, problems = check_text(locked.document)
    if document is None:
        raise Refused(problems)
    number = (locked.revision or 0) + 1
    revision: TemplateRevision = TemplateRevision.objects.create(
        template=locked, number=number, document=locked.document, published_by=user, published_at=now
    )
    locked.revision, locked.name = number, document.name.strip()[:NAME_CHARACTERS_MAX]
    locked.save(update_fields=["revision", "name", "changed_at"])
    record_change(locked.workspace, user, now, "template_published", _subject(locked), {"revision": number})
    template.refresh_from_db()
    return revision


def read_newest(template: Template) -> str | None:
    """The newest revision's document; None for what was never published."""
    newest = template.revisions.filter(number=template.revision).first() if template.revision else None
    return str(newest.document) if newest is not None else None


def is_published(template: Template) -> bool:
    """Whether the draft is the newest revision, word for word."""
    return read_newest(template) == str(template.document)


def delete_draft(template: Template, user: User | None, now: datetime) -> None:
    """Remove a template that was never published, so that no message can be made of it. Raises Conflict."""
    if template.revision is not None:
        raise Conflict(_("This template was published: messages are made of it, or may be. It stays."))
    subject, workspace = _subject(template), template.workspace
    template.delete()
    record_act(workspace, user, now, "template_deleted", subject)


def list_uses(workspace: Workspace) -> dict[str, list[Use]]:
    """By key of the template: the journeys whose newest revision or draft makes a message of it, by name."""
    newest = JourneyRevision.objects.filter(journey__workspace=workspace, number=F("journey__revision"))
    documents = dict(newest.values_list("journey_id", "document"))
    found: dict[str, list[Use]] = {}
    for journey in Journey.objects.filter(workspace=workspace).exclude(state="cancelled").order_by("name", "id"):
        published = _read_uses(documents.get(journey.pk, ""))
        for key, (steps, event) in {**_read_uses(journey.document), **published}.items():
            found.setdefault(key, []).append(Use(journey, steps, event, key not in published))
    return found


def _read_uses(text: str) -> dict[str, tuple[tuple[str, ...], str]]:
    """By key of the template: the ids of the steps, and the event that starts the journey. A draft may be wrong in any
    place, so nothing is expected of it."""
    try:
        value = read_lines(text).value
    except BadDocument:
        return {}
    entry = value.get("entry") if isinstance(value, dict) else None
    event = str(entry.get("event") or "") if isinstance(entry, dict) else ""
    found: dict[str, tuple[str, ...]] = {}
    for key, step in _iter_named(value):
        found[key] = (*found.get(key, ()), step)
    return {key: (steps, event) for key, steps in found.items()}


def _iter_named(value: Any) -> Iterator[tuple[str, str]]:
    """Key of the template and id of every message that names one."""
    if isinstance(value, dict):
        if value.get("kind") == "message" and isinstance(value.get("template"), str) and value["template"]:
            yield value["template"], str(value.get("id", ""))
        for part in value.values():
            yield from _iter_named(part)
    elif isinstance(value, list):
        for part in value:
            yield from _iter_named(part)


def _nameless() -> str:
    return str(_("Give the template a name of at most 200 characters."))


def _subject(template: Template) -> str:
    return f"template:{template.pk}"
