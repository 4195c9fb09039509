"""An inbound entry in the shard that decides it, and what both its resolution and its reception ask."""

from datetime import datetime

import msgspec

from tertulia.core import effects as fx
from tertulia.core.entries import Inbound
from tertulia.core.identity import IdentityRef
from tertulia.core.import_values import email_key
from tertulia.core.links import Code, hash_code
from tertulia.core.match import LinkFacts
from tertulia.core.phones import key_of_e164
from tertulia.core.rows import ContactRow, LinkedIdentity
from tertulia.core.world import ChannelFacts, World


class Came(msgspec.Struct, frozen=True):
    """An inbound entry in the shard that decides it, with what is known of its channel."""

    entry: Inbound
    workspace: int
    shard: int
    channel: ChannelFacts
    codes: tuple[Code, ...]

    @property
    def vouched(self) -> str:
        """The number that the platform vouches for, in E.164; empty without one."""
        return self.entry.shared_phone or self.entry.phone


def phone_owners(world: World, came: Came) -> list[int]:
    """The contacts, merges followed, that have the vouched number in any national spelling."""
    if not came.vouched:
        return []
    key = (came.workspace, "phone", key_of_e164(came.vouched))
    found = dict.fromkeys(world.follow(contact_id) for contact_id in world.owners_of.get(key, ()))
    return [contact_id for contact_id in found if not _is_erased(world, contact_id)]


def _is_erased(world: World, contact_id: int) -> bool:
    row = world.contacts.get(contact_id)
    return row is not None and row.erased


def find_linked(contact: ContactRow, identity: IdentityRef) -> LinkedIdentity | None:
    return next((row for row in contact.identities if row.identity == identity), None)


def has_number(contact: ContactRow, e164: str) -> bool:
    key = key_of_e164(e164)
    return any(row.kind == "phone" and row.canonical == key for row in contact.addresses)


def bind_link(
    world: World, workspace: int, link: LinkFacts, codes: tuple[Code, ...], identity: IdentityRef, at: datetime
) -> None:
    """First use binds (M5); a link that is bound already stays so."""
    for code in codes:
        row = world.links.get(hash_code(code.base))
        if row and row.match_id == link.match_id and row.bound is None:
            world.add(fx.BindLink(workspace, row.contact_id, row.match_id, row.code_hash, identity, at))


def match_by_number(world: World, contact_id: int, app: str, at: datetime) -> None:
    """A number that a platform vouches for said who wrote (M2, M3): whoever was sent a link to this app is matched by
    a message without its code too, as long as the link lasts."""
    for link in world.links_of.get(contact_id, ()):
        match, progress = world.config.matches.get(link.match_id), world.progress.get((link.match_id, contact_id))
        if match is None or progress is None or progress.matched_apps or at >= link.expires_at:
            continue
        if any(world.config.channels[channel_id].kind == app for channel_id in match.apps):
            world.progress_to(contact_id, link.match_id, "wrote", at=at, app=app)
            world.progress_to(contact_id, link.match_id, "matched", at=at, app=app, reason="")


def subject_of(identity: IdentityRef) -> IdentityRef:
    """How the consent ledger names an identity: a phone number by the one key of its national spellings, an e-mail
    address by the one of its capitals."""
    match identity.kind:
        case "phone":
            return IdentityRef("phone", "", key_of_e164(identity.value))
        case "email":
            return IdentityRef("email", "", email_key(identity.value))
        case _:
            return identity


def addressees(world: World, came: Came) -> list[int]:
    """The contacts that a vouched number may mean. An SMS from a number that a household shares goes to the one whose
    conversation it answers, else to the one addressed last (M1); an app's number stays as ambiguous as it is."""
    owners = phone_owners(world, came)
    if came.channel.app or len(owners) < 2:
        return owners

    def rank(contact_id: int) -> tuple[bool, str, int]:
        talks = (contact_id, came.channel.id) in world.conversations
        sent = max((link.made_at for link in world.links_of.get(contact_id, ())), default=None)
        return talks, sent.isoformat() if sent else "", contact_id

    return [max(owners, key=rank)]
