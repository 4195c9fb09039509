"""The reader's time zone and language: moments and words are shown in them."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tertulia.data.models import User, Workspace

UNSET_ZONE = "UTC"


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
