"""The reader's time zone and language: moments and words are shown in them."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tertulia.data.models import User, Workspace

UNSET_ZONE = "UTC"


def choose_zone(user: User, workspace: Workspace) -> ZoneInfo:
    """The zone the user chose, else the workspace's, else UTC."""
    for name in (user.zone if user.zone != UNSET_ZONE else "", workspace.zone):
        try:
            if name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return ZoneInfo(UNSET_ZONE)
