"""One-time codes: from way to way until one arrives.

A code is sent on the first of its ways, and on the next one where a gate or the provider refuses it, where its channel
is stopped, or where no receipt of the delivery has come in its time, counted from when it was queued: a code that waits
is as good as lost. It is one code on all of them. A channel that never tells of a delivery is believed; so is the last.

Whoever decides here never sees a code. What is queued has a mask in its place and the code sealed beside it, and only
the sender, as it builds the call, puts the one for the other (`workers.otp_codes`).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tertulia.core import effects as fx
from tertulia.core import lanes
from tertulia.core.attempts import decide_row, revoke_delivery
from tertulia.core.deliveries import MessageClass
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.otp_effects import SetOtp
from tertulia.core.otp_entries import OtpEntry, OtpVerifiedEntry
from tertulia.core.phones import key_of_e164
from tertulia.core.reasons import Reason
from tertulia.core.rows import ContactRow, OtpRow
from tertulia.core.run_messages import ARRIVED, MAY_HAVE_ARRIVED
from tertulia.core.world import World
from tertulia.ids import day_of, derive_delivery_id, derive_id

SOURCE: Final = "otp"
RULE: Final = "one_time_code"


def mask_code(length: int) -> str:
    """What stands for a code in texts that are kept."""
    return "*" * length


def decide_otp(world: World, entry: OtpEntry, workspace: int) -> None:
    """A code was asked for: it goes out. One that was replaced or given meanwhile does not."""
    otp = world.otps.get(entry.otp_id)
    if otp is None or otp.place >= 0 or otp.workspace != workspace:
        return
    contact = world.contacts.get(otp.contact_id)
    if contact is None and otp.newcomer:
        _take_in(world, otp)
    elif contact is None or contact.erased:
        _end(world, otp)
        return
    _try(world, otp, 0)


def _take_in(world: World, otp: OtpRow) -> None:
    """Nobody had this address: a contact with it. Nothing is agreed to by asking for a code."""
    told, at = otp.newcomer, world.now
    who = (otp.workspace, otp.contact_id)
    world.add(fx.CreateContact(*who, "", str(told["locale"]), str(told["country"]), SOURCE, at, None))
    for row in told["addresses"]:
        facts = (row["kind"], row["value"], row["key"], row["line"], row["country"], row["sms"])
        world.add(fx.AddAddress(*who, *facts, SOURCE, at))


def _try(world: World, otp: OtpRow, place: int) -> None:
    """The first way from `place` on whose channel is at work."""
    for number, way in enumerate(otp.ways[place:], place):
        if not _is_live(world, way):
            _tell_skipped(world, otp, number)
            continue
        delivery_id = derive_delivery_id(otp.contact_id, day_of(world.now), "otp", str(otp.id), number)
        world.add(
            fx.QueueDelivery(
                workspace=otp.workspace,
                contact_id=otp.contact_id,
                id=delivery_id,
                channel_id=way["channel"],
                match_id=None,
                stage=number,
                class_=MessageClass.TRANSACTIONAL.value,
                lane=lanes.CODE,
                to_kind=way["kind"],
                to_value=way["value"],
                identity_scope=way["scope"],
                content={**way["content"], "code": otp.sealed},
                cause=f"otp:{otp.id}",
                not_before=world.now,
                deadline=otp.expires_at,
                at=world.now,
            )
        )
        more = any(_is_live(world, later) for later in otp.ways[number + 1 :])
        due_at = world.now + timedelta(seconds=otp.patience_s) if more else None
        world.add(SetOtp(otp.workspace, otp.contact_id, otp.id, number, delivery_id, due_at, open=True))
        return
    _end(world, otp)


def _tell_skipped(world: World, otp: OtpRow, place: int) -> None:
    """S1: a way was left out, for its channel is stopped or gone."""
    world.add(
        fx.Decide(
            workspace=otp.workspace,
            contact_id=otp.contact_id,
            id=derive_id("ledger", "otp", str(otp.id), place),
            match_id=None,
            delivery_id=None,
            outcome="not_sent",
            gate="throttle",
            reason=Reason.CHANNEL_STOPPED.value,
            facts={"otp": str(otp.id), "channel": otp.ways[place]["channel"]},
            epoch=world.config.epoch(otp.workspace),
            at=world.now,
        )
    )


def _is_live(world: World, way: Mapping[str, Any]) -> bool:
    channel = world.config.channels.get(way["channel"])
    return channel is not None and channel.state == "live"


def _end(world: World, otp: OtpRow) -> None:
    """Nothing more goes out."""
    world.add(SetOtp(otp.workspace, otp.contact_id, otp.id, otp.place, otp.delivery_id, None, open=False))


def find_otp(world: World, delivery_id: UUID | None) -> OtpRow | None:
    """The code whose last attempt a delivery is, as long as the code may still be sent."""
    return next((otp for otp in world.otps.values() if otp.delivery_id == delivery_id is not None), None)


def follow_otp(world: World, delivery_id: UUID | None, *, everywhere: bool = False) -> None:
    """What became of a code's delivery: it arrived, or the next way is tried, unless it was refused `everywhere`. One
    that was taken waits for its receipt, where there is another way and the channel tells."""
    otp = find_otp(world, delivery_id)
    row = world.closed.get(delivery_id) if delivery_id is not None else None
    if otp is None or row is None:
        return
    tells = world.config.channels[row.channel_id].tells_delivery
    if row.state in ARRIVED or everywhere:
        _end(world, otp)
    elif row.state not in MAY_HAVE_ARRIVED:
        _try(world, otp, otp.place + 1)
    elif row.state != "sent" or otp.due_at is None or not tells:
        _end(world, otp)


def lose_patience(world: World, otp: OtpRow) -> None:
    """No receipt has come in time. What is not with a provider is taken back."""
    delivery = world.open.get(otp.delivery_id) if otp.delivery_id is not None else None
    if world.now >= otp.expires_at:
        _end(world, otp)
        return
    if delivery is not None and delivery.state not in ("sending", "unknown"):
        revoke_delivery(world, delivery, Reason.NO_RECEIPT.value)
    else:
        row = delivery or (world.closed.get(otp.delivery_id) if otp.delivery_id is not None else None)
        if row is not None:
            world.add(decide_row(world, row, "unconfirmed", "receipt", Reason.NO_RECEIPT.value, {}))
    _try(world, otp, otp.place + 1)


def decide_verified(world: World, entry: OtpVerifiedEntry, workspace: int) -> None:
    """M6: who gave the code has what it was sent to, so that is verified as the contact's, if it is one of theirs. What
    is somebody else's stays theirs, and people are asked (M2)."""
    contact = world.contacts.get(world.follow(entry.contact_id))
    if contact is None or contact.erased or contact.workspace != workspace or not entry.kind:
        return
    identity = IdentityRef(entry.kind, entry.scope, entry.value)
    linked = next((row for row in contact.identities if row.identity == identity), None)
    if linked is None and not _has_address(contact, identity):
        return
    known = world.identity(workspace, identity)
    owner = world.follow(known.contact_id) if known is not None and known.contact_id is not None else None
    evidence = {"rule": RULE, "otp": str(entry.otp_id)}
    if owner is not None and owner != contact.id:
        world.add(fx.SuggestMerge(workspace, contact.id, owner, RULE, evidence, world.now))
    elif owner is None or linked is None:
        world.add(fx.LinkIdentity(workspace, identity, contact.id, None, Trust.VERIFIED, "", "", evidence, entry.at))
    elif linked.trust < Trust.VERIFIED:
        told = (linked.name, linked.username, Trust.VERIFIED, linked.window_until, linked.signal, linked.reply_token)
        world.add(fx.TouchIdentity(workspace, identity, linked.owner, *told, entry.at))


def _has_address(contact: ContactRow, identity: IdentityRef) -> bool:
    if identity.kind == "phone":
        key = key_of_e164(identity.value)
        return any(row.kind == "phone" and row.canonical == key for row in contact.addresses)
    return any((row.kind, row.value.casefold()) == ("email", identity.value.casefold()) for row in contact.addresses)
