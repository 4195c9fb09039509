"""Segments from draft to archive: written, counted before anything is published, published as revisions; and lists.

Publishing a segment gives it, and every segment that names it, a new turn: the engine looks who belongs, shard by
shard, and counts the events that it asks for from then on. Everything is written through Django's ORM in the caller's
transaction; who is in a segment is the engine's work, but for lists, onto which people are put through the log.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tertulia.actions.audit import record_act, record_change
from tertulia.actions.config import load_config
from tertulia.actions.drafts import find_free_key, read_fault, read_name, refuse_text
from tertulia.actions.journeys import ID_MAX
from tertulia.actions.problems import Problem, Refused
from tertulia.actions.segment_cycle import make_place
from tertulia.channels import registry
from tertulia.core.conditions import list_named as list_named_in
from tertulia.core.entries import ListEntry
from tertulia.core.segment_document import Known, SegmentCondition, list_named
from tertulia.core.segment_document import Segment as Document
from tertulia.core.segments import Node, compile_segment, list_keys
from tertulia.data.models import Journey, JourneyRevision, Segment, SegmentKey, SegmentRevision, User, Workspace
from tertulia.documents.journeys import read_journey
from tertulia.documents.lines import BadDocument
from tertulia.documents.segments import check_segment, read_segment
from tertulia.errors import Conflict, NotFound
from tertulia.store.db import Conn
from tertulia.store.segment_sql import count_members, find_members

SAMPLE: Final = 8
NAME_CHARACTERS_MAX: Final = 200
NAMELESS: Final = gettext_noop("Give the segment a name of at most 200 characters.")


@dataclass(frozen=True, slots=True)
class Preview:
    """How many belong, exactly, and the newest of them by id."""

    count: int
    sample: tuple[int, ...]


def access_segment(workspace: Workspace, segment_id: int) -> Segment:
    """The only way to a segment: one of this workspace. Raises NotFound."""
    found = Segment.objects.filter(pk=segment_id, workspace=workspace) if 0 <= segment_id <= ID_MAX else None
    segment: Segment | None = found.select_related("workspace").first() if found is not None else None
    if segment is None:
        raise NotFound(_("This segment does not exist in this workspace."))
    return segment


def list_segments(workspace: Workspace) -> list[Segment]:
    """Those that are not archived, by name."""
    return list(Segment.objects.filter(workspace=workspace).exclude(state="archived").order_by("name", "id"))


def find_known(workspace: Workspace, coming: Iterable[str] = (), journeys: Iterable[str] = ()) -> Known:
    """What a document of the workspace may name. `coming` and `journeys`: keys of segments and journeys that come
    together with it."""
    live = Segment.objects.filter(workspace=workspace, state="live").values_list("key", flat=True)
    drawn = Journey.objects.filter(workspace=workspace).values_list("key", flat=True)
    kinds = {adapter.kind if adapter.capabilities.app else "sms" for adapter in registry.kinds()}
    return Known(frozenset((*live, *coming)), frozenset((*drawn, *journeys)), frozenset((*kinds, "email")))


def check_text(
    workspace: Workspace,
    text: str,
    key: str = "",
    coming: Mapping[str, str] | None = None,
    journeys: Iterable[str] = (),
) -> tuple[Document | None, list[Problem]]:
    """The document, where it is one, and everything that is wrong with it in the reader's language. `coming`: the texts
    of segments that come together with it, by key; `journeys`: the keys of journeys that do."""
    others = _read_conditions(workspace) | {name: _read_coming(told) for name, told in (coming or {}).items()}
    try:
        return check_segment(text, find_known(workspace, coming or (), journeys), key, others), []
    except BadDocument as bad:
        return None, [read_fault(fault) for fault in bad.problems]


def create_segment(
    workspace: Workspace, user: User | None, now: datetime, text: str, *, name: str, key: str = ""
) -> Segment:
    """A draft. `key`: its name in files and other documents; made from the name where none is given. Raises Refused,
    Conflict."""
    refuse_text(text, name, _(NAMELESS))
    taken = set(Segment.objects.filter(workspace=workspace).values_list("key", flat=True))
    if key and key in taken:
        raise Conflict(_("There is a segment with this key. Choose another."))
    free = find_free_key(key, name, taken, "segment")
    told = {"name": name.strip(), "document": text, "created_by": user}
    segment: Segment
    segment, is_first = Segment.objects.get_or_create(workspace=workspace, key=free, defaults=told)
    if not is_first:  # somebody else took the key since
        return create_segment(workspace, user, now, text, name=name, key=key)
    record_act(workspace, user, now, "segment_created", _subject(segment))
    return segment


def save_draft(segment: Segment, user: User | None, now: datetime, text: str, *, version: int) -> Segment:
    """Keep a draft as it was written, right or wrong. Raises Refused; Conflict when somebody else changed it since
    `version`."""
    document, _problems = check_text(segment.workspace, text, segment.key)
    name = document.name if document else read_name(text) or segment.name
    refuse_text(text, name, _(NAMELESS))
    changed = Segment.objects.filter(pk=segment.pk, version=version).update(
        document=text, name=name.strip()[:NAME_CHARACTERS_MAX], version=version + 1, changed_at=now
    )
    if not changed:
        raise Conflict(_("Somebody else has changed this segment meanwhile. Reload it, and make your change again."))
    segment.refresh_from_db()
    return segment


def publish(segment: Segment, user: User | None, now: datetime, *, version: int) -> SegmentRevision:
    """The draft becomes what counts. Who belongs is looked for at once; nobody enters a journey by that. Raises Refused
    with everything that is wrong, and Conflict where somebody changed the draft since `version`."""
    locked = Segment.objects.select_for_update().select_related("workspace").get(pk=segment.pk)
    if locked.version != version:
        raise Conflict(_("Somebody else has changed this segment meanwhile. Reload it, and look at it again."))
    if locked.state == "archived":
        raise Conflict(_("This segment is archived. Bring it back first."))
    document, problems = check_text(locked.workspace, locked.document, locked.key)
    if document is None:
        raise Refused(problems)
    if locked.revision and (_read_newest(locked).where is None) != (document.where is None):
        message = _("A list stays a list, and a segment with conditions one with conditions. Make a new one.")
        raise Refused([Problem("conflict", message, "where")])
    number = locked.revision + 1
    revision: SegmentRevision = SegmentRevision.objects.create(
        segment=locked, number=number, document=locked.document, published_by=user, published_at=now
    )
    locked.revision, locked.name, locked.state = number, document.name.strip(), "live"
    locked.save(update_fields=["revision", "name", "state", "changed_at"])
    _take_turns(locked)
    record_change(locked.workspace, user, now, "segment_published", _subject(locked), {"revision": number})
    segment.refresh_from_db()
    return revision


def read_newest(segment: Segment) -> str | None:
    """The newest revision's document; None for what was never published."""
    newest = segment.revisions.filter(number=segment.revision).first() if segment.revision else None
    return str(newest.document) if newest is not None else None


def is_published(segment: Segment) -> bool:
    """Whether the draft is the newest revision, word for word."""
    return read_newest(segment) == str(segment.document)


def archive(segment: Segment, user: User | None, now: datetime) -> None:
    """Nobody is in it any more, and nothing may name it. Raises Conflict where something does."""
    if users := list_users(segment):
        raise Conflict(_("%(users)s use this segment. Change them first.") % {"users": ", ".join(users)})
    Segment.objects.filter(pk=segment.pk).update(state="archived", turn=F("turn") + 1, changed_at=now)
    record_change(segment.workspace, user, now, "segment_archived", _subject(segment))
    segment.refresh_from_db()


def restore(segment: Segment, user: User | None, now: datetime) -> None:
    """An archived segment is a draft again, with the revisions that it had: publish it to use it."""
    moved = Segment.objects.filter(pk=segment.pk, state="archived").update(state="draft", changed_at=now)
    if not moved:
        raise Conflict(_("This segment is not archived."))
    record_act(segment.workspace, user, now, "segment_restored", _subject(segment))
    segment.refresh_from_db()


def delete_draft(segment: Segment, user: User | None, now: datetime) -> None:
    """Remove a segment that was never published. Raises Conflict for any other."""
    subject, workspace = _subject(segment), segment.workspace
    if not Segment.objects.filter(pk=segment.pk, state="draft", revision=0).delete()[0]:
        raise Conflict(_("Only a draft that was never published can be deleted."))
    record_act(workspace, user, now, "segment_deleted", subject)


def list_archived(workspace: Workspace) -> list[Segment]:
    """Those that nobody uses any more, by name."""
    return list(Segment.objects.filter(workspace=workspace, state="archived").order_by("name", "id"))


def list_users(segment: Segment) -> list[str]:
    """The names of the live segments and journeys that name it."""
    segments, journeys = find_users(segment)
    return sorted([*(row.name for row in segments), *(row.name for row in journeys)])


def find_users(segment: Segment) -> tuple[list[Segment], list[Journey]]:
    """The live segments and the journeys that name it, by name."""
    return map_users(segment.workspace).get(segment.key, ([], []))


def map_users(workspace: Workspace) -> dict[str, tuple[list[Segment], list[Journey]]]:
    """The same of every segment that anything names, by its key."""
    found: dict[str, tuple[list[Segment], list[Journey]]] = {}
    conditions = _read_conditions(workspace)
    for row in Segment.objects.filter(workspace=workspace, state="live").order_by("name", "id"):
        for key in dict.fromkeys(list_named(conditions.get(row.key))):
            found.setdefault(key, ([], []))[0].append(row)
    newest = JourneyRevision.objects.filter(journey__workspace=workspace, number=F("journey__revision"))
    current = newest.exclude(journey__state__in=("draft", "cancelled")).select_related("journey")
    for revision in current.order_by("journey__name", "journey__id"):
        document = read_journey(revision.document)
        keys = {getattr(document.entry, "segment", "")} - {""}  # whatever kind of entry names one
        if document.exit_when is not None:
            keys |= {key for _path, key in list_named_in(document.exit_when, "segment")}
        for key in sorted(keys):
            found.setdefault(key, ([], []))[1].append(revision.journey)
    return found


def preview(conn: Conn, workspace: Workspace, text: str, now: datetime, public_url: str, key: str = "") -> Preview:
    """How many a document would hold now, published or not, with a sample. Raises Refused for what is wrong with it."""
    document, problems = check_text(workspace, text, key)
    if document is None:
        raise Refused(problems)
    node = _compile(workspace, key or "\0", document)
    place = make_place(load_config(conn, public_url), workspace.pk, now, None)
    return Preview(count_members(conn, node, place), tuple(find_members(conn, node, place, SAMPLE)))


def ask_list(
    segment: Segment, user: User | None, contact_ids: Iterable[int], now: datetime, batch: UUID, *, on: bool
) -> list[ListEntry]:
    """What puts contacts on a list, or takes them off, when the log's owner decides it. Raises Conflict for a segment
    that is no list, or not published."""
    if segment.state != "live" or _read_newest(segment).where is not None:
        raise Conflict(_("This is no published list: its conditions decide who belongs."))
    entries = [ListEntry(contact_id, segment.pk, on, now, batch) for contact_id in dict.fromkeys(contact_ids)]
    if entries:
        facts = {"on": on, "contacts": len(entries)}
        record_act(segment.workspace, user, now, "list_changed", _subject(segment), facts)
    return entries


def is_list(segment: Segment) -> bool:
    """Whether people are put on it; of a draft by what it says now."""
    try:
        return (_read_newest(segment) if segment.revision else read_segment(segment.document)).where is None
    except BadDocument:
        return False


def _take_turns(segment: Segment) -> None:
    """A new turn for a segment and all that name it, directly or through others; their events have keys from now on."""
    conditions = _read_conditions(segment.workspace)
    concerned = {segment.key}
    while more := {key for key, where in conditions.items() if concerned & set(list_named(where))} - concerned:
        concerned |= more
    rows = Segment.objects.filter(workspace=segment.workspace, key__in=concerned, state="live")
    rows.update(turn=F("turn") + 1, cause="definition")
    ids = {row.key: row.pk for row in Segment.objects.filter(workspace=segment.workspace, state="live")}
    documents = {key: (ids[key], where) for key, where in conditions.items()}
    for key in concerned:
        for counted in list_keys(compile_segment(key, documents)):
            told = {"type": counted.type, "name": counted.name, "where": counted.where, "sum": counted.sum}
            SegmentKey.objects.get_or_create(workspace=segment.workspace, hourly=counted.hourly, **told)


def _compile(workspace: Workspace, key: str, document: Document) -> Node:
    ids = dict(Segment.objects.filter(workspace=workspace, state="live").values_list("key", "pk"))
    documents = {name: (ids[name], where) for name, where in _read_conditions(workspace).items()}
    return compile_segment(key, {**documents, key: (ids.get(key, 0), document.where)})


def _read_conditions(workspace: Workspace) -> dict[str, SegmentCondition | None]:
    """Of every live segment its newest revision's; None of a list."""
    rows = SegmentRevision.objects.filter(
        segment__workspace=workspace, segment__state="live", number=F("segment__revision")
    )
    return {key: read_segment(text).where for key, text in rows.values_list("segment__key", "document")}


def _read_coming(text: str) -> SegmentCondition | None:
    try:
        return read_segment(text).where
    except BadDocument:
        return None


def _read_newest(segment: Segment) -> Document:
    return read_segment(segment.revisions.get(number=segment.revision).document)


def _subject(segment: Segment) -> str:
    return f"segment:{segment.pk}"
