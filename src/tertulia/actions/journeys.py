"""Journeys from draft to their end: written, published as immutable revisions, paused, closed, cancelled (V1, V2).

The draft is text, kept as somebody wrote it, also while it is wrong; publishing checks it whole and makes a revision of
it, into which people enter from the next cycle on. Stopping entry, pausing and cancelling are three different acts:
`close` lets runs finish, `pause` freezes their timers, `cancel` closes them. Everything is written through Django's ORM
in the caller's transaction; what becomes of runs is the engine's work.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from tertulia.actions.audit import record_act, record_change
from tertulia.actions.config import list_zones
from tertulia.actions.drafts import NAME_CHARACTERS_MAX, find_free_key, read_fault, read_name, refuse_text
from tertulia.actions.launching import begin_canary, shift_canary
from tertulia.actions.problems import Problem, Refused
from tertulia.channels import registry
from tertulia.core.carriers import EMAIL
from tertulia.core.journeys import Journey as Document
from tertulia.core.journeys import SegmentEntry, walk_steps
from tertulia.core.revisions import CHOICES, FINISH
from tertulia.core.rounds import is_at_launch
from tertulia.core.steps.sending import SendStep
from tertulia.data.models import (
    Catalog,
    Channel,
    CouponPool,
    Endpoint,
    Journey,
    JourneyRevision,
    JourneyRound,
    Segment,
    Template,
    User,
    Workspace,
)
from tertulia.documents.delivery_control import is_control_change
from tertulia.documents.journeys import Around, check_journey
from tertulia.documents.lines import BadDocument, read_lines
from tertulia.errors import Conflict, NotFound
from tertulia.ids import day_of

ID_MAX: Final = 2**31 - 1
LAUNCH_AFTER: Final = timedelta(seconds=12)  # so long a launch may be taken back, and a little longer it waits

_NEXT: Final[Mapping[str, tuple[str, ...]]] = {
    "draft": (),
    "live": ("closed", "paused", "cancelling"),
    "closed": ("live", "paused", "cancelling"),
    "paused": ("resuming", "cancelling"),
    "resuming": (),
    "cancelling": (),
    "cancelled": (),
}
"""State -> states that a person may bring it to."""


def access_journey(workspace: Workspace, journey_id: int) -> Journey:
    """The only way to a journey: one of this workspace. Raises NotFound."""
    found = Journey.objects.filter(pk=journey_id, workspace=workspace) if 0 <= journey_id <= ID_MAX else None
    journey: Journey | None = found.select_related("workspace").first() if found is not None else None
    if journey is None:
        raise NotFound(_("This journey does not exist in this workspace."))
    return journey


def list_journeys(workspace: Workspace, kind: str = "") -> list[Journey]:
    """The workspace's journeys, those changed last first; with `kind` only journeys, or only broadcasts."""
    kinds = (kind,) if kind else ("journey", "broadcast")
    return list(Journey.objects.filter(workspace=workspace, kind__in=kinds).order_by("-changed_at", "-id"))


def find_around(
    workspace: Workspace, coming: Iterable[str] = (), worded: Iterable[str] = (), gathered: Iterable[str] = ()
) -> Around:
    """What a document of the workspace may name; `coming`, `worded` and `gathered`: the keys of journeys, templates and
    segments that come together with it."""
    channels: dict[str, str] = {}
    silent: set[str] = set()
    for channel in Channel.objects.filter(workspace=workspace).exclude(state="archived"):
        able = registry.get(channel.kind).capabilities
        channels[channel.name] = able.carries or channel.kind
        if able.carries:
            channels.setdefault(channel.kind, channel.kind)
        if not able.tells_delivery:
            silent |= {channel.name, channel.kind, able.carries or channel.kind}
    keys = Journey.objects.filter(workspace=workspace).values_list("key", flat=True)
    mails = frozenset(adapter.kind for adapter in registry.kinds() if adapter.capabilities.carries == EMAIL)
    texts = Template.objects.filter(workspace=workspace, revision__isnull=False).values_list("key", flat=True)
    segments = Segment.objects.filter(workspace=workspace, state="live").values_list("key", flat=True)
    known = frozenset((*keys, *coming)), frozenset((*texts, *worded)), frozenset((*segments, *gathered))
    endpoints = {row.key: frozenset(row.methods) for row in Endpoint.objects.filter(workspace=workspace)}
    pools = frozenset(CouponPool.objects.filter(workspace=workspace).values_list("key", flat=True))
    catalogs = frozenset(Catalog.objects.filter(workspace=workspace).values_list("key", flat=True))
    return Around(channels, list_zones(), *known, mails, endpoints, pools, catalogs, frozenset(silent))


def check_text(
    workspace: Workspace,
    text: str,
    coming: Iterable[str] = (),
    worded: Iterable[str] = (),
    gathered: Iterable[str] = (),
) -> tuple[Document | None, list[Problem]]:
    """The document, where it is one, and everything that is wrong with it in the reader's language. `coming`, `worded`
    and `gathered`: the keys of journeys, templates and segments that come together with it."""
    try:
        return check_journey(text, find_around(workspace, coming, worded, gathered)), []
    except BadDocument as bad:
        return None, [read_fault(fault) for fault in bad.problems]


def create_journey(
    workspace: Workspace, user: User | None, now: datetime, text: str, *, name: str, key: str = ""
) -> Journey:
    """A draft. `key`: its name in files; made from the name where none is given. Raises Refused, Conflict."""
    refuse_text(text, name, _("Give the journey a name of at most 200 characters."))
    taken = set(Journey.objects.filter(workspace=workspace).values_list("key", flat=True))
    if key and key in taken:
        raise Conflict(_("There is a journey with this key. Choose another."))
    free = find_free_key(key, name, taken, "journey")
    told = {"kind": _read_kind(text, "journey"), "name": name.strip(), "document": text, "created_by": user}
    journey: Journey
    journey, is_first = Journey.objects.get_or_create(workspace=workspace, key=free, defaults=told)
    if not is_first:  # somebody else took the key since
        return create_journey(workspace, user, now, text, name=name, key=key)
    record_act(workspace, user, now, "journey_created", _subject(journey))
    return journey


def save_draft(journey: Journey, user: User | None, now: datetime, text: str, *, version: int) -> Journey:
    """Keep a draft as it was written, right or wrong. Its name is the document's where that can be read. Raises
    Refused; Conflict when somebody else changed it since `version`, which then stays as it is."""
    if journey.kind == "broadcast" and journey.state != "draft" and not is_control_change(read_newest(journey), text):
        raise Conflict(_("This broadcast was launched, and goes out as it was then. Copy it to send another."))
    document, _problems = check_text(journey.workspace, text)
    name = document.name if document else read_name(text) or journey.name
    refuse_text(text, name, _("Give the journey a name of at most 200 characters."))
    changed = Journey.objects.filter(pk=journey.pk, version=version).update(
        document=text,
        name=name.strip()[:NAME_CHARACTERS_MAX],
        version=version + 1,
        changed_at=now,
        **({"kind": _read_kind(text, journey.kind)} if journey.state == "draft" else {}),
    )
    if not changed:
        raise Conflict(_("Somebody else has changed this journey meanwhile. Reload it, and make your change again."))
    journey.refresh_from_db()
    return journey


def publish(journey: Journey, user: User | None, now: datetime, *, version: int, runs: str = FINISH) -> JourneyRevision:
    """The draft becomes the next revision, into which people enter from now on. `runs`: what becomes of those who are
    in it, one of core.revisions.CHOICES (V1). Raises Refused with everything that is wrong, and Conflict where somebody
    changed the draft since `version`, or the runs of the last publishing are still on their way."""
    if runs not in CHOICES:
        raise Refused([Problem("invalid", _("Say finish, move or restart."), "runs")])
    locked = Journey.objects.select_for_update().select_related("workspace").get(pk=journey.pk)
    if locked.version != version:
        raise Conflict(_("Somebody else has changed this journey meanwhile. Reload it, and look at it again."))
    if locked.state in ("cancelling", "cancelled"):
        raise Conflict(_("This journey was cancelled. Copy it to a new one."))
    document, problems = check_text(locked.workspace, locked.document)
    if document is None:
        raise Refused(problems)
    _refuse_kind(locked, document)
    _change_runs(locked, now, runs)
    before, number = read_newest(locked), (locked.revision or 0) + 1
    revision: JourneyRevision = JourneyRevision.objects.create(
        journey=locked, number=number, document=locked.document, published_by=user, published_at=now
    )
    locked.kind = document.kind
    locked.revision, locked.name = number, document.name.strip()[:NAME_CHARACTERS_MAX]
    inside = isinstance(document.entry, SegmentEntry) and document.entry.already_inside
    if locked.state == "draft" and (inside or is_at_launch(document.entry)):
        due_at = now + LAUNCH_AFTER if document.is_broadcast else now
        JourneyRound.objects.create(journey=locked, day=now.date(), due_at=due_at)
    locked.state = "live" if locked.state == "draft" else locked.state
    if not is_control_change(before, locked.document):
        locked.canary = begin_canary(document, locked.workspace, now)
    locked.save(update_fields=["revision", "name", "kind", "state", "canary", "changed_at"])
    facts = {"revision": number, "important": _list_important(document)}
    record_change(locked.workspace, user, now, "journey_published", _subject(locked), facts)
    journey.refresh_from_db()
    return revision


def _change_runs(journey: Journey, now: datetime, runs: str) -> None:
    """The engine does it, shard by shard. Raises Conflict."""
    if JourneyRound.objects.filter(journey=journey, state="running").exclude(runs="").exists():
        raise Conflict(_("Those who were in it at the last publishing are still on their way. Try again in a minute."))
    if runs == FINISH or journey.revision is None:
        return
    while JourneyRound.objects.filter(journey=journey, due_at=now).exists():  # published twice at one instant
        now -= timedelta(microseconds=1)
    JourneyRound.objects.create(journey=journey, day=day_of(now), due_at=now, runs=runs)


def _refuse_kind(journey: Journey, document: Document) -> None:
    """A broadcast is launched once, after which only its controls change, and nothing that was published becomes
    another kind. Raises Conflict."""
    if journey.state == "draft":
        return
    newest = read_newest(journey)
    if journey.kind == "broadcast" and (newest == journey.document or not is_control_change(newest, journey.document)):
        raise Conflict(_("This broadcast was launched. Copy it to send another."))
    if document.is_broadcast and journey.kind != "broadcast":
        raise Conflict(_("This journey was published, and cannot become a broadcast. Make a new one."))


def _read_kind(text: str, before: str) -> str:
    """Of a draft, right or wrong; `before` where it cannot be read."""
    try:
        value = read_lines(text).value
    except BadDocument:
        return before
    return "broadcast" if isinstance(value, dict) and value.get("kind") == "broadcast" else "journey"


def read_newest(journey: Journey) -> str | None:
    """The newest revision's document; None for what was never published."""
    newest = journey.revisions.filter(number=journey.revision).first() if journey.revision else None
    return str(newest.document) if newest is not None else None


def is_published(journey: Journey) -> bool:
    """Whether the draft is the newest revision, word for word."""
    return read_newest(journey) == str(journey.document)


def close_entry(journey: Journey, user: User | None, now: datetime) -> None:
    """Nobody enters any more; who is inside goes on to the end. Raises Conflict."""
    _move(journey, user, now, "closed", "journey_closed")


def open_entry(journey: Journey, user: User | None, now: datetime) -> None:
    """People enter again. Raises Conflict."""
    if journey.state != "closed":
        raise Conflict(_refuse_move(journey))
    _move(journey, user, now, "live", "journey_opened")


def pause(journey: Journey, user: User | None, now: datetime) -> None:
    """Timers freeze, nothing is sent, nobody enters; an exception still ends a run. Raises Conflict."""
    _move(journey, user, now, "paused", "journey_paused", paused_at=now, guard={})


def resume(journey: Journey, user: User | None, now: datetime, how: str = "shift") -> None:
    """Go on: `shift` moves waits by the length of the pause, `fire` lets those that are overdue go on at once, `skip`
    passes over what stands behind these. Raises Conflict, and Refused for another word."""
    if how not in ("shift", "fire", "skip"):
        raise Refused([Problem("invalid", _("Say shift, fire or skip."), "how")])
    paused = journey.paused_at or now
    shift_s = {"fire": 0, "skip": None}.get(how, int((now - paused) / timedelta(seconds=1)))
    canary = shift_canary(journey.canary, now, paused)
    _move(journey, user, now, "resuming", "journey_resumed", shift_s=shift_s, guard={}, guarded_from=now, canary=canary)


def end_canary(journey: Journey, user: User | None, now: datetime) -> None:
    """What is new goes to all, before its time. Raises Conflict where it does already."""
    if not is_canary_on(journey, now):
        raise Conflict(_("It goes to everybody already."))
    Journey.objects.filter(pk=journey.pk).update(canary={}, changed_at=now)
    journey.refresh_from_db()
    record_change(journey.workspace, user, now, "journey_canary_ended", _subject(journey))


def is_canary_on(journey: Journey, now: datetime) -> bool:
    """Whether what is new goes to a share of the customers alone."""
    return bool(journey.canary) and now < datetime.fromisoformat(journey.canary["until"])


def cancel(journey: Journey, user: User | None, now: datetime) -> None:
    """Every run is closed and what it queued taken back. This cannot be undone. Raises Conflict."""
    _move(journey, user, now, "cancelling", "journey_cancelled")
    JourneyRound.objects.filter(journey=journey, state="running").update(state="skipped")


def delete_draft(journey: Journey, user: User | None, now: datetime) -> None:
    """Remove a journey that nobody ever entered. Raises Conflict."""
    if journey.state != "draft":
        raise Conflict(_("This journey was published: its runs are part of the history. Cancel it instead."))
    subject, workspace = _subject(journey), journey.workspace
    journey.delete()
    record_act(workspace, user, now, "journey_deleted", subject)


def _list_important(document: Document) -> list[str]:
    """The steps whose messages pass the frequency caps because somebody said so (F5)."""
    return [step.id for step in walk_steps(document.steps) if isinstance(step, SendStep) and step.important]


def _move(journey: Journey, user: User | None, now: datetime, state: str, verb: str, **fields: object) -> None:
    before = [old for old, then in _NEXT.items() if state in then]
    moved = Journey.objects.filter(pk=journey.pk, state__in=before).update(state=state, changed_at=now, **fields)
    if not moved:
        journey.refresh_from_db()
        raise Conflict(_refuse_move(journey))
    journey.refresh_from_db()
    record_change(journey.workspace, user, now, verb, _subject(journey))


def _refuse_move(journey: Journey) -> str:
    told = {
        "draft": _("This journey was never published."),
        "live": _("This journey runs already."),
        "closed": _("Nobody enters this journey any more already."),
        "paused": _("This journey is paused. Resume it first."),
        "resuming": _("This journey is going on again right now."),
        "cancelling": _("This journey was cancelled."),
        "cancelled": _("This journey was cancelled."),
    }
    return str(told[journey.state])


def _subject(journey: Journey) -> str:
    return f"journey:{journey.pk}"
