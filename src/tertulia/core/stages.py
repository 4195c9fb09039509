"""The ways a match reaches a customer, in order: the platforms that allow a first message, then the SMS with links.

A way that fails (no opt-in, not on the app, refused) hands over to the next; after the last the customer is unreached,
for the reason of the last way.
"""

from datetime import datetime

from tertulia.core import effects as fx
from tertulia.core import lanes
from tertulia.core import slot_effects as sx
from tertulia.core.carriers import EMAIL, SMS
from tertulia.core.rows import ClosedDelivery, ContactRow, OpenDelivery
from tertulia.core.world import ChannelFacts, MatchFacts, World
from tertulia.ids import day_of, derive_delivery_id


def channel_of_stage(match: MatchFacts, stage: int) -> int | None:
    """The channel of a way of reaching: the direct ways first, then the SMS channel; None when there is none left."""
    if stage < len(match.direct):
        return match.direct[stage].channel_id
    return match.sms_channel if stage == len(match.direct) else None


def channels_of(match: MatchFacts) -> tuple[int, ...]:
    """Every channel that the match may send on."""
    ways = (*(way.channel_id for way in match.direct), match.sms_channel)
    return tuple(dict.fromkeys(channel_id for channel_id in ways if channel_id is not None))


def find_number(contact: ContactRow) -> str:
    """The number of a contact to write to, a mobile one first; empty without one."""
    phones = [row for row in contact.addresses if row.kind == "phone"]
    return next((row.value for row in phones if row.sms), phones[0].value if phones else "")


def find_email(contact: ContactRow) -> str:
    """The e-mail address of a contact to write to, one that is not known dead first; empty without one."""
    emails = [row for row in contact.addresses if row.kind == "email"]
    return min(emails, key=lambda row: bool(row.dead_code)).value if emails else ""


def find_channel(world: World, workspace: int, name: str) -> ChannelFacts | None:
    """The channel of that name, else the first of that kind (`sms`, `email`: the first that sends those); a live one
    before one that is stopped."""
    mine = [channel for channel in world.config.channels.values() if channel.workspace == workspace]
    named = [channel for channel in mine if channel.name == name]
    found = named or [channel for channel in mine if name in (channel.kind, channel.family)]
    return min(found, key=lambda channel: (channel.state != "live", channel.id), default=None)


def find_address(contact: ContactRow, channel: ChannelFacts) -> tuple[str, str, str] | None:
    """Kind, value and scope of where a contact is on a channel; in an app the identity that was linked last."""
    if channel.carries == SMS:
        number = find_number(contact)
        return ("phone", number, "") if number else None
    if channel.carries == EMAIL:
        email = find_email(contact)
        return ("email", email, "") if email else None
    linked = [row for row in contact.identities if row.channel_id == channel.id and row.identity.kind == channel.kind]
    if not linked:
        return None
    identity = max(linked, key=lambda row: row.linked_at).identity
    return identity.kind, identity.value, identity.scope


def queue_next_stage(world: World, delivery: OpenDelivery | ClosedDelivery, reason: str, at: datetime) -> None:
    """After a way failed: the next one, or unreached."""
    assert delivery.match_id is not None
    match = world.config.matches[delivery.match_id]
    stage = delivery.stage + 1
    channel_id = channel_of_stage(match, stage)
    contact = world.contacts.get(delivery.contact_id)
    if channel_id is None or contact is None or match.state == "stopped":
        world.progress_to(delivery.contact_id, match.id, "unreached", at=at, reason=reason)
        return
    world.progress_to(delivery.contact_id, match.id, "unreached", at=at, reason=reason, stage=stage)
    delivery_id = derive_delivery_id(delivery.contact_id, day_of(world.now), "match", match.id, stage)
    world.add(
        sx.MoveSlot(delivery.workspace, delivery.contact_id, delivery.id, delivery_id),
        fx.QueueDelivery(
            workspace=delivery.workspace,
            contact_id=delivery.contact_id,
            id=delivery_id,
            channel_id=channel_id,
            match_id=match.id,
            stage=stage,
            class_=match.class_,
            lane=lanes.BULK,
            to_kind="phone",
            to_value=find_number(contact),
            identity_scope="",
            content={},
            cause=f"match:{match.id}",
            not_before=world.now,
            deadline=None,
            at=world.now,
        ),
    )
