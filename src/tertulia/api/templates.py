"""Templates: drafted, checked, published; previewed as a contact, and rendered for many."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status

from tertulia.actions import template_texts as texts
from tertulia.actions import templates as actions
from tertulia.actions.drafts import read_name
from tertulia.actions.problems import Refused
from tertulia.api.journeys import DocumentIn, DraftIn, RevisionDocumentOut, RevisionOut, VersionIn
from tertulia.api.matches import PartsOut
from tertulia.api.problems import ProblemOut, write_problem
from tertulia.api.shell import conn_of, now, public_url, workspace_of, writing
from tertulia.core.templates import Template as Document
from tertulia.data.models import Template, TemplateRevision
from tertulia.documents.templates import write_schema
from tertulia.errors import NotFound
from tertulia.store import templates as store

router = Router(tags=["Templates"])


class TemplateIn(DocumentIn):
    """`document`: YAML or JSON, as `/templates/schema` describes it. `name`: the document's, where none is given;
    `key`: its name in journeys and files, made from the name where none is given."""

    name: str = ""
    key: str = ""


class UseOut(Schema):
    """A journey that is made of it, at these `steps`; `draft`: not published yet."""

    journey_id: int
    journey: str
    steps: list[str]
    draft: bool


class ListedTemplateOut(Schema):
    """`version` rises with every change of the draft; `revision` is the newest published one, of which messages are
    made, and `published` says whether the draft is the same."""

    id: int
    key: str
    name: str
    version: int
    revision: int | None
    published: bool
    created_at: datetime
    changed_at: datetime
    used_by: list[UseOut]


class TemplateOut(ListedTemplateOut):
    """With its draft, and everything that is wrong with it."""

    document: str
    problems: list[ProblemOut]


class TemplatePreviewIn(Schema):
    """`document`: in place of the draft. `locale`: in this language instead of the contact's. `event`: after the newest
    one of this name instead of one that starts a journey which is made of the template."""

    contact_id: int
    document: str | None = None
    locale: str = ""
    event: str = ""


class ChecksIn(Schema):
    """`document`: in place of the draft; `event` as for a preview."""

    document: str | None = None
    event: str = ""


class ShownOut(Schema):
    """The text on one kind of channel, or the problem instead. `variant`: main or neutral, and `why`."""

    kind: str
    text: str
    characters: int
    characters_max: int
    parts: PartsOut | None
    problem: ProblemOut | None
    variant: str
    why: str


class TemplatePreviewOut(Schema):
    """`locale`: the variant; `event_name` and `event_at`: the event whose properties it has, if there is one."""

    contact_id: int
    locale: str
    event_name: str
    event_at: datetime | None
    shown: list[ShownOut]


class TextFindingOut(Schema):
    """`verdict`: failed, warned or passed. `locale`, `field` and `line` lead to the place; `contact_ids` are some of
    the `count` contacts whom it concerns."""

    verdict: str
    code: str
    sentence: str
    locale: str
    field: str
    line: int
    count: int
    contact_ids: list[int]


class ChecksOut(Schema):
    """Of `contacts` real ones, the last that came, it works for `good`."""

    contacts: int
    good: int
    findings: list[TextFindingOut]


@router.get("/templates", response=list[ListedTemplateOut], summary="Templates")
def list_templates(request: HttpRequest) -> list[dict[str, Any]]:
    """Those changed last first."""
    uses = actions.list_uses(workspace_of(request))
    return [_write_listed(template, uses) for template in actions.list_templates(workspace_of(request))]


@router.post("/templates", response={201: TemplateOut}, summary="Draft a template")
def post_template(request: HttpRequest, form: TemplateIn) -> Status[dict[str, Any]]:
    """It may be wrong in places; the answer says what is."""
    name = form.name or read_name(form.document)
    with writing():
        made = actions.create_template(workspace_of(request), None, now(), form.document, name=name, key=form.key)
    return Status(201, _write(made))


@router.get("/templates/schema", response=dict[str, Any], summary="The JSON Schema of a template's document")
def get_schema(request: HttpRequest) -> dict[str, Any]:
    """For editors and checkers. What no schema can say (Liquid, languages) `check` does."""
    return write_schema()


@router.post("/templates/check", response=list[ProblemOut], summary="Check a template's document")
def check_document(request: HttpRequest, form: DocumentIn) -> list[dict[str, Any]]:
    """Everything that is wrong with it, each with its line and column; nothing is kept."""
    _document, problems = actions.check_text(form.document)
    return [write_problem(problem) for problem in problems]


@router.get("/templates/{template_id}", response=TemplateOut, summary="A template")
def get_template(request: HttpRequest, template_id: int) -> dict[str, Any]:
    """Its draft, what is wrong with it, and which journeys are made of it."""
    return _write(_access(request, template_id))


@router.put("/templates/{template_id}", response=TemplateOut, summary="Change a template's draft")
def put_template(request: HttpRequest, template_id: int, form: DraftIn) -> dict[str, Any]:
    """Kept as it is written, right or wrong. 409 when somebody else changed it since `version`."""
    with writing():
        template = _access(request, template_id)
        saved = actions.save_draft(template, None, now(), form.document, version=form.version)
    return _write(saved)


@router.delete("/templates/{template_id}", response={204: None}, summary="Delete a template's draft")
def delete_template(request: HttpRequest, template_id: int) -> Status[None]:
    """Only one that was never published."""
    with writing():
        actions.delete_draft(_access(request, template_id), None, now())
    return Status(204, None)


@router.post("/templates/{template_id}/publish", response=TemplateOut, summary="Publish a template")
def publish_template(request: HttpRequest, template_id: int, form: VersionIn) -> dict[str, Any]:
    """The draft becomes the next revision, of which every message is made from now on, those of runs that began before
    too. Refused with everything that is wrong, and with 409 when somebody changed the draft since `version`."""
    with writing():
        actions.publish(_access(request, template_id), None, now(), version=form.version)
    return _write(_access(request, template_id))


@router.get("/templates/{template_id}/revisions", response=list[RevisionOut], summary="A template's revisions")
def list_revisions(request: HttpRequest, template_id: int) -> list[dict[str, Any]]:
    """Every published one, the newest first."""
    revisions = _access(request, template_id).revisions.select_related("published_by")
    return [_write_revision(revision) for revision in revisions]


@router.get(
    "/templates/{template_id}/revisions/{number}", response=RevisionDocumentOut, summary="A template's revision"
)
def get_revision(request: HttpRequest, template_id: int, number: int) -> dict[str, Any]:
    """With its document."""
    revisions = _access(request, template_id).revisions.select_related("published_by")
    revision = revisions.filter(number=number).first()
    if revision is None:
        raise NotFound(_("This template has no such revision."))
    return {**_write_revision(revision), "document": revision.document}


@router.post("/templates/{template_id}/preview", response=TemplatePreviewOut, summary="Preview a template as a contact")
def preview_template(request: HttpRequest, template_id: int, form: TemplatePreviewIn) -> dict[str, Any]:
    """As this contact would get it on every kind of channel that is connected."""
    template = _access(request, template_id)
    names = _choose_names(template, form.event)
    document = _read_document(template, form.document)
    shown = texts.preview(
        *(conn_of(), template.workspace, document, form.contact_id, public_url(), now()),
        names=names,
        locale=form.locale,
    )
    told = [
        {**asdict(one), "characters": one.characters, "problem": write_problem(one.problem) if one.problem else None}
        for one in shown.shown
    ]
    return {**asdict(shown), "shown": told}


@router.post("/templates/{template_id}/checks", response=ChecksOut, summary="Render a template for many contacts")
def check_template(request: HttpRequest, template_id: int, form: ChecksIn) -> dict[str, Any]:
    """For the contacts that came last: whom it fails, and why."""
    template = _access(request, template_id)
    document = _read_document(template, form.document)
    workspace, names = template.workspace, _choose_names(template, form.event)
    readers = store.read_readers(conn_of(), workspace.pk, names, texts.READERS_MAX)
    found = texts.check_readers(
        conn_of(), readers, workspace, document, texts.list_outlets(workspace), public_url(), now()
    )
    return {"contacts": found.readers, "good": found.good, "findings": [asdict(one) for one in found.findings]}


def _access(request: HttpRequest, template_id: int) -> Template:
    return actions.access_template(workspace_of(request), template_id)


def _read_document(template: Template, text: str | None) -> Document:
    """Raises Refused with everything that is wrong."""
    document, problems = actions.check_text(template.document if text is None else text)
    if document is None:
        raise Refused(problems)
    return document


def _choose_names(template: Template, event: str) -> list[str] | None:
    event = event.replace("\0", "")
    return [event] if event else texts.list_event_names(actions.list_uses(template.workspace).get(template.key, []))


def _write(template: Template) -> dict[str, Any]:
    _document, problems = actions.check_text(template.document)
    told = _write_listed(template, actions.list_uses(template.workspace))
    return {**told, "document": template.document, "problems": [write_problem(problem) for problem in problems]}


def _write_listed(template: Template, uses: dict[str, list[actions.Use]]) -> dict[str, Any]:
    return {
        "id": template.pk,
        "key": template.key,
        "name": template.name,
        "version": template.version,
        "revision": template.revision,
        "published": actions.is_published(template),
        "created_at": template.created_at,
        "changed_at": template.changed_at,
        "used_by": [
            {
                "journey_id": use.journey.pk,
                "journey": use.journey.name,
                "steps": list(use.steps),
                "draft": use.is_draft,
            }
            for use in uses.get(template.key, [])
        ],
    }


def _write_revision(revision: TemplateRevision) -> dict[str, Any]:
    by = revision.published_by
    return {
        "number": revision.number,
        "published_at": revision.published_at,
        "published_by": by.email if by else None,
    }
