"""A customer did something in a business's own app or site: whose event it is, and what it changes (E1-E3, M1, M8).

An event belongs to the contact of its user id, else to the one whom a list names by that id, else to that of its device
(`anonymous_id`). An unknown one gets a new
contact in its identity's home shard, whose owner also says where that is being decided when the device is known
elsewhere; later events follow the same way and keep their order. Ids that stand for nobody (`null`, zeros) were left
out when the message was read (`ingest`). The same event again was dropped before by its key (E1); of one that happened
longer ago than keys are kept, what is stored says so.

    user known, device unknown       the device is linked to the user's contact
    device known, user unknown       the user is linked to the device's contact, unless that has another user:
                                     then the user gets a new contact and the device goes over to it
    both known, device without user  its contact is merged into the user's (rule user_id)
    both known, device of another    nobody is merged; the device goes over to who used it last (a shared device)
    alias                            the previous id's contact is merged into the user's: the only way in which two user
                                     ids become one; an unknown previous id becomes the user's second one

Identities that come with events are claimed (M6), a user id too: a write key is public, whoever loads the site has it,
and a claim is enough to keep a history together and no more. Nothing is started by an event, and none gives consent.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec

from tertulia.core import effects as fx
from tertulia.core import event_effects as ev
from tertulia.core.came import find_linked
from tertulia.core.entries import EventEntry, MergeEntry, key_of, shard_of_identity
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.import_values import email_key
from tertulia.core.journey import resolve_clocks
from tertulia.core.phones import Phone
from tertulia.core.rows import ContactRow
from tertulia.core.run_ends import leave_where_met
from tertulia.core.sessions import Seen, end_in_background, go_on
from tertulia.core.traits import (
    ATTRIBUTES_MAX,
    FIELDS,
    UNDATED,
    Told,
    choose_later,
    read_number,
    read_settings,
    read_traits,
)
from tertulia.core.triggers import react
from tertulia.core.world import ACTIVE_STEP, World
from tertulia.ids import day_of, derive_key, shard_of_contact, shard_of_index

USER: Final = "user_id"
DEVICE: Final = "anonymous_id"
EVENT_IDENTITIES: Final = (USER, DEVICE)
LISTED: Final = "external_id"  # the business's own id of a customer in a list, which is the user id of their events
KEYS_KEPT: Final = timedelta(days=7)  # keys of older days are forgotten (E1)


def decide_event(world: World, entry: EventEntry, workspace: int, shard: int) -> None:
    """Everything that one event brings about, or its way to another shard."""
    if world.seen_events and place_event(workspace, entry) in world.seen_events:
        return
    owner = find_owner(world, entry, workspace)
    target = shard_of_contact(owner) if owner is not None else _find_decider(world, entry, workspace, shard)
    if target != shard and (owner is not None or not entry.tried):
        _send_on(world, entry, workspace, target)
        return
    if owner is None and entry.contact_id is not None:
        return  # whom it was about is erased (C5)
    contact_id = 0
    if entry.user_id or entry.anonymous_id or owner is not None:
        contact_id = owner if owner is not None else _create_contact(world, entry, workspace, shard)
        contact = world.contacts[contact_id]
        _link_user(world, entry, workspace, contact)
        _follow_alias(world, entry, workspace, contact)
        _link_device(world, entry, workspace, contact)
        before, effects = (contact.zone, len(contact.addresses)), len(world.effects)
        _learn(world, entry, workspace, contact)
        if len(world.effects) > effects:
            leave_where_met(world, contact)
        if (contact.zone, len(contact.addresses)) != before:
            resolve_clocks(world, contact)
        go_on(world, entry, workspace, contact)
        see(world, entry, workspace, contact)
    if entry.call == "group" and entry.group_id:
        if contact_id:
            world.add(ev.JoinGroup(workspace, contact_id, entry.group_id, entry.at))
        world.add(ev.WriteGroup(workspace, entry.group_id, entry.traits, entry.at, world.now))
    stored = make_stored(world, entry, workspace, shard, contact_id)
    world.add(stored)
    react(world, stored)
    if contact_id:
        end_in_background(world, entry, world.contacts[contact_id])


def place_event(workspace: int, entry: EventEntry) -> tuple[date, UUID]:
    """The day and the id under which an event is stored: what makes it the same event (E1)."""
    return day_of(entry.client_at), UUID(bytes=derive_event_key(workspace, entry.message_id))


@lru_cache(maxsize=16_384)
def derive_event_key(workspace: int, message_id: str) -> bytes:
    """The 16 bytes of an event's id, for which its cycle asks more than once: to see whether it came before, and to
    store it."""
    return derive_key("event", workspace, message_id)


def shard_of_event(key: bytes) -> int:
    """Where an event's key is kept (E1). Not with its contact: a second copy may come to another shard, for the contact
    was merged or the device changed hands in between."""
    return shard_of_index(key[0])


def identities_of(entry: EventEntry) -> list[IdentityRef]:
    """Every identity whose contact the event may concern."""
    found = [IdentityRef(USER, "", entry.user_id)] if entry.user_id else []
    if entry.anonymous_id:
        found.append(IdentityRef(DEVICE, "", entry.anonymous_id))
    if entry.call == "alias" and entry.previous_id:
        found += [IdentityRef(kind, "", entry.previous_id) for kind in EVENT_IDENTITIES]
    return found


def find_owner(world: World, entry: EventEntry, workspace: int) -> int | None:
    """The contact of an event, merges followed: the user's, else the one that a list has under the user id, else (of an
    alias) the previous id's, else the device's unless somebody else's user id is on it; of an event without such an id
    the one that it names. None: nobody's."""
    if entry.contact_id is not None:
        named = world.contacts.get(world.follow(entry.contact_id))
        return None if named is None or named.erased else named.id
    user = _find_contact(world, workspace, USER, entry.user_id)
    if user is None:
        user = find_listed(world, workspace, entry.user_id)
    if user is not None:
        return user
    if entry.call == "alias" and entry.user_id:
        for kind in EVENT_IDENTITIES:
            previous = _find_contact(world, workspace, kind, entry.previous_id)
            if previous is not None:
                return previous
    device = _find_contact(world, workspace, DEVICE, entry.anonymous_id)
    taken = device is not None and entry.user_id and _has_user(world.contacts[device])
    return None if taken else device


def find_listed(world: World, workspace: int, user_id: str) -> int | None:
    """The one contact that lists name by this user id and that no other user id is known of, merges followed (M8)."""
    owners = {world.follow(owner) for owner in world.owners_of.get((workspace, LISTED, user_id), ())} if user_id else ()
    found = [row for owner in owners if (row := world.contacts.get(owner)) is not None and not row.erased]
    return found[0].id if len(found) == 1 and not _has_user(found[0]) else None


def may_change_clock(entry: EventEntry, contact: ContactRow, zones: frozenset[str]) -> bool:
    """Whether an event may change the zone whose clock a contact lives by (T4, T5). Any call may fill in what is not
    known; only an identify call changes it, or brings a number whose region has a zone."""
    told = read_settings(entry.context, zones) | read_settings(entry.traits, zones)
    if entry.call == "identify":
        return told.get("zone", contact.zone) != contact.zone or (not contact.zone and "phone" in entry.traits)
    return not contact.zone and "zone" in told


def may_change(entry: EventEntry, contact: ContactRow) -> bool:
    """Whether an event may write attributes or fields of a contact: an identify call any, another one only language
    and zone where they are not known."""
    return entry.call == "identify" or (bool(entry.context) and not (contact.locale and contact.zone))


def find_shared(world: World, entries: Iterable[tuple[int, EventEntry]]) -> set[int]:
    """The contacts of users whose device is another contact's: into them a merge may be asked for."""
    found = set()
    for workspace, entry in entries:
        if entry.user_id and entry.anonymous_id:
            user = _find_contact(world, workspace, USER, entry.user_id)
            device = _find_contact(world, workspace, DEVICE, entry.anonymous_id)
            if user is not None and device not in (None, user):
                found.add(user)
    return found


def _find_contact(world: World, workspace: int, kind: str, value: str) -> int | None:
    row = world.identity(workspace, IdentityRef(kind, "", value)) if value else None
    if row is None or row.contact_id is None:
        return None
    contact = world.contacts.get(world.follow(row.contact_id))
    return None if contact is None or contact.erased else contact.id


def _has_user(contact: ContactRow) -> bool:
    return any(row.identity.kind == USER for row in contact.identities)


def _find_decider(world: World, entry: EventEntry, workspace: int, shard: int) -> int:
    """The shard that decides about somebody unknown: where that is under way already, else the identity's home. What
    names nobody at all is decided where it is."""
    if not (entry.user_id or entry.anonymous_id or entry.group_id):
        return shard
    row = world.identity(workspace, entry.identity)
    return row.route if row is not None else shard_of_identity(workspace, entry.identity)


def _send_on(world: World, entry: EventEntry, workspace: int, target: int) -> None:
    """Later events of an unknown user or device follow the same way, so that nobody is made twice."""
    row = world.identity(workspace, entry.identity)
    unknown = (entry.user_id or entry.anonymous_id) and (row is None or row.contact_id is None)
    if unknown and target not in (row.route if row else None, shard_of_identity(workspace, entry.identity)):
        world.add(fx.RouteIdentity(workspace, entry.identity, target, entry.at))
    forwarded = msgspec.structs.replace(entry, tried=True)
    world.forward(workspace, target, key_of(entry) + ":to-contact", forwarded)


def _create_contact(world: World, entry: EventEntry, workspace: int, shard: int) -> int:
    contact_id = world.fresh_contact_id(shard)
    source = f"event:{entry.source_id}"
    active_at = entry.at if _is_active(entry) else None
    world.add(fx.CreateContact(workspace, contact_id, "", "", "", source, world.now, active_at))
    return contact_id


# identities and merges


def _link_user(world: World, entry: EventEntry, workspace: int, contact: ContactRow) -> None:
    if entry.user_id and _find_contact(world, workspace, USER, entry.user_id) is None:
        _link(world, entry, workspace, contact, IdentityRef(USER, "", entry.user_id))


def _link_device(world: World, entry: EventEntry, workspace: int, contact: ContactRow) -> None:
    """Also of an alias, whose own word about the two comes first."""
    if not entry.anonymous_id:
        return
    device = IdentityRef(DEVICE, "", entry.anonymous_id)
    holder_id = _find_contact(world, workspace, DEVICE, entry.anonymous_id)
    if holder_id is None:
        _link(world, entry, workspace, contact, device)
    elif holder_id != contact.id and (holder_id, contact.id) not in world.asked:
        holder = world.contacts[holder_id]
        if _has_user(holder) or (holder_id, contact.id) in world.parted:
            _switch_device(world, entry, workspace, contact, holder, device)
        else:
            _ask_merge(world, entry, workspace, contact.id, holder_id, USER)


def _link(world: World, entry: EventEntry, workspace: int, contact: ContactRow, identity: IdentityRef) -> None:
    evidence: dict[str, Any] = {"rule": "event", "message": entry.message_id, "source": entry.source_id}
    world.add(
        fx.LinkIdentity(workspace, identity, contact.id, None, Trust.CLAIMED, "", "", evidence, entry.at),
    )


def _switch_device(
    world: World, entry: EventEntry, workspace: int, contact: ContactRow, holder: ContactRow, device: IdentityRef
) -> None:
    """A shared device goes over to who used it last (M8); a late event of an earlier user takes it from nobody."""
    linked = find_linked(holder, device)
    row = world.identity(workspace, device)
    if linked is not None and row is not None and row.contact_id is not None and entry.at >= linked.linked_at:
        world.add(fx.UnlinkIdentity(workspace, device, row.contact_id, entry.at))
        _link(world, entry, workspace, contact, device)


def _follow_alias(world: World, entry: EventEntry, workspace: int, contact: ContactRow) -> None:
    if entry.call != "alias" or not entry.user_id or entry.previous_id in ("", entry.user_id):
        return
    holders = [_find_contact(world, workspace, kind, entry.previous_id) for kind in EVENT_IDENTITIES]
    for holder_id in holders:
        if holder_id is not None and holder_id != contact.id:
            _ask_merge(world, entry, workspace, contact.id, holder_id, "alias")
    if holders == [None, None]:  # a user's or a device's: whichever it turns out to be, it is this contact's
        for kind in EVENT_IDENTITIES:
            _link(world, entry, workspace, contact, IdentityRef(kind, "", entry.previous_id))


def _ask_merge(world: World, entry: EventEntry, workspace: int, into: int, absorbed: int, rule: str) -> None:
    """Decided by the absorbed contact's owner; until then events go on asking, once in a cycle."""
    if (absorbed, into) not in world.asked:
        world.asked.add((absorbed, into))
        merge = MergeEntry(into, absorbed, "event", entry.at, rule)
        world.forward(workspace, shard_of_contact(absorbed), key_of(merge), merge)


# what is known of the contact


def _learn(world: World, entry: EventEntry, workspace: int, contact: ContactRow) -> None:
    """Traits of an identify call (E2, E3). Any other call only fills in what the device says of language and zone,
    where nothing is known: SDKs repeat stale traits in the context of every call."""
    if entry.call != "identify":
        settings = read_settings(entry.context, world.config.zones) if not (contact.locale and contact.zone) else {}
        empty = {field: value for field, value in settings.items() if not getattr(contact, field)}
        empty = {field: value for field, value in empty.items() if field not in contact.changed}
        if empty:
            changed = dict.fromkeys(empty, UNDATED)
            world.add(ev.ChangeContact(workspace, contact.id, empty, {}, changed, world.now))
        return
    told = read_traits(entry.traits, entry.context, world.config.zones)
    had = {field: getattr(contact, field) for field in FIELDS}
    fields = choose_later(told.fields, had, contact.changed, contact.created_at, entry.at)
    attributes = choose_later(told.attributes, contact.attributes, contact.changed, contact.created_at, entry.at)
    room = ATTRIBUTES_MAX - len(contact.changed)
    attributes = {
        name: value for n, (name, value) in enumerate(attributes.items()) if name in contact.changed or n < room
    }
    if fields or attributes:
        changed = dict.fromkeys((*fields, *attributes), entry.at)
        world.add(ev.ChangeContact(workspace, contact.id, fields, attributes, changed, world.now))
    _add_addresses(world, entry, workspace, contact, told)


def _add_addresses(world: World, entry: EventEntry, workspace: int, contact: ContactRow, told: Told) -> None:
    """Addresses are claims: added, never taken away, without consent. Whoever else has one may be the same, which a
    person decides (M8)."""
    if told.email:
        _add_address(world, entry, workspace, contact, "email", told.email, email_key(told.email), None)
    phone = read_number(told.phone, contact.country or world.config.workspaces[workspace].country)
    if phone is not None:
        _add_address(world, entry, workspace, contact, "phone", phone.e164, phone.key, phone)


def _add_address(
    world: World,
    entry: EventEntry,
    workspace: int,
    contact: ContactRow,
    kind: str,
    value: str,
    key: str,
    phone: Phone | None,
) -> None:
    if any(row.kind == kind and row.canonical == key for row in contact.addresses):
        return
    line, region = (phone.line.value, phone.region) if phone else ("", "")
    sms = phone is not None and phone.reachable_by_sms
    others = {world.follow(owner) for owner in world.owners_of.get((workspace, kind, key), ())} - {contact.id}
    source = f"event:{entry.source_id}"
    world.add(fx.AddAddress(workspace, contact.id, kind, value, key, line, region, sms, source, world.now))
    if len(others) == 1:  # of a household nobody can say who it is
        [other] = others
        evidence = {"message": entry.message_id, "source": entry.source_id}
        if (row := world.contacts.get(other)) and not row.erased:
            world.add(fx.SuggestMerge(workspace, contact.id, other, f"told_{kind}", evidence, world.now))


def _is_active(entry: EventEntry) -> bool:
    """Whether the customer did it themselves: servers say `active: false` of what they only report."""
    return entry.context.get("active") is not False


def see(world: World, entry: EventEntry, workspace: int, contact: Seen) -> None:
    """Last seen moves forward, to the minute: a lively visit does not write the contact's row with each event."""
    if _is_active(entry) and (contact.active_at is None or entry.at > contact.active_at + ACTIVE_STEP):
        contact.active_at = entry.at
        world.effects.append(ev.TouchContact(workspace, contact.id, entry.at))


# the event itself


def make_stored(world: World, entry: EventEntry, workspace: int, shard: int, contact_id: int) -> ev.StoreEvent:
    """As it is stored: once, under an id that the same message has again (E1). What has no contact of its own, a
    group's traits, lies in the shard in which it was decided."""
    context = entry.context
    properties = entry.traits if entry.call in ("identify", "group") else entry.properties
    if entry.group_id or entry.previous_id:
        told = {"groupId": entry.group_id, "previousId": entry.previous_id}
        context = {**context, **{name: value for name, value in told.items() if value}}
    return ev.StoreEvent(
        workspace=workspace,
        shard=shard,
        contact_id=contact_id,
        key=derive_event_key(workspace, entry.message_id),
        day=day_of(entry.client_at),
        source_id=entry.source_id,
        type=entry.call,
        name=entry.name,
        message_id=entry.message_id,
        user_id=entry.user_id,
        anonymous_id=entry.anonymous_id,
        properties=properties,
        context=context,
        occurred_at=entry.at,
        received_at=world.now,
        imported=entry.imported,
    )
