"""What an synthetic customer's act at a message brings about, as what the engine would be told of it."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tertulia.core import effects as fx
from tertulia.core.came import subject_of
from tertulia.core.confirmations import confirm_by_message
from tertulia.core.consent import MARKETING, Given, Source, write_subject
from tertulia.core.decide import decide_occasion
from tertulia.core.entries import ClickEntry, ConsentEntry, Entry, LinkedMessage, OccasionEntry, ReceiptEntry
from tertulia.core.identity import COMMENT_KIND, IdentityRef, Trust
from tertulia.core.message_outcomes import find_depth, tell_outcome
from tertulia.core.occasions import API, CALLED, COMMENT, COMMENTED, MESSAGE, RECEIVED, name_channel
from tertulia.core.private_replies import REPLY_WITHIN
from tertulia.core.rows import OpenDelivery
from tertulia.core.simulation.arrivals import Called, Wrote
from tertulia.core.simulation.crowd import CLICKED, LEFT, OPENED, Act
from tertulia.core.world import ChannelFacts, World
from tertulia.ids import derive_id

if TYPE_CHECKING:
    from tertulia.core.simulation.memory import Memory

REPLY: Final = "Thank you"
CUSTOMER: Final = "customer"


def list_entries(channel: ChannelFacts, act: Act, now: datetime) -> list[Entry]:
    """What comes of an act by the log; nothing of who only reads where the channel has no receipts of that."""
    of = act.delivery
    match act.what:
        case _ if act.what == OPENED and channel.tells_reads:
            return [ReceiptEntry(of.channel_id, "", "read", now, delivery_id=of.id)]
        case _ if act.what == CLICKED and of.journey_id is not None and of.run_id is not None:
            message = LinkedMessage(of.id, of.channel_id, of.journey_id, of.run_id, of.step, act.link)
            return [ClickEntry(of.contact_id, None, of.id.hex, "web", "human", now, message=message)]
        case _ if act.what == LEFT:
            identity = IdentityRef(of.to_kind, of.identity_scope, of.to_value)
            address, said = write_subject(subject_of(identity)), Given.WITHDRAWN.value
            told = (address, channel.family, MARKETING, said, Source.OPT_WORD.value, CUSTOMER, now)
            return [ConsentEntry(of.contact_id, *told)]
        case _:
            return []


def reply(memory: "Memory", of: OpenDelivery, now: datetime, *, first: bool) -> World:
    """The customer answers a message, as effects of a world (core.receive)."""
    world = memory.make_world(now)
    row = memory.rows.closed.get(of.id) or memory.rows.open.get(of.id) or of
    memory.fill_message(world, row)
    channel = world.config.channels[of.channel_id]
    _tell_message(world, of.contact_id, channel, str(of.id), REPLY, first=first)
    told = tell_outcome(world, row, "replied", now, find_depth(world, row.run_id))
    told.properties["text"] = REPLY
    decide_occasion(world, told, of.workspace)
    return world


def hear(memory: "Memory", contact_id: int, message: Wrote, now: datetime, *, first: bool) -> World:
    """A customer writes, as effects of a world."""
    world = memory.make_world(now)
    memory.fill(world, (contact_id,))
    channel = world.config.channels[message.channel_id]
    _tell_message(world, contact_id, channel, message.message_id, message.text, first=first)
    return world


def _tell_message(
    world: World, contact_id: int, channel: ChannelFacts, message_id: str, text: str, *, first: bool
) -> None:
    open_window(world, contact_id, channel)
    confirm_by_message(world, contact_id, channel.id, world.now)
    said: dict[str, Any] = {"text": text, "form": "text", "first": first, "payload": "", **name_channel(channel)}
    occasion_id = derive_id("occasion", "message", channel.id, message_id)
    told = OccasionEntry(contact_id, occasion_id, MESSAGE, RECEIVED, world.now, said)
    decide_occasion(world, told, channel.workspace)


def tell_given(memory: "Memory", contact_id: int, given: Wrote | Called, at: datetime, asked: int) -> OccasionEntry:
    """A comment or a call of the API that somebody gives, about a customer who is known."""
    if isinstance(given, Called):
        named = [row.id for row in memory.config.journeys.values() if given.journey and row.key == given.journey]
        occasion_id = derive_id("occasion", "api", given.call_id)
        return OccasionEntry(contact_id, occasion_id, API, CALLED, at, given.properties, (named or [asked])[0])
    channel = memory.config.channels[given.channel_id]
    below = {"text": given.text, "comment_id": given.message_id, "post_id": given.post, **name_channel(channel)}
    occasion_id = derive_id("occasion", "comment", channel.id, given.message_id)
    return OccasionEntry(contact_id, occasion_id, COMMENT, COMMENTED, at, below)


def open_comment(world: World, entry: OccasionEntry, channel: ChannelFacts) -> None:
    """A comment may be replied to once (core.comments)."""
    contact = world.contacts[world.follow(entry.contact_id)]
    token = str(entry.properties["comment_id"])
    identity = IdentityRef(COMMENT_KIND, channel.scope, token)
    told, until = (contact.workspace, identity, contact.id), entry.at + REPLY_WITHIN
    world.add(
        fx.LinkIdentity(*told, channel.id, Trust.CLAIMED, "", "", {}, entry.at),
        fx.TouchIdentity(*told, "", "", Trust.CLAIMED, until, "", token, entry.at),
    )


def open_window(world: World, contact_id: int, channel: ChannelFacts) -> None:
    """Who writes in an app may be answered for a while, where its platform has such a window (I7)."""
    if not channel.window_s:
        return
    contact = world.contacts[world.follow(contact_id)]
    until = world.now + timedelta(seconds=channel.window_s)
    for row in list(contact.identities):
        if row.identity.kind == channel.kind and row.channel_id in (None, channel.id):
            told = (contact.workspace, row.identity, row.owner, row.name, row.username, row.trust, until)
            world.add(fx.TouchIdentity(*told, row.signal, row.reply_token, world.now))
