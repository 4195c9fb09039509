"""When a broadcast goes out first, and how long it goes to a few alone (V3)."""

from datetime import datetime
from typing import Any

from tertulia.core.durations import read_duration
from tertulia.core.journeys import Journey as Document
from tertulia.core.rounds import find_once
from tertulia.core.zones import load_zone
from tertulia.data.models import Workspace


def find_first(document: Document, workspace: Workspace) -> datetime | None:
    """When a document's one round is due, in UTC; None of one at the launch."""
    return find_once(document, load_zone(document.zone or workspace.zone or "UTC"))


def begin_canary(document: Document, workspace: Workspace, now: datetime) -> dict[str, Any]:
    """Of a revision that is published now: its time begins when the first may enter. Empty without a canary."""
    if document.canary is None:
        return {}
    begins = max(find_first(document, workspace) or now, now) if document.is_broadcast else now
    until = begins + read_duration(document.canary.for_)
    return {"since": now.isoformat(), "until": until.isoformat()}


def shift_canary(canary: dict[str, Any], now: datetime, paused_at: datetime) -> dict[str, Any]:
    """After a pause: it has as much time as it had before, where that was not over."""
    if not canary or datetime.fromisoformat(canary["until"]) <= paused_at:
        return canary
    return {**canary, "until": (datetime.fromisoformat(canary["until"]) + (now - paused_at)).isoformat()}
