"""Broadcasts: journeys that an audience enters once. What they are doing, and taking a launch back.

Everything else about them is the journeys' own: drafting, publishing (which is the launch), pausing, cancelling.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.journeys import LAUNCH_AFTER, access_journey, read_newest
from tertulia.actions.launching import find_first
from tertulia.core.journeys import AudienceEntry
from tertulia.data.models import Journey, JourneyRound, User, Workspace
from tertulia.documents.journeys import read_journey
from tertulia.errors import Conflict, NotFound
from tertulia.store.clicks import count_clicks
from tertulia.store.db import Conn
from tertulia.store.journeys import count_journeys

TAKE_BACK_FOR: Final = timedelta(seconds=10)  # after a launch that is at once
TOO_NEAR: Final = timedelta(minutes=1)  # before a launch that is at a date

Doing = Literal["draft", "scheduled", "sending", "paused", "sent", "missed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Progress:
    """What a broadcast is doing: `missed` is one whose time was over when the engine came to it. `due_at`: when the
    first of its audience may enter; None of a draft. `entered`, `inside` and `sent` as of any journey."""

    doing: Doing
    due_at: datetime | None
    entered: int = 0
    inside: int = 0
    sent: int = 0


def access_broadcast(workspace: Workspace, journey_id: int) -> Journey:
    """The only way to a broadcast: one of this workspace. Raises NotFound."""
    journey = access_journey(workspace, journey_id)
    if journey.kind != "broadcast":
        raise NotFound(_("This broadcast does not exist in this workspace."))
    return journey


def read_progress(conn: Conn, journeys: list[Journey]) -> dict[int, Progress]:
    """Of each of these broadcasts."""
    figures = count_journeys(conn, [journey.pk for journey in journeys if journey.revision is not None])
    rounds = {row.journey_id: row for row in JourneyRound.objects.filter(journey__in=journeys).order_by("due_at")}
    told = {}
    for journey in journeys:
        row, (entered, inside, sent) = rounds.get(journey.pk), figures.get(journey.pk, (0, 0, 0))
        due_at = None if journey.state == "draft" else row.due_at if row else find_due(journey)
        told[journey.pk] = Progress(_find_doing(journey, row, inside), due_at, entered, inside, sent)
    return told


def count_links(conn: Conn, journey: Journey) -> dict[str, int]:
    """In how many messages of a broadcast people opened each of its links, by the links' names."""
    counts: Counter[str] = Counter()
    for (_step, link), count in count_clicks(conn, journey.pk).items():
        counts[link] += count
    counts.pop("", None)
    return dict(counts)


def read_launched(journey: Journey) -> str:
    """The document that goes out; of a draft that one."""
    return read_newest(journey) or str(journey.document)


def find_due(journey: Journey) -> datetime | None:
    """When the first of a launched broadcast's audience may enter, where it is at a date; None where that is over."""
    newest = read_newest(journey)
    if newest is None:
        return None
    document = read_journey(newest)
    if not isinstance(document.entry, AudienceEntry) or document.entry.on is None:
        return None
    return find_first(document, journey.workspace)


def take_back(journey: Journey, user: User | None, now: datetime) -> None:
    """A launched broadcast that nobody has entered becomes a draft again: of one at once for some seconds, of one at a
    date until a minute before. Raises Conflict."""
    locked = Journey.objects.select_for_update().select_related("workspace").get(pk=journey.pk)
    if locked.kind != "broadcast" or locked.state != "live" or not _may_take_back(locked, now):
        raise Conflict(_("This broadcast has begun. Cancel it instead."))
    JourneyRound.objects.filter(journey=locked).delete()
    Journey.objects.filter(pk=journey.pk).update(state="draft", changed_at=now)
    journey.refresh_from_db()
    record_change(journey.workspace, user, now, "broadcast_taken_back", f"journey:{journey.pk}")


def can_take_back(journey: Journey, now: datetime) -> bool:
    """Whether `take_back` would."""
    return journey.kind == "broadcast" and journey.state == "live" and _may_take_back(journey, now)


def _may_take_back(journey: Journey, now: datetime) -> bool:
    row = JourneyRound.objects.filter(journey=journey).first()
    if row is not None:
        return bool(row.state == "running" and now <= row.due_at - LAUNCH_AFTER + TAKE_BACK_FOR)
    due_at = find_due(journey)
    return due_at is not None and now < due_at - TOO_NEAR


def _find_doing(journey: Journey, row: JourneyRound | None, inside: int) -> Doing:
    match journey.state:
        case "draft":
            return "draft"
        case "cancelling" | "cancelled":
            return "cancelled"
        case "paused":
            return "paused"
    if row is None:
        return "scheduled"
    if row.state == "skipped":
        return "missed"
    return "sending" if row.state == "running" or inside else "sent"
