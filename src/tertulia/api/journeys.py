"""Journeys: drafted, checked, published, paused, closed, cancelled; their revisions, counts, and who is at a step."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status

from tertulia.actions import journeys as actions
from tertulia.actions.drafts import read_name
from tertulia.actions.journey_counts import Unsent, count_journey
from tertulia.actions.problems import Refused
from tertulia.actions.revisions import count_choices
from tertulia.actions.why import explain_reason
from tertulia.actions.why_journey import explain_entry
from tertulia.api.contact_shapes import DecisionOut, RunOut
from tertulia.api.contacts import write_decisions, write_runs
from tertulia.api.paging import read_limit
from tertulia.api.problems import ProblemOut, write_problem
from tertulia.api.shell import conn_of, now, workspace_of, writing
from tertulia.core.revisions import FINISH
from tertulia.data.models import Journey, JourneyRevision
from tertulia.documents.journeys import write_schema
from tertulia.errors import NotFound
from tertulia.store import journeys as store

router = Router(tags=["Journeys"])


class DocumentIn(Schema):
    """`document`: YAML or JSON, as `/journeys/schema` describes it."""

    document: str


class JourneyIn(DocumentIn):
    """`name`: the document's, where none is given; `key`: its name in files, made from the name where none is given."""

    name: str = ""
    key: str = ""


class VersionIn(Schema):
    """`version`: the draft's, as it was read."""

    version: int


class PublishIn(VersionIn):
    """`runs`: what becomes of those who are in it: `finish` on the revision that they entered with, `move` at the same
    step, or `restart`."""

    runs: str = FINISH


class RunsOutlookOut(Schema):
    """How many are `inside` now. With `move`: how many go on by the new revision (`moves`), and finish on theirs
    (`stays`), for it does not have their step. With `restart`: how many, to whom nothing was sent, begin `again`, and
    of the others how many go on (`restart_moves`) and finish on theirs (`restart_stays`)."""

    inside: int
    moves: int
    stays: int
    again: int
    restart_moves: int
    restart_stays: int


class DraftIn(DocumentIn, VersionIn):
    """A draft in place of the one that had this `version`."""


class ResumeIn(Schema):
    """`how`: shift (waits end later by the length of the pause), fire (those that are overdue go on at once) or skip
    (what stands behind these is passed over)."""

    how: str = "shift"


class ListedJourneyOut(Schema):
    """`kind`: journey or broadcast. `state`: draft, live, closed, paused, resuming, cancelling or cancelled.
    `version` rises with every change of the draft; `revision` is the newest published one, and `published` says
    whether the draft is the same. `entered`, `inside` and `sent`: how often somebody entered, how many are in it
    now, how many messages were sent. `guard`: which paused it, `count` `of` so many where a share was `allowed`; empty
    where a person did, or nobody. `canary`: `since` and `until` when the newest revision goes to a share alone."""

    id: int
    key: str
    kind: str
    name: str
    state: str
    version: int
    revision: int | None
    published: bool
    paused_at: datetime | None
    guard: dict[str, Any]
    canary: dict[str, Any]
    created_at: datetime
    changed_at: datetime
    entered: int
    inside: int
    sent: int


class JourneyOut(ListedJourneyOut):
    """With its draft, and everything that is wrong with it."""

    document: str
    problems: list[ProblemOut]


class RevisionOut(Schema):
    """`published_by`: the e-mail of who did it; nothing where a key or a command did."""

    number: int
    published_at: datetime
    published_by: str | None


class RevisionDocumentOut(RevisionOut):
    """With its document, which nothing changes any more."""

    document: str


class UnsentOut(Schema):
    """How often one reason kept something from happening, and what it says."""

    reason: str
    sentence: str
    count: int


class StepOut(Schema):
    """`now`: runs that are there; `reached`: how many ever came; `ended`: how many ended there, by outcome (completed,
    left, exited); `messages`: those with their verdict, by state, and under `ghost` those of who is held out;
    `clicked`: in how many of them people opened a link, and by the links' names `links`; `goals`: how many runs reached
    the journey's goal after this message and before the next; `unsent`: why messages were not sent. `kind` is empty for
    a step that only older revisions have."""

    step: str
    kind: str
    name: str
    now: int
    reached: int
    ended: dict[str, int]
    messages: dict[str, int]
    clicked: int
    links: dict[str, int]
    goals: int
    unsent: list[UnsentOut]


class CountsOut(Schema):
    """`entered` counts a run that begins again each time; `goals` the runs that reached the goal, each once."""

    entered: int
    now: int
    goals: int
    ended: dict[str, int]
    not_entered: list[UnsentOut]
    steps: list[StepOut]


class EntryOut(Schema):
    """The account of one contact and one journey. `outcome`: in, completed, left, exited, not_entered (refused), or
    never; `sentence` tells it, `more` adds what the entry asks for, with the value that was there; `reason` is a code
    where there is one. `runs` and `decisions` are all there is, the newest first."""

    contact_id: int
    journey_id: int
    outcome: str
    reason: str
    sentence: str
    more: str
    at: datetime | None
    runs: list[RunOut]
    decisions: list[DecisionOut]


class VisitorOut(Schema):
    """Somebody who is in a journey now. `since`: when they came to the step; `due_at`: when a wait ends."""

    run_id: UUID
    contact_id: int
    name: str
    surname: str
    since: datetime
    due_at: datetime | None


@router.get("/journeys", response=list[ListedJourneyOut], summary="Journeys")
def list_journeys(request: HttpRequest) -> list[dict[str, Any]]:
    """Those changed last first."""
    return _write_list(actions.list_journeys(workspace_of(request)))


@router.post("/journeys", response={201: JourneyOut}, summary="Draft a journey")
def post_journey(request: HttpRequest, form: JourneyIn) -> Status[dict[str, Any]]:
    """It may be wrong in places; the answer says what is."""
    name = form.name or read_name(form.document)
    with writing():
        made = actions.create_journey(workspace_of(request), None, now(), form.document, name=name, key=form.key)
    return Status(201, _write(made))


@router.get("/journeys/schema", response=dict[str, Any], summary="The JSON Schema of a journey's document")
def get_schema(request: HttpRequest) -> dict[str, Any]:
    """For editors and checkers. What no schema can say (names of channels, texts, conditions) `check` does."""
    return write_schema()


@router.post("/journeys/check", response=list[ProblemOut], summary="Check a document")
def check_document(request: HttpRequest, form: DocumentIn) -> list[dict[str, Any]]:
    """Everything that is wrong with it, each with its line and column; nothing is kept."""
    return _find_problems(workspace_of(request), form.document)


@router.get("/journeys/{journey_id}", response=JourneyOut, summary="A journey")
def get_journey(request: HttpRequest, journey_id: int) -> dict[str, Any]:
    """Its state, its draft, and what is wrong with it."""
    return _write(_access(request, journey_id))


@router.put("/journeys/{journey_id}", response=JourneyOut, summary="Change the draft")
def put_journey(request: HttpRequest, journey_id: int, form: DraftIn) -> dict[str, Any]:
    """Kept as it is written, right or wrong. 409 when somebody else changed it since `version`."""
    with writing():
        journey = _access(request, journey_id)
        saved = actions.save_draft(journey, None, now(), form.document, version=form.version)
    return _write(saved)


@router.delete("/journeys/{journey_id}", response={204: None}, summary="Delete a draft")
def delete_journey(request: HttpRequest, journey_id: int) -> Status[None]:
    """Only one that was never published."""
    with writing():
        actions.delete_draft(_access(request, journey_id), None, now())
    return Status(204, None)


@router.post("/journeys/{journey_id}/publish", response=JourneyOut, summary="Publish")
def publish_journey(request: HttpRequest, journey_id: int, form: PublishIn) -> dict[str, Any]:
    """The draft becomes the next revision, into which people enter from now on; `runs` says what becomes of those who
    are in it, which `/runs-outlook` counts before. Refused with everything that is wrong, and with 409 when somebody
    changed the draft since `version`, or while the runs of the last publishing are on their way."""
    with writing():
        actions.publish(_access(request, journey_id), None, now(), version=form.version, runs=form.runs)
    return _write(_access(request, journey_id))


@router.get(
    "/journeys/{journey_id}/runs-outlook", response=RunsOutlookOut, summary="What publishing does to those inside"
)
def get_runs_outlook(request: HttpRequest, journey_id: int) -> dict[str, int]:
    """Of the draft as it is; refused with everything that is wrong with it."""
    journey = _access(request, journey_id)
    document, problems = actions.check_text(journey.workspace, journey.document)
    if document is None:
        raise Refused(problems)
    return asdict(count_choices(conn_of(), journey, document))


@router.post("/journeys/{journey_id}/close", response=JourneyOut, summary="Close the entry")
def close_journey(request: HttpRequest, journey_id: int) -> dict[str, Any]:
    """Nobody enters any more; who is inside goes on to the end."""
    with writing():
        actions.close_entry(_access(request, journey_id), None, now())
    return _write(_access(request, journey_id))


@router.post("/journeys/{journey_id}/open", response=JourneyOut, summary="Open the entry")
def open_journey(request: HttpRequest, journey_id: int) -> dict[str, Any]:
    """People enter again."""
    with writing():
        actions.open_entry(_access(request, journey_id), None, now())
    return _write(_access(request, journey_id))


@router.post("/journeys/{journey_id}/pause", response=JourneyOut, summary="Pause a journey")
def pause_journey(request: HttpRequest, journey_id: int) -> dict[str, Any]:
    """Timers freeze, nothing is sent, nobody enters; an exception still ends a run."""
    with writing():
        actions.pause(_access(request, journey_id), None, now())
    return _write(_access(request, journey_id))


@router.post("/journeys/{journey_id}/resume", response=JourneyOut, summary="Resume a journey")
def resume_journey(request: HttpRequest, journey_id: int, form: ResumeIn) -> dict[str, Any]:
    """Go on after a pause, where everybody was."""
    with writing():
        actions.resume(_access(request, journey_id), None, now(), form.how)
    return _write(_access(request, journey_id))


@router.post("/journeys/{journey_id}/canary/end", response=JourneyOut, summary="Let all go")
def end_canary(request: HttpRequest, journey_id: int) -> dict[str, Any]:
    """What is new goes to everybody before its canary's time is over. 409 where it does already."""
    with writing():
        actions.end_canary(_access(request, journey_id), None, now())
    return _write(_access(request, journey_id))


@router.post("/journeys/{journey_id}/cancel", response=JourneyOut, summary="Cancel a journey")
def cancel_journey(request: HttpRequest, journey_id: int) -> dict[str, Any]:
    """Every run is closed and what it queued taken back. This cannot be undone."""
    with writing():
        actions.cancel(_access(request, journey_id), None, now())
    return _write(_access(request, journey_id))


@router.get("/journeys/{journey_id}/revisions", response=list[RevisionOut], summary="Revisions")
def list_revisions(request: HttpRequest, journey_id: int) -> list[dict[str, Any]]:
    """Every published one, the newest first."""
    revisions = _access(request, journey_id).revisions.select_related("published_by")
    return [_write_revision(revision) for revision in revisions]


@router.get("/journeys/{journey_id}/revisions/{number}", response=RevisionDocumentOut, summary="A revision")
def get_revision(request: HttpRequest, journey_id: int, number: int) -> dict[str, Any]:
    """With its document."""
    revisions = _access(request, journey_id).revisions.select_related("published_by")
    revision = revisions.filter(number=number).first()
    if revision is None:
        raise NotFound(_("This journey has no such revision."))
    return {**_write_revision(revision), "document": revision.document}


@router.get("/journeys/{journey_id}/counts", response=CountsOut, summary="Counts")
def get_counts(request: HttpRequest, journey_id: int) -> dict[str, Any]:
    """Who is where, how many came by, what was sent, and why the rest was not."""
    found = count_journey(conn_of(), _access(request, journey_id))
    steps = [{**asdict(step), "unsent": _write_unsent(step.unsent)} for step in found.steps]
    return {**asdict(found), "not_entered": _write_unsent(found.not_entered), "steps": steps}


@router.get("/journeys/{journey_id}/people", response=list[VisitorOut], summary="People in a journey")
def list_people(request: HttpRequest, journey_id: int, step: str = "", limit: int = 100) -> list[store.StepVisitor]:
    """Who is at a `step` now, or anywhere in the journey, those that came first."""
    journey = _access(request, journey_id)
    return store.list_at_step(conn_of(), journey.pk, step or None, read_limit(limit))


@router.get("/journeys/{journey_id}/why", response=EntryOut, summary="Why is a contact in it, or not?")
def get_why(request: HttpRequest, journey_id: int, contact_id: int) -> dict[str, Any]:
    """Of who entered the runs tell, of who was refused the ledger; of anybody else the entry is asked again, and the
    answer names the condition that fails."""
    journey = _access(request, journey_id)
    answer = explain_entry(conn_of(), journey.workspace, contact_id, journey)
    return {
        "contact_id": answer.contact_id,
        "journey_id": answer.journey_id,
        "outcome": answer.outcome,
        "reason": answer.code,
        "sentence": answer.sentence,
        "more": answer.more,
        "at": answer.at,
        "runs": write_runs(journey.workspace, answer.runs),
        "decisions": write_decisions(answer.rows),
    }


def _access(request: HttpRequest, journey_id: int) -> Journey:
    return actions.access_journey(workspace_of(request), journey_id)


def _find_problems(workspace: Any, text: str) -> list[dict[str, Any]]:
    _document, problems = actions.check_text(workspace, text)
    return [write_problem(problem) for problem in problems]


def _write(journey: Journey) -> dict[str, Any]:
    [told] = _write_list([journey])
    return {**told, "document": journey.document, "problems": _find_problems(journey.workspace, journey.document)}


def _write_list(journeys: list[Journey]) -> list[dict[str, Any]]:
    figures = store.count_journeys(conn_of(), [journey.pk for journey in journeys])
    return [
        {
            "id": journey.pk,
            "key": journey.key,
            "kind": journey.kind,
            "name": journey.name,
            "state": journey.state,
            "version": journey.version,
            "revision": journey.revision,
            "published": actions.is_published(journey),
            "paused_at": journey.paused_at,
            "guard": journey.guard,
            "canary": journey.canary,
            "created_at": journey.created_at,
            "changed_at": journey.changed_at,
            **dict(zip(("entered", "inside", "sent"), figures.get(journey.pk, (0, 0, 0)), strict=True)),
        }
        for journey in journeys
    ]


def _write_revision(revision: JourneyRevision) -> dict[str, Any]:
    by = revision.published_by
    return {
        "number": revision.number,
        "published_at": revision.published_at,
        "published_by": by.email if by else None,
    }


def _write_unsent(unsent: tuple[Unsent, ...]) -> list[dict[str, Any]]:
    return [{**asdict(item), "sentence": explain_reason(item.reason)} for item in unsent]
