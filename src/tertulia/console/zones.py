"""The reader's time zone and language: moments and words are shown in them."""

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tertulia.data.models import User, Workspace

UNSET_ZONE = "UTC"


@cache
def list_zones() -> tuple[str, ...]:
    """Every zone with a place in its name, by name. Reading them from the disk takes a second, so it is done once."""
    return tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")))


def read_zone(name: str) -> ZoneInfo | None:
    """The zone of that name, or None for anything else."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def choose_zone(user: User, workspace: Workspace) -> ZoneInfo:
    """The zone the user chose, else the workspace's, else UTC."""
    own = user.zone if user.zone != UNSET_ZONE else ""
    return read_zone(own) or read_zone(workspace.zone) or ZoneInfo(UNSET_ZONE)
