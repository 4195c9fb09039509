"""Quiet hours of a workspace: the hours of the week in which marketing and service messages may go out (Q1)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.problems import Problem, refuse
from tertulia.core.windows import WindowProblem, read_window
from tertulia.data.models import User, Workspace

FIELD: Final = "send_window"
HOURS_MAX: Final = 14


def set_send_window(workspace: Workspace, user: User | None, now: datetime, hours: Sequence[Any]) -> None:
    """When messages may go out: hours as documents write them, none for always. Raises Refused."""
    refuse(check_hours(hours))
    workspace.send_window = list(hours)
    workspace.save(update_fields=["send_window"])
    record_change(workspace, user, now, "quiet_hours_changed", f"workspace:{workspace.pk}", {"hours": list(hours)})


def check_hours(hours: Sequence[Any]) -> list[Problem]:
    """What is wrong. `field` names the hours by their place from 0 and the part of them: `send_window.1.to`."""
    if len(hours) > HOURS_MAX:
        return [Problem("range", _("Give at most %(most)d lines of hours.") % {"most": HOURS_MAX}, FIELD)]
    problems = []
    for place, one in enumerate(hours):
        try:
            read_window(one)
        except WindowProblem as problem:
            field = ".".join(filter(None, [FIELD, str(place), problem.field]))
            problems.append(Problem("invalid", _(problem.sentence), field))
    return problems
