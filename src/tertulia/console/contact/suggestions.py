"""Merge suggestions of a contact, each with its evidence in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tertulia.actions.contacts import Detail
from tertulia.store.contacts import read_contact
from tertulia.store.db import Conn

RULES = {
    "same_identity": gettext_lazy("the same app identity"),
    "same_verified_number": gettext_lazy("the same verified number"),
    "same_user_id": gettext_lazy("the same id of your own systems"),
    "same_email": gettext_lazy("the same e-mail"),
    "same_number": gettext_lazy("the same number"),
    "similar_name": gettext_lazy("a similar name"),
}


@dataclass(frozen=True, slots=True)
class Suggested:
    """Perhaps the same person as ``other_id``."""

    other_id: int
    name: str
    evidence: str


def list_suggestions(conn: Conn, person: Detail) -> list[Suggested]:
    """Open suggestions whose other side still stands by itself."""
    found = []
    for row in person.suggestions:
        other = read_contact(conn, person.contact.workspace, row.other_id) if row.state == "open" else None
        if other is None or other.erased_at or other.merged_into or other.id in person.family:
            continue
        name = f"{other.name} {other.surname}".strip() or _("a contact without a name")
        found.append(Suggested(other.id, name, describe_evidence(row.rule, row.evidence)))
    return found


def describe_evidence(rule: str, evidence: Mapping[str, Any]) -> str:
    """What speaks for it: the rule in words, else what was noted."""
    words = RULES.get(rule)
    if words is not None:
        return str(words)
    return ", ".join(f"{name}: {value}" for name, value in evidence.items()) or rule
