"""Customers of a list as a simulation knows them, though nobody imported it."""

from datetime import datetime
from typing import Final

from tertulia.core.consent import ANY, ConsentFact, Given, Source
from tertulia.core.events import USER
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.import_rows import CheckedRow
from tertulia.core.rows import AddressRow, ContactRow, LinkedIdentity
from tertulia.ids import index_of_value, make_contact_id

LISTED: Final = "simulated list"


def make_contact(row: CheckedRow, workspace: int, at: datetime) -> ContactRow:
    """The contact of a row. The external id is the user id of its events. Whoever the list does not say no for has
    agreed: what a journey comes to is asked here, not who may be written to."""
    contact_id = make_contact_id(row.row, index_of_value(workspace, LISTED, str(row.row)))
    made = ContactRow(
        *(contact_id, workspace, row.name, row.surname, row.language, row.country, LISTED, dict(row.attributes), at),
        row.zone,
    )
    if row.phone is not None:
        phone = row.phone
        sms = phone.reachable_by_sms and row.sms_reason is None
        made.addresses.append(AddressRow("phone", phone.e164, phone.key, phone.region, sms, phone.line.value))
    if row.email:
        made.addresses.append(AddressRow("email", row.email, row.email_key, "", False, ""))
    if row.external_id:
        made.identities.append(make_listed(contact_id, row.external_id, at))
    if row.opt_in is not False:
        made.consents.append(ConsentFact(contact_id, None, ANY, ANY, Given.GRANTED, Source.CUSTOMER_LIST, at))
    return made


def make_listed(contact_id: int, user_id: str, at: datetime) -> LinkedIdentity:
    """The user id that a list gives to a contact."""
    return LinkedIdentity(IdentityRef(USER, "", user_id), None, Trust.CLAIMED, "", "", at, None, "", "", contact_id)
