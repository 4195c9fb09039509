"""Every change of configuration: its audit row, and the workspace's next epoch (E7)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import F

from tertulia.data.models import Audit, User, Workspace


def record_change(
    workspace: Workspace,
    user: User | None,
    now: datetime,
    verb: str,
    subject: str,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Say who did what, and raise the epoch, so that the next cycle decides with the new configuration. `facts` hold
    ids and counts, nothing personal and no secret. In the caller's transaction."""
    record_act(workspace, user, now, verb, subject, facts)
    Workspace.objects.filter(pk=workspace.pk).update(epoch=F("epoch") + 1)


def record_act(
    workspace: Workspace,
    user: User | None,
    now: datetime,
    verb: str,
    subject: str,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Say who did what that changes no configuration. `facts` as in `record_change`."""
    Audit.objects.create(workspace=workspace, user=user, verb=verb, subject=subject, facts=dict(facts or {}), at=now)
