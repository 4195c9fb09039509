"""Synthetic customers: like those whom a workspace has, or like nobody's yet.

Each is modelled on one of the workspace's own, drawn with the seed: country, zone, language, attributes, what they
agreed to and on which channels they can be reached are theirs; names, numbers and addresses are not. A workspace
without customers has models made from stated shares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import msgspec

from tertulia.core.came import subject_of
from tertulia.core.carriers import EMAIL, SMS
from tertulia.core.consent import ANY, ConsentFact, Given, Source
from tertulia.core.events import USER
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.phones import key_of_e164
from tertulia.core.rows import AddressRow, ContactRow, LinkedIdentity
from tertulia.core.simulation.chance import draw
from tertulia.core.simulation.rates import Rates
from tertulia.core.world import Config
from tertulia.ids import index_of_value, make_contact_id

SYNTHETIC: Final = "synthetic"
NAMES: Final = ("Ada", "Bruno", "Chen", "Dalia", "Emil", "Fatima", "Gabriel", "Hana", "Ivo", "Jun", "Karim", "Lena")
CODE: Final = "+999"  # nobody's country code
NOT_COPIED: Final = (USER, "anonymous_id", "group_id", "phone", EMAIL)
INVENTED: Final = 100  # models of a workspace that has no customers


@dataclass(frozen=True, slots=True)
class Model:
    """A customer on whom others are modelled, the lists, by id, that they are put on, and when they opened, clicked and
    wrote."""

    row: ContactRow
    lists: frozenset[int] = frozenset()
    moments: Sequence[int] = ()


def make_people(rates: Rates, workspace: int, models: Sequence[Model], number: int, at: datetime) -> list[Model]:
    """So many synthetic customers."""
    drawn = (int(draw(rates.seed, "model", n) * len(models)) for n in range(1, number + 1))
    return [_make_one(workspace, models[place], n, at) for n, place in enumerate(drawn, 1)]


def _make_one(workspace: int, model: Model, number: int, at: datetime) -> Model:
    row = model.row
    contact_id = make_contact_id(number, index_of_value(workspace, SYNTHETIC, str(number)))
    names: dict[IdentityRef, IdentityRef] = {}
    addresses = [_copy_address(address, number, place, names) for place, address in enumerate(row.addresses)]
    identities = [
        replace(
            linked,
            identity=_copy_identity(linked.identity, number, place, names),
            name="",
            username="",
            owner=contact_id,
        )
        for place, linked in enumerate(row.identities)
        if linked.identity.kind not in NOT_COPIED
    ]
    consents = [
        msgspec.structs.replace(fact, contact_id=contact_id, subject=names.get(fact.subject, fact.subject))
        if fact.subject is not None
        else msgspec.structs.replace(fact, contact_id=contact_id)
        for fact in row.consents
    ]
    told = (contact_id, workspace, NAMES[number % len(NAMES)], f"({number})", row.locale, row.country, SYNTHETIC)
    made = ContactRow(*told, dict(row.attributes), at, row.zone)
    made.addresses, made.identities, made.consents = addresses, identities, consents
    return Model(made, model.lists, model.moments)


def _copy_address(address: AddressRow, number: int, place: int, names: dict[IdentityRef, IdentityRef]) -> AddressRow:
    if address.kind == "phone":
        value = f"{CODE}{place}{number:08d}"
        canonical = key_of_e164(value)
    else:
        value = canonical = f"synthetic-{number}-{place}@example.com"
    old, new = (subject_of(IdentityRef(address.kind, "", told)) for told in (address.value, value))
    names[old] = new
    return replace(address, value=value, canonical=canonical)


def _copy_identity(
    identity: IdentityRef, number: int, place: int, names: dict[IdentityRef, IdentityRef]
) -> IdentityRef:
    made = IdentityRef(identity.kind, identity.scope, f"synthetic-{number}-{place}")
    names[subject_of(identity)] = made
    return made


def invent_models(rates: Rates, config: Config, workspace: int, at: datetime) -> list[Model]:
    """Customers of a workspace that has none: in its country, reachable in stated shares on what it has connected, who
    all agreed to be written to."""
    return [Model(_invent(rates, config, workspace, number, at)) for number in range(INVENTED)]


def _invent(rates: Rates, config: Config, workspace: int, number: int, at: datetime) -> ContactRow:
    facts, share = config.workspaces[workspace], rates.reachable
    row = ContactRow(number, workspace, "", "", facts.language, facts.country, SYNTHETIC, {}, at)
    row.consents.append(ConsentFact(number, None, ANY, ANY, Given.GRANTED, Source.CUSTOMER_LIST, at))

    def has(percent: float, what: str) -> bool:
        return 100.0 * draw(rates.seed, "reachable", what, number) < percent

    if has(share.sms, SMS):
        row.addresses.append(AddressRow("phone", "", "", facts.country, True, "mobile"))
    if has(share.email, EMAIL):
        row.addresses.append(AddressRow("email", "", "", "", False, ""))
    apps = {(one.kind, one.scope): one for one in config.channels.values() if one.workspace == workspace and one.app}
    for (kind, scope), channel in apps.items():
        if has(share.app, kind):
            identity = IdentityRef(kind, scope, "")
            row.identities.append(LinkedIdentity(identity, channel.id, Trust.CLAIMED, "", "", at, None, "", "", number))
    return row


def count_mix(people: Sequence[Model]) -> Mapping[str, Mapping[str, int]]:
    """How many of them there are by country, language, and where they can be reached."""
    mix: dict[str, dict[str, int]] = {"country": {}, "language": {}, "channel": {}}

    def add(what: str, value: str) -> None:
        mix[what][value] = mix[what].get(value, 0) + 1

    for person in people:
        add("country", person.row.country)
        add("language", person.row.locale)
        kinds = {SMS if address.kind == "phone" else address.kind for address in person.row.addresses}
        for kind in kinds | {linked.identity.kind for linked in person.row.identities}:
            add("channel", kind)
    return mix
