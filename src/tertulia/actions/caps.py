"""Frequency caps: at most so many messages to a customer in so much time (F1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from tertulia.actions.audit import record_change
from tertulia.actions.problems import Problem, Refused, refuse
from tertulia.channels import registry
from tertulia.core.caps import CapProblem, find_horizon, read_cap
from tertulia.core.carriers import CARRIERS
from tertulia.core.consent import MARKETING, SERVICE
from tertulia.data.models import Cap, User, Workspace
from tertulia.errors import Conflict, NotFound

CAPS_MAX: Final = 20
NAME_CHARACTERS_MAX: Final = 100
ID_MAX: Final = 2**31 - 1
TOPICS: Final = (MARKETING, SERVICE)


def list_caps(workspace: Workspace) -> list[Cap]:
    """The workspace's caps, in the order in which they were made."""
    return list(Cap.objects.filter(workspace=workspace).order_by("id"))


def access_cap(workspace: Workspace, cap_id: int) -> Cap:
    """The only way to a cap: one of this workspace. Raises NotFound."""
    found = Cap.objects.filter(pk=cap_id, workspace=workspace) if 0 <= cap_id <= ID_MAX else None
    cap: Cap | None = found.select_related("workspace").first() if found is not None else None
    if cap is None:
        raise NotFound(_("This cap does not exist in this workspace."))
    return cap


def list_channels() -> list[str]:
    """What a cap may name as channels: every app by its kind, SMS and e-mail each as one."""
    return [*CARRIERS, *(adapter.kind for adapter in registry.kinds() if adapter.capabilities.app)]


def create_cap(workspace: Workspace, user: User | None, now: datetime, name: str, document: Mapping[str, Any]) -> Cap:
    """A new cap. Raises Refused, and Conflict for a name that another cap has."""
    refuse(check_cap(name, document))
    if Cap.objects.filter(workspace=workspace).count() >= CAPS_MAX:
        raise Refused([Problem("range", _("A workspace has at most %(most)d caps.") % {"most": CAPS_MAX}, "name")])
    return _save(Cap(workspace=workspace), user, now, name, document, "cap_created")


def change_cap(cap: Cap, user: User | None, now: datetime, name: str, document: Mapping[str, Any]) -> Cap:
    """Another name and document. Raises Refused, and Conflict for a name that another cap has."""
    refuse(check_cap(name, document))
    return _save(cap, user, now, name, document, "cap_changed")


def _save(cap: Cap, user: User | None, now: datetime, name: str, document: Mapping[str, Any], verb: str) -> Cap:
    named = Cap.objects.filter(workspace=cap.workspace, name=name.strip()).exclude(pk=cap.pk)
    if named.exists():
        raise Conflict(_("There is a cap with this name. Choose another."), field="name")
    cap.name, cap.document = name.strip(), dict(document)
    cap.window_s = int(find_horizon(read_cap(cap.name, document)).total_seconds())
    cap.save()
    record_change(cap.workspace, user, now, verb, f"cap:{cap.pk}", {"name": cap.name, **cap.document})
    return cap


def delete_cap(workspace: Workspace, user: User | None, now: datetime, cap_id: int) -> None:
    """It holds nobody back any more. Raises NotFound."""
    cap = access_cap(workspace, cap_id)
    subject, facts = f"cap:{cap.pk}", {"name": cap.name}
    cap.delete()
    record_change(workspace, user, now, "cap_deleted", subject, facts)


def check_cap(name: str, document: Mapping[str, Any]) -> list[Problem]:
    """What is wrong, `field` by field."""
    problems = []
    if not 0 < len(name.strip()) <= NAME_CHARACTERS_MAX or "\0" in name:
        problems.append(Problem("required", _("Give the cap a name of at most 100 characters."), "name"))
    try:
        cap = read_cap(name, document)
    except CapProblem as problem:
        return [*problems, Problem("invalid", _(problem.sentence), problem.field)]
    for field, names, known in (("channels", cap.channels, list_channels()), ("topics", cap.topics, list(TOPICS))):
        if unknown := sorted(names - set(known)):
            told = {"name": unknown[0], "known": ", ".join(known)}
            problems.append(Problem("choice", _("“%(name)s” is none of these: %(known)s.") % told, field))
    return problems
