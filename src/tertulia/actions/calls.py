"""Calls of which nobody knows what came of them: a person says it, or asks for another try (S6)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from tertulia.actions.audit import record_act
from tertulia.actions.problems import Problem, Refused
from tertulia.core.call_outcomes import VERDICTS
from tertulia.core.entries import SettleCallEntry
from tertulia.data.models import User, Workspace
from tertulia.errors import NotFound
from tertulia.store.calls import WaitingCall, find_waiting_call, list_waiting_calls
from tertulia.store.db import Conn

WAITING_MAX: Final = 500


def list_waiting(conn: Conn, workspace: Workspace, journey_id: int | None = None) -> list[WaitingCall]:
    """Those that wait for somebody, the oldest first, at most WAITING_MAX."""
    return list_waiting_calls(conn, workspace.pk, journey_id, WAITING_MAX)


def settle_call(
    conn: Conn, workspace: Workspace, user: User | None, now: datetime, call_id: UUID, verdict: str
) -> SettleCallEntry:
    """What a person says, for the engine to decide: `worked`, `failed`, or `again`. Audited. Raises NotFound for a call
    that waits for nobody, and Refused."""
    if verdict not in VERDICTS:
        told = {"known": ", ".join(VERDICTS)}
        raise Refused([Problem("choice", _("Choose one of: %(known)s.") % told, "verdict")])
    found = find_waiting_call(conn, workspace.pk, call_id)
    if found is None:
        raise NotFound(_("This call does not wait for anybody, or is not in this workspace."))
    contact_id, attempt, journey_id, step, _endpoint = found
    actor = f"user:{user.pk}" if user is not None else "api"
    facts = {"verdict": verdict, "journey": journey_id, "step": step}
    record_act(workspace, user, now, "call_settled", f"call:{call_id}", facts)
    return SettleCallEntry(contact_id, call_id, attempt, verdict, actor, now)
