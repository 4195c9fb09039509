"""When a broadcast goes out first, and how long it goes to a few alone (V3)."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import asdict

from tertulia.core.canaries import plan_canary
from tertulia.core.journeys import Journey as Document
from tertulia.core.rounds import find_once
from tertulia.core.zones import load_zone
from tertulia.data.models import Workspace


def find_first(document: Document, workspace: Workspace) -> datetime | None:
    """When a document's one round is due, in UTC; None of one at the launch."""
    return find_once(document, _find_zone(document, workspace))


def begin_canary(document: Document, workspace: Workspace, now: datetime) -> dict[str, Any]:
    """Of a revision that is published now: its time begins when the first may enter. Empty without a canary."""
    planned = plan_canary(document, _find_zone(document, workspace), now)
    return {name: at.isoformat() for name, at in asdict(planned).items()} if planned is not None else {}


def _find_zone(document: Document, workspace: Workspace) -> ZoneInfo:
    return load_zone(document.zone or workspace.zone or "UTC")


def shift_canary(canary: dict[str, Any], now: datetime, paused_at: datetime) -> dict[str, Any]:
    """After a pause: it has as much time as it had before, where that was not over."""
    if not canary or datetime.fromisoformat(canary["until"]) <= paused_at:
        return canary
    return {**canary, "until": (datetime.fromisoformat(canary["until"]) + (now - paused_at)).isoformat()}
