"""Segments and lists: drafted, counted before they are published, published, archived; who is in them, since when and
why; people put on lists."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.http import HttpRequest
from ninja import Router, Schema, Status

from tertulia.actions import segments as actions
from tertulia.actions.contacts import access_contact, read_detail
from tertulia.actions.list_people import find_people
from tertulia.actions.segment_words import name_change_cause
from tertulia.actions.why_segment import explain_membership
from tertulia.api.paging import read_limit
from tertulia.api.problems import ProblemOut, write_problem
from tertulia.api.shell import ask_engine, conn_of, now, public_url, workspace_of, writing
from tertulia.data.models import Segment
from tertulia.documents.segments import write_schema
from tertulia.ids import SHARDS
from tertulia.store import segments as store
from tertulia.store.contacts import ID_MAX

router = Router(tags=["Segments"])


class SegmentDocumentIn(Schema):
    """`document`: YAML or JSON, as `/segments/schema` describes it."""

    document: str


class SegmentIn(SegmentDocumentIn):
    """`name`: the document's, where none is given; `key`: its name in files and in other documents, made from the name
    where none is given."""

    name: str = ""
    key: str = ""


class SegmentVersionIn(Schema):
    """`version`: the draft's, as it was read."""

    version: int


class SegmentDraftIn(SegmentDocumentIn, SegmentVersionIn):
    """A draft in place of the one that had this `version`."""


class ListedSegmentOut(Schema):
    """`kind`: segment (conditions decide) or list (people are put on it). `state`: draft, live or archived. `version`
    rises with every change of the draft; `revision` is the newest published one, 0 for none; `published` says whether
    the draft is the same. `members`: how many are in it now; `pending`: in how many of all `shards` it is still being
    looked who belongs."""

    id: int
    key: str
    name: str
    kind: str
    state: str
    version: int
    revision: int
    published: bool
    created_at: datetime
    changed_at: datetime
    members: int
    pending: int
    shards: int


class SegmentOut(ListedSegmentOut):
    """With its draft, everything that is wrong with it, and the names of the segments and journeys that use it."""

    document: str
    problems: list[ProblemOut]
    used_by: list[str]


class SegmentPreviewOut(Schema):
    """How many would belong now, exactly, and the ids of the newest eight of them."""

    count: int
    sample: list[int]


class SegmentMemberOut(Schema):
    """Somebody who is in it. `since`: when they came."""

    contact_id: int
    name: str
    surname: str
    since: datetime


class ChangeOut(Schema):
    """Somebody came (`entered`) or left. `cause`: event, contact, consent, message, time, definition, import, merge,
    list or person; `event` is the name of the event that did it; `sentence` says it."""

    contact_id: int
    at: datetime
    entered: bool
    cause: str
    event: str
    sentence: str


class ListPeopleIn(Schema):
    """`contacts`: ids; `people`: phones, e-mail addresses or ids of your own, at most 2,000."""

    contacts: list[int] = []
    people: list[str] = []


class MissedOut(Schema):
    """One of `people`, counted from 1, that is nobody or more than one, and why."""

    line: int
    text: str
    sentence: str


class ListPeopleOut(Schema):
    """`decided` is false when the engine has not come to it yet; it will."""

    contacts: list[int]
    missed: list[MissedOut]
    decided: bool


class GroundOut(Schema):
    """One condition that decided, with what was there, and whether it holds."""

    sentence: str
    holds: bool


class MembershipOut(Schema):
    """`outcome`: in, out, unpublished, or counting (the members follow). `grounds` suffice for the answer."""

    contact_id: int
    segment_id: int
    outcome: str
    sentence: str
    since: datetime | None
    grounds: list[GroundOut]
    changes: list[ChangeOut]


class SegmentOfContactOut(Schema):
    """A segment in which a contact is, and since when."""

    id: int
    key: str
    name: str
    since: datetime


@router.get("/segments", response=list[ListedSegmentOut], summary="Segments")
def list_segments(request: HttpRequest, archived: bool = False) -> list[dict[str, Any]]:
    """By name; with `archived` those that were archived."""
    find = actions.list_archived if archived else actions.list_segments
    return _write_list(find(workspace_of(request)))


@router.post("/segments", response={201: SegmentOut}, summary="Draft a segment")
def post_segment(request: HttpRequest, form: SegmentIn) -> Status[dict[str, Any]]:
    """It may be wrong in places; the answer says what is."""
    name = form.name or actions.read_name(form.document)
    with writing():
        made = actions.create_segment(workspace_of(request), None, now(), form.document, name=name, key=form.key)
    return Status(201, _write(made))


@router.get("/segments/schema", response=dict[str, Any], summary="The JSON Schema of a segment's document")
def get_segment_schema(request: HttpRequest) -> dict[str, Any]:
    """For editors and checkers. What no schema can say (keys that exist, what goes with what) `check` does."""
    return write_schema()


@router.post("/segments/check", response=list[ProblemOut], summary="Check a segment's document")
def check_segment(request: HttpRequest, form: SegmentDocumentIn) -> list[dict[str, Any]]:
    """Everything that is wrong with it, each with its line and column; nothing is kept."""
    return _find_problems(workspace_of(request), form.document, "")


@router.post("/segments/preview", response=SegmentPreviewOut, summary="How many would belong?")
def preview_segment(request: HttpRequest, form: SegmentDocumentIn) -> dict[str, Any]:
    """Of a document that need not be kept. Refused with everything that is wrong with it."""
    found = actions.preview(conn_of(), workspace_of(request), form.document, now(), public_url())
    return {"count": found.count, "sample": list(found.sample)}


@router.get("/segments/{segment_id}", response=SegmentOut, summary="A segment")
def get_segment(request: HttpRequest, segment_id: int) -> dict[str, Any]:
    """Its state, its draft, what is wrong with it, and what uses it."""
    return _write(_access(request, segment_id))


@router.put("/segments/{segment_id}", response=SegmentOut, summary="Change a segment's draft")
def put_segment(request: HttpRequest, segment_id: int, form: SegmentDraftIn) -> dict[str, Any]:
    """Kept as it is written, right or wrong. 409 when somebody else changed it since `version`."""
    with writing():
        segment = _access(request, segment_id)
        saved = actions.save_draft(segment, None, now(), form.document, version=form.version)
    return _write(saved)


@router.delete("/segments/{segment_id}", response={204: None}, summary="Delete a segment's draft")
def delete_segment(request: HttpRequest, segment_id: int) -> Status[None]:
    """Only one that was never published."""
    with writing():
        actions.delete_draft(_access(request, segment_id), None, now())
    return Status(204, None)


@router.post("/segments/{segment_id}/publish", response=SegmentOut, summary="Publish a segment")
def publish_segment(request: HttpRequest, segment_id: int, form: SegmentVersionIn) -> dict[str, Any]:
    """The draft becomes what counts. Who belongs is looked for at once; nobody enters a journey by that. Refused with
    everything that is wrong, and with 409 when somebody changed the draft since `version`."""
    with writing():
        actions.publish(_access(request, segment_id), None, now(), version=form.version)
    return _write(_access(request, segment_id))


@router.post("/segments/{segment_id}/archive", response=SegmentOut, summary="Archive a segment")
def archive_segment(request: HttpRequest, segment_id: int) -> dict[str, Any]:
    """Nobody is in it any more, and nothing may name it. 409 where something does."""
    with writing():
        actions.archive(_access(request, segment_id), None, now())
    return _write(_access(request, segment_id))


@router.post("/segments/{segment_id}/restore", response=SegmentOut, summary="Bring a segment back")
def restore_segment(request: HttpRequest, segment_id: int) -> dict[str, Any]:
    """An archived segment is a draft again; publish it to use it."""
    with writing():
        actions.restore(_access(request, segment_id), None, now())
    return _write(_access(request, segment_id))


@router.get("/segments/{segment_id}/members", response=list[SegmentMemberOut], summary="Who is in a segment")
def list_members(request: HttpRequest, segment_id: int, after: int = 0, limit: int = 100) -> list[store.Member]:
    """By contact id; `after`: the last one of the page before."""
    segment = _access(request, segment_id)
    place = min(max(after, 0), ID_MAX)
    return store.list_members(conn_of(), segment.pk, place, read_limit(limit)) if segment.state == "live" else []


@router.get("/segments/{segment_id}/changes", response=list[ChangeOut], summary="Who came and left")
def list_changes(request: HttpRequest, segment_id: int, limit: int = 100) -> list[dict[str, Any]]:
    """The newest first, each with why."""
    segment = _access(request, segment_id)
    rows = store.list_recent_changes(conn_of(), segment.pk, read_limit(limit))
    return [_write_change(row.contact_id, row.at, row.entered, row.cause, row.event) for row in rows]


@router.get("/segments/{segment_id}/why", response=MembershipOut, summary="Why is a contact in a segment, or not?")
def get_membership(request: HttpRequest, segment_id: int, contact_id: int) -> dict[str, Any]:
    """The conditions that decide it, each with the value that is there."""
    segment = _access(request, segment_id)
    answer = explain_membership(conn_of(), segment.workspace, contact_id, segment, now(), public_url())
    changes = [_write_change(answer.contact_id, c.at, c.entered, c.cause, c.name) for c in answer.changes]
    return {**asdict(answer), "changes": changes}


@router.post("/segments/{segment_id}/members", response=ListPeopleOut, summary="Put people on a list")
def post_members(request: HttpRequest, segment_id: int, form: ListPeopleIn) -> dict[str, Any]:
    """Whoever is on it already stays. Of `people` those that are nobody are named."""
    segment = _access(request, segment_id)
    lines = "\n".join(" ".join(line.split()) for line in form.people)
    found, missed = find_people(conn_of(), segment.workspace, lines)
    contacts = [access_contact(conn_of(), segment.workspace, one).id for one in form.contacts]
    wanted = list(dict.fromkeys((*contacts, *found)))
    decided = _change(segment, wanted, on=True)
    return {"contacts": wanted, "missed": [asdict(one) for one in missed], "decided": decided}


@router.put("/segments/{segment_id}/members/{contact_id}", response=ListPeopleOut, summary="Put a contact on a list")
def put_member(request: HttpRequest, segment_id: int, contact_id: int) -> dict[str, Any]:
    """Whoever is on it already stays."""
    return _change_one(request, segment_id, contact_id, on=True)


@router.delete(
    "/segments/{segment_id}/members/{contact_id}", response=ListPeopleOut, summary="Take a contact off a list"
)
def delete_member(request: HttpRequest, segment_id: int, contact_id: int) -> dict[str, Any]:
    """Whoever is not on it stays off."""
    return _change_one(request, segment_id, contact_id, on=False)


@router.get("/contacts/{contact_id}/segments", response=list[SegmentOfContactOut], summary="A contact's segments")
def list_segments_of(request: HttpRequest, contact_id: int) -> list[dict[str, Any]]:
    """Those in which it is, the latest first. Follows a merge."""
    workspace = workspace_of(request)
    family = read_detail(conn_of(), workspace, contact_id).family
    live = {one.pk: one for one in actions.list_segments(workspace) if one.state == "live"}
    return [
        {"id": pk, "key": live[pk].key, "name": live[pk].name, "since": since}
        for pk, since in store.list_segments_of(conn_of(), family)
        if pk in live
    ]


def _access(request: HttpRequest, segment_id: int) -> Segment:
    return actions.access_segment(workspace_of(request), segment_id)


def _change_one(request: HttpRequest, segment_id: int, contact_id: int, *, on: bool) -> dict[str, Any]:
    segment = _access(request, segment_id)
    found = access_contact(conn_of(), segment.workspace, contact_id).id
    return {"contacts": [found], "missed": [], "decided": _change(segment, [found], on=on)}


def _change(segment: Segment, contact_ids: list[int], *, on: bool) -> bool:
    with writing():
        entries = actions.ask_list(segment, None, contact_ids, now(), uuid4(), on=on)
    return ask_engine(segment.workspace, entries)


def _find_problems(workspace: Any, text: str, key: str) -> list[dict[str, Any]]:
    _document, problems = actions.check_text(workspace, text, key)
    return [write_problem(problem) for problem in problems]


def _write(segment: Segment) -> dict[str, Any]:
    [told] = _write_list([segment])
    problems = _find_problems(segment.workspace, segment.document, segment.key)
    used_by = actions.list_users(segment)
    return {**told, "document": segment.document, "problems": problems, "used_by": used_by}


def _write_list(segments: list[Segment]) -> list[dict[str, Any]]:
    live = [one.pk for one in segments if one.state == "live"]
    counts = store.count_members(conn_of(), live)
    return [
        {
            "id": one.pk,
            "key": one.key,
            "name": one.name,
            "kind": "list" if actions.is_list(one) else "segment",
            "state": one.state,
            "version": one.version,
            "revision": one.revision,
            "published": actions.is_published(one),
            "created_at": one.created_at,
            "changed_at": one.changed_at,
            "members": counts.get(one.pk, 0),
            "pending": store.count_pending(conn_of(), one.pk, one.turn, len(SHARDS)) if one.state == "live" else 0,
            "shards": len(SHARDS),
        }
        for one in segments
    ]


def _write_change(contact_id: int, at: datetime, entered: bool, cause: str, event: str) -> dict[str, Any]:
    told = {"contact_id": contact_id, "at": at, "entered": entered, "cause": cause, "event": event}
    return {**told, "sentence": name_change_cause(cause, event)}
