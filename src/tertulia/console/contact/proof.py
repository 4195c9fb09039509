"""The proof of a row of the consent ledger, in words: where the customer said it, and in which."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tertulia.data.models import Import, Membership, Workspace

LABELS = {
    "reason": gettext_lazy("note"),
    "text": gettext_lazy("they wrote"),
    "word": gettext_lazy("they wrote"),
    "message": gettext_lazy("message"),
    "link": gettext_lazy("link"),
    "row": gettext_lazy("row"),
    "code": gettext_lazy("code"),
}


def describe_proof(proof: Mapping[str, Any], workspace: Workspace) -> list[tuple[str, str]]:
    """Label and value of each part; a reference is named by what it refers to."""
    parts = []
    for name, value in proof.items():
        if value in ("", None) or isinstance(value, dict | list):
            continue
        if name == "ref":
            parts.append(_describe_reference(str(value), workspace))
        else:
            parts.append((str(LABELS.get(name, name)), str(value)))
    return parts


def _describe_reference(reference: str, workspace: Workspace) -> tuple[str, str]:
    kind, _sep, detail = reference.partition(":")
    if kind == "import" and detail.isdecimal():
        name = Import.objects.filter(workspace=workspace, pk=int(detail)).values_list("name", flat=True).first()
        return _("list"), name or f"#{detail}"
    if kind == "person":
        number = detail.removeprefix("user:")
        members = Membership.objects.filter(workspace=workspace).select_related("user")
        member = members.filter(user_id=int(number)).first() if number.isdecimal() else None
        return _("written down by"), str(member.user) if member else detail
    return kind, detail
