"""Merge suggestions of a contact, each with its evidence in words."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tertulia.actions.contacts import Detail
from tertulia.store.contacts import read_contact
from tertulia.store.db import Conn

RULES = {
    "identity": gettext_lazy("the same app identity"),
    "alias": gettext_lazy("one message carried the identities of both"),
    "token": gettext_lazy("one sent the code of the other's link"),
    "phone": gettext_lazy("the same verified number"),
    "shared_phone": gettext_lazy("shared a number that the other has"),
    "told_email": gettext_lazy("an app or site told the other's e-mail address of them"),
    "told_phone": gettext_lazy("an app or site told the other's number of them"),
    "one_time_code": gettext_lazy("gave a code that was sent to the other's number or e-mail address"),
    "user_id": gettext_lazy("one device was used by both"),
    "digits": gettext_lazy("knew the last digits of the other's number"),
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
        found.append(Suggested(other.id, name, describe_evidence(row.rule)))
    return found


def describe_evidence(rule: str) -> str:
    """What speaks for it, in words."""
    return str(RULES.get(rule, rule))
