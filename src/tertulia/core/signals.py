"""A platform told us about a customer: opened the chat, blocked us, changed an id."""

import msgspec

from tertulia.core import effects as fx
from tertulia.core.came import Came, bind_link, find_linked, subject_of
from tertulia.core.consent import MARKETING, write_subject
from tertulia.core.entries import Inbound, Signal, key_of
from tertulia.core.identity import Trust
from tertulia.core.inbound import find_decider, find_facts, read_sender, take_home
from tertulia.core.match import (
    Bound,
    Rule,
    Same,
    read_codes,
    resolve,
)
from tertulia.core.rows import LinkedIdentity
from tertulia.core.world import ChannelFacts, World
from tertulia.ids import derive_id, shard_of_contact


def decide_signal(world: World, entry: Signal, workspace: int, shard: int) -> None:
    """A platform's signal: an opening of the chat binds like a first message but agrees to nothing; a block or its end
    writes the consent ledger (C2); a changed identity follows its owner."""
    channel = world.config.channels[entry.channel_id]
    if entry.event in ("started", "followed", "unblocked") and (entry.token or entry.event == "started"):
        _open_chat(world, entry, workspace, shard, channel)
    row = world.identity(workspace, entry.identity)
    if row is None or row.contact_id is None:
        return
    contact_id = world.follow(row.contact_id)
    if shard_of_contact(contact_id) != shard:
        if entry.event != "started":
            world.forward(workspace, shard_of_contact(contact_id), key_of(entry) + ":to-contact", entry, contact_id)
        return
    _apply_signal(world, entry, workspace, contact_id, channel)


def _open_chat(world: World, entry: Signal, workspace: int, shard: int, channel: ChannelFacts) -> None:
    """The customer opened the chat by a link and has not written yet (Viber, Messenger, WeChat)."""
    opened = Inbound(
        *(entry.channel_id, entry.channel, entry.identity, entry.at, entry.event_id or key_of(entry)),
        name=entry.name,
        language=entry.language,
        token=entry.token,
        form="start",
        tried=entry.tried,
    )
    came = Came(opened, workspace, shard, channel, read_codes(entry.token, ""))
    known = world.identity(workspace, entry.identity)
    if not came.codes or (known and known.contact_id is not None):
        return
    if _send_on_signal(world, entry, came, known.route if known else None):
        return
    resolution = resolve(read_sender(came), find_facts(world, came), world.now)
    if resolution.contact_id is None:
        return
    home = shard_of_contact(resolution.contact_id)
    if home != shard:  # the link's contact was merged: it goes on as a signal, for nobody has written anything
        world.add(fx.RouteIdentity(workspace, entry.identity, home, entry.at))
        forwarded = msgspec.structs.replace(entry, tried=True)
        world.forward(workspace, home, key_of(entry) + ":to-owner", forwarded, resolution.contact_id)
        return
    take_home(world, came, resolution)
    if isinstance(resolution.binding, Bound | Same):
        bind_link(world, workspace, resolution.binding.link, came.codes, entry.identity, entry.at)


def _send_on_signal(world: World, entry: Signal, came: Came, route: int | None) -> bool:
    target = route if route is not None and route != came.shard else find_decider(world, came)
    if entry.tried or target is None or target == came.shard:
        return False
    world.add(fx.RouteIdentity(came.workspace, entry.identity, target, entry.at))
    forwarded = msgspec.structs.replace(entry, tried=True)
    world.forward(came.workspace, target, key_of(entry) + ":to-link", forwarded)
    return True


_SIGNAL_CONSENT = {
    "blocked": ("withdrawn", "platform_block", "*"),
    "unfollowed": ("withdrawn", "platform_block", "*"),
    "opted_out": ("withdrawn", "platform_block", "*"),
    "unblocked": ("granted", "platform_block", "*"),
    "followed": ("granted", "platform_block", "*"),
    "opted_in": ("granted", "platform_block", "*"),
    "marketing_stopped": ("withdrawn", "platform_choice", MARKETING),
    "marketing_resumed": ("granted", "platform_choice", MARKETING),
}


def _apply_signal(world: World, entry: Signal, workspace: int, contact_id: int, channel: ChannelFacts) -> None:
    contact = world.contacts[contact_id]
    linked = find_linked(contact, entry.identity)
    if entry.event == "identity_changed" and entry.new is not None:
        _change_identity(world, entry, workspace, contact_id, linked)
        return
    said = _SIGNAL_CONSENT.get(entry.event)
    if said is None or linked is None:
        return
    state, source, topic = said
    signal = entry.event if state == "withdrawn" and source == "platform_block" else ""
    blocked_before = any(c.source.value == "platform_block" for c in contact.consents)
    if state == "granted" and source == "platform_block" and not blocked_before:
        return
    world.add(
        fx.TouchIdentity(
            *(workspace, entry.identity, linked.owner, linked.name, linked.username, linked.trust, linked.window_until),
            *(signal, linked.reply_token, entry.at),
        ),
        fx.RecordConsent(
            workspace=workspace,
            contact_id=contact_id,
            id=derive_id("consent", key_of(entry)),
            address=write_subject(subject_of(entry.identity)),
            channel=channel.family,
            topic=topic,
            state=state,
            source=source,
            evidence={"ref": f"signal:{entry.event}"},
            text_version="",
            actor="platform",
            at=entry.at,
        ),
    )


def _change_identity(
    world: World, entry: Signal, workspace: int, contact_id: int, linked: LinkedIdentity | None
) -> None:
    """The platform gave the same person a new id (a WhatsApp number change makes a new business-scoped id)."""
    assert entry.new is not None
    known = world.identity(workspace, entry.new)
    if known is not None:
        other = world.follow(known.contact_id) if known.contact_id is not None else contact_id
        if other != contact_id:
            evidence = {"message": entry.event_id, "channel": entry.channel_id}
            world.add(fx.SuggestMerge(workspace, other, contact_id, Rule.ALIAS.value, evidence, world.now))
        return
    trust = linked.trust if linked else Trust.CLAIMED
    name, username = (linked.name, linked.username) if linked else ("", "")
    evidence = {"rule": "identity_changed", "from": entry.identity.value}
    world.add(
        fx.LinkIdentity(
            *(workspace, entry.new, contact_id, entry.channel_id, trust, name, username, evidence, entry.at)
        )
    )
