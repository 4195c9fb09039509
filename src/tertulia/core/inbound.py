"""A customer wrote or tapped: whose message it is (M1-M5), and the way it takes.

The identity's home shard decides whose it is, or where that is decided (the shard that a link code names, or the
shard of a verified number's only contact), and forwards the entry; later messages of the same identity follow the
same way, so that they keep their order. What the message then brings about is `receive`'s.
"""

from typing import Any

import msgspec

from tertulia.core import effects as fx
from tertulia.core.came import Came, addressees, phone_owners
from tertulia.core.comments import hear_comment, is_news
from tertulia.core.entries import Inbound, TokenEntry, key_of, shard_of_identity
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.links import Code, hash_code
from tertulia.core.match import (
    Ambiguous,
    Bound,
    Elsewhere,
    Expired,
    Found,
    LinkFacts,
    PossibleForward,
    Resolution,
    Same,
    Sender,
    UnknownCode,
    bind,
    read_codes,
    resolve,
)
from tertulia.core.phones import Phone, key_of_e164, phone_from_digits
from tertulia.core.reasons import Reason
from tertulia.core.receive import receive
from tertulia.core.rows import ContactRow
from tertulia.core.world import World
from tertulia.ids import shard_of_contact, shard_of_index


def decide_inbound(world: World, entry: Inbound, workspace: int, shard: int) -> None:
    """Everything that one inbound message brings about, or its way to another shard."""
    if entry.is_comment and not is_news(world, entry, workspace):
        return
    channel = world.config.channels[entry.channel_id]
    codes = () if entry.is_comment else read_codes(entry.token, entry.text)  # whoever reads a comment could use one
    came = Came(entry, workspace, shard, channel, codes)
    known = world.identity(workspace, entry.identity)
    if known and known.contact_id is not None:
        owner = world.follow(known.contact_id)
        if shard_of_contact(owner) != shard:
            world.forward(workspace, shard_of_contact(owner), key_of(entry) + ":to-contact", entry, owner)
            return
    elif send_on(world, came, known.route if known else None):
        return
    resolution = resolve(read_sender(came), find_facts(world, came), world.now)
    contact_id = take_home(world, came, resolution)
    if contact_id is not None and entry.is_comment:
        hear_comment(world, came, contact_id)
    elif contact_id is not None:
        receive(world, came, contact_id, resolution)


def send_on(world: World, came: Came, route: int | None) -> bool:
    """An unknown identity: forward the entry to where it is decided whose it is. True when it is on its way."""
    entry, workspace = came.entry, came.workspace
    if entry.tried:
        return False
    at_home = shard_of_identity(workspace, entry.identity) == came.shard
    target = route if at_home and route not in (None, came.shard) else find_decider(world, came)
    if target is None or target == came.shard:
        return False
    world.add(fx.RouteIdentity(workspace, entry.identity, target, entry.at))
    forwarded = msgspec.structs.replace(entry, tried=True)
    world.forward(workspace, target, key_of(entry) + ":to-link", forwarded)
    return True


def find_decider(world: World, came: Came) -> int | None:
    """The shard that decides for an unknown identity: an alias's contact, the code's, the verified number's only
    contact; None: here."""
    for alias in came.entry.aliases:
        row = world.identity(came.workspace, alias)
        if row and row.contact_id is not None:
            return shard_of_contact(world.follow(row.contact_id))
    if came.codes:
        return shard_of_index(came.codes[0].shard_index)
    owners = addressees(world, came)
    return shard_of_contact(owners[0]) if len(owners) == 1 else None


def read_sender(came: Came) -> Sender:
    return Sender(came.entry.identity, came.entry.aliases, came.vouched)


def find_facts(world: World, came: Came) -> Found:
    owners: dict[IdentityRef, tuple[int, Trust]] = {}
    for identity in (came.entry.identity, *came.entry.aliases):
        row = world.identity(came.workspace, identity)
        if row and row.contact_id is not None:
            owners[identity] = (world.follow(row.contact_id), row.trust)
    links = tuple(found for code in came.codes if (found := find_link(world, came.workspace, code)))
    return Found(owners, links, bool(came.codes), tuple(addressees(world, came)))


def find_link(world: World, workspace: int, code: Code) -> LinkFacts | None:
    """The link of a code, if it is of this workspace and lies among the loaded ones."""
    row = world.links.get(hash_code(code.base))
    if row is None or row.workspace != workspace:
        return None
    contact_id = world.follow(row.contact_id)
    contact = world.contacts.get(contact_id)
    keys = frozenset(a.canonical for a in contact.addresses if a.kind == "phone") if contact else frozenset()
    return LinkFacts(contact_id, row.match_id, code.app, row.expires_at, row.bound, keys, row.contact_id)


def take_home(world: World, came: Came, resolution: Resolution) -> int | None:
    """The contact of the message, made if there is none, with the identity linked; None when the entry was forwarded
    to a contact in another shard."""
    entry = came.entry
    contact_id = resolution.contact_id
    if contact_id is not None and shard_of_contact(contact_id) != came.shard:
        world.add(fx.RouteIdentity(came.workspace, entry.identity, shard_of_contact(contact_id), entry.at))
        forwarded = msgspec.structs.replace(entry, tried=True)
        world.forward(came.workspace, shard_of_contact(contact_id), key_of(entry) + ":to-owner", forwarded, contact_id)
        return None
    if contact_id is None:
        contact_id = _create_contact(world, came)
    _link(world, came, contact_id, resolution)
    return contact_id


def _create_contact(world: World, came: Came) -> int:
    entry = came.entry
    contact_id = world.fresh_contact_id(came.shard)
    phone = phone_from_digits(came.vouched) if came.vouched else None
    country = phone.region if isinstance(phone, Phone) else ""
    source = f"{'comment' if entry.is_comment else 'inbound'}:{came.channel.kind}"
    facts = (entry.name, entry.language, country, source)
    world.add(fx.CreateContact(came.workspace, contact_id, *facts, world.now, world.now))
    return contact_id


def _link(world: World, came: Came, contact_id: int, resolution: Resolution) -> None:
    entry, contact = came.entry, world.contacts[contact_id]
    evidence: dict[str, Any] = {"rule": resolution.rule.value, "message": entry.message_id}
    if isinstance(resolution.binding, Bound | Same):
        evidence["match"] = resolution.binding.link.match_id
    shared = not came.channel.app and len(phone_owners(world, came)) > 1
    for identity in (entry.identity, *entry.aliases):
        row = world.identity(came.workspace, identity)
        if not shared and (row is None or row.contact_id is None):
            world.add(
                fx.LinkIdentity(
                    *(came.workspace, identity, contact_id, came.channel.id, resolution.trust, entry.name),
                    *(entry.username, evidence, entry.at),
                )
            )
    if came.vouched:
        _keep_number(world, came, contact)


def _keep_number(world: World, came: Came, contact: ContactRow) -> None:
    """A number that the platform vouches for is an address of the contact, unless a spelling of it is there."""
    phone = phone_from_digits(came.vouched)
    e164 = phone.e164 if isinstance(phone, Phone) else came.vouched
    key = key_of_e164(e164)
    if any(row.kind == "phone" and row.canonical == key for row in contact.addresses):
        return
    line = phone.line.value if isinstance(phone, Phone) else ""
    sms = isinstance(phone, Phone) and phone.reachable_by_sms
    region = phone.region if isinstance(phone, Phone) else ""
    source = f"platform:{came.channel.kind}"
    world.add(fx.AddAddress(came.workspace, contact.id, "phone", e164, key, line, region, sms, source, came.entry.at))


def decide_token(world: World, entry: TokenEntry, workspace: int) -> None:
    """In the link's shard: a customer who already wrote before sent this link's code. Their own link: they are
    matched. Another's: the identity stays where it is, and a suggestion carries the evidence (M2)."""
    row = world.links.get(bytes.fromhex(entry.code_hash))
    if row is None or row.workspace != workspace:
        return
    owner, sender = world.follow(row.contact_id), world.follow(entry.contact_id)
    facts = LinkFacts(owner, row.match_id, entry.channel, row.expires_at, row.bound, frozenset(), row.contact_id)
    match bind(facts, entry.identity, phone="", owner=sender, now=entry.at):
        case Bound() | Same():
            if row.bound is None:
                world.add(fx.BindLink(workspace, row.contact_id, row.match_id, row.code_hash, entry.identity, entry.at))
            world.progress_to(row.contact_id, row.match_id, "wrote", at=entry.at, app=entry.channel)
            world.progress_to(row.contact_id, row.match_id, "matched", at=entry.at, app=entry.channel, reason="")
        case Elsewhere() | PossibleForward():
            evidence = {"match": row.match_id, "channel": entry.channel_id}
            world.add(fx.SuggestMerge(workspace, owner, sender, "token", evidence, world.now))
            world.progress_to(
                row.contact_id, row.match_id, "wrote", at=entry.at, app=entry.channel, reason=Reason.ELSEWHERE.value
            )
        case Expired() | UnknownCode() | Ambiguous():
            pass
