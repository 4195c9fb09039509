"""A journey is started for a contact over the API: who is meant, and whether the journey can be started so.

Whether the run begins is the engine's to decide: the journey's dates, re-entry and conditions hold as for any entry,
and a refusal is a row of the ledger. The same `key` again, for the same journey and contact, begins no second run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.utils.translation import gettext as _

from tertulia.actions.contacts import access_contact
from tertulia.actions.problems import Problem, Refused
from tertulia.core.entries import OccasionEntry
from tertulia.core.events import LISTED
from tertulia.core.identity import IdentityRef
from tertulia.core.import_values import email_key
from tertulia.core.journeys import ApiEntry
from tertulia.core.occasions import API, CALLED
from tertulia.core.traits import read_number
from tertulia.data.models import Journey, Workspace
from tertulia.documents.journeys import read_journey
from tertulia.errors import Conflict
from tertulia.ids import derive_id
from tertulia.store.db import Conn
from tertulia.store.directory import find_by_address
from tertulia.store.identities import find_contacts

WAYS: Final = ("contact_id", "user_id", "phone", "email")
KEY_CHARACTERS_MAX: Final = 200
PROPERTIES_BYTES_MAX: Final = 32_768


@dataclass(frozen=True, slots=True)
class Who:
    """The contact, in exactly one way."""

    contact_id: int | None = None
    user_id: str = ""
    phone: str = ""
    email: str = ""


def ask_start(
    conn: Conn,
    journey: Journey,
    now: datetime,
    who: Who,
    key: str,
    properties: Mapping[str, Any],
    fresh: UUID,
) -> OccasionEntry:
    """The entry that starts it; `fresh` takes the place of a key that is not given. Raises Conflict for a journey that
    cannot be started so, Refused and NotFound for who or what is sent."""
    newest = journey.revisions.filter(number=journey.revision).first() if journey.revision else None
    if newest is None:
        raise Conflict(_("This journey was never published."))
    if not isinstance(read_journey(newest.document).entry, ApiEntry):
        raise Conflict(_("This journey is not started over the API. Write entry: {kind: api} and publish it."))
    if len(key) > KEY_CHARACTERS_MAX:
        raise Refused([Problem("invalid", _("A key has at most 200 characters."), "key")])
    if len(msgspec.json.encode(properties)) > PROPERTIES_BYTES_MAX:
        raise Refused([Problem("invalid", _("The properties are longer than 32 kB. Send less."), "properties")])
    contact_id = find_contact(conn, journey.workspace, who)
    occasion_id = derive_id("occasion", "api", journey.pk, contact_id, key or str(fresh))
    return OccasionEntry(contact_id, occasion_id, API, CALLED, now, dict(properties), journey.pk)


def find_contact(conn: Conn, workspace: Workspace, who: Who) -> int:
    """Who is meant, merges followed. Raises Refused where it is nobody, or more than one."""
    given = [name for name in WAYS if getattr(who, name)]
    if len(given) != 1:
        message = _("Say who: give exactly one of contact_id, user_id, phone and email.")
        raise Refused([Problem("required", message, given[1] if given else "contact_id")])
    [way] = given
    if who.contact_id is not None:
        return access_contact(conn, workspace, who.contact_id).id
    found = set(_list_contacts(conn, workspace, who, way))
    people = {access_contact(conn, workspace, contact_id).id for contact_id in found}
    if not people:
        raise Refused([Problem("unknown", _("No contact has this. Import or identify the customer first."), way)])
    if len(people) > 1:
        message = _("%(count)s contacts have this. Give contact_id or user_id.") % {"count": len(people)}
        raise Refused([Problem("ambiguous", message, way)])
    return people.pop()


def _list_contacts(conn: Conn, workspace: Workspace, who: Who, way: str) -> list[int]:
    match way:
        case "user_id":
            known = find_contacts(conn, [(workspace.pk, IdentityRef("user_id", "", who.user_id))])
            return list(known.values()) or find_by_address(conn, workspace.pk, LISTED, who.user_id)
        case "email":
            return find_by_address(conn, workspace.pk, "email", email_key(who.email))
        case _:
            number = read_number(who.phone, workspace.country)
            if number is None:
                message = _("This is no phone number. Write it with its country, such as +351912345678.")
                raise Refused([Problem("invalid", message, "phone")])
            return find_by_address(conn, workspace.pk, "phone", number.key)
