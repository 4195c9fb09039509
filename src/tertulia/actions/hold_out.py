"""The workspace's hold-out: the share of customers who get no marketing from any journey or match (A2)."""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.problems import Problem, refuse
from tertulia.core.shares import read_share, write_share
from tertulia.data.models import User, Workspace

FIELD: Final = "hold_out"


def set_hold_out(workspace: Workspace, user: User | None, now: datetime, share: str) -> None:
    """Another share, such as 5%, or none. Who has come to it stays on their side (A1). Raises Refused."""
    refuse(check_share(share))
    workspace.hold_out = write_hold_out(share)
    workspace.save(update_fields=[FIELD])
    record_change(workspace, user, now, "hold_out_changed", f"workspace:{workspace.pk}", {"share": workspace.hold_out})


def check_share(share: str) -> list[Problem]:
    """What is wrong."""
    try:
        read_share(share)
    except ValueError as error:
        return [Problem("invalid", _(str(error)), FIELD)]
    return []


def write_hold_out(share: str) -> str:
    """As it is kept; a share that was found right."""
    buckets = read_share(share)
    return write_share(buckets) if buckets else ""
