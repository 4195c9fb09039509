"""What of a filter of the contact list a segment's conditions can say."""

from typing import Any

from django.utils.translation import gettext as _

from tertulia.console.contacts.filters import APPS
from tertulia.data.models import Segment, Workspace
from tertulia.store.contacts import Filter


def describe_filter(workspace: Workspace, which: Filter) -> tuple[dict[str, Any] | None, list[str]]:
    """The conditions, None where there is nothing to say, and in words what is left out of them."""
    parts: list[dict[str, Any]] = []
    lost = []
    if which.app:
        parts.append({"any": [{"reachable": app} for app in APPS]} if which.app == "any" else {"reachable": which.app})
    if which.sms:
        parts.append({"reachable": "sms"})
    if which.consent:
        parts.append({"consent": which.consent})
    if which.country:
        parts.append({"field": "country", "is": which.country})
    if which.attribute:
        parts.append({"attribute": which.attribute, **({"is": which.value} if which.value else {"exists": True})})
    if which.segment_id:
        segment = Segment.objects.filter(workspace=workspace, pk=which.segment_id, state="live").first()
        parts += [{"segment": segment.key}] if segment is not None else []
    if which.words:
        lost.append(_("what is searched for: a segment does not look for words"))
    if which.import_id:
        lost.append(_("the imported list: put its people on a list, and name that"))
    if not parts:
        return None, lost
    return parts[0] if len(parts) == 1 else {"all": parts}, lost
