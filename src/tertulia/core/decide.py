"""One entry's decision: the closed union of entries, each with its room."""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from tertulia.core import effects as fx
from tertulia.core.attempts import decide_outcome, decide_receipt
from tertulia.core.call_outcomes import decide_call, decide_settlement
from tertulia.core.confirmations import confirm_by_click
from tertulia.core.entries import (
    AbsorbEntry,
    CallEntry,
    ClickEntry,
    ConsentEntry,
    DismissEntry,
    Entry,
    EraseEntry,
    EventEntry,
    HandOverEntry,
    Inbound,
    ListEntry,
    LookUpEntry,
    MergeEntry,
    OccasionEntry,
    OtpEntry,
    OtpVerifiedEntry,
    OutcomeEntry,
    ReceiptEntry,
    SettleCallEntry,
    Signal,
    TalkEntry,
    TokenEntry,
    UnmergeEntry,
    key_of,
)
from tertulia.core.events import decide_event
from tertulia.core.goals import hear_of_message
from tertulia.core.hand_over import decide_hand_over
from tertulia.core.inbound import decide_inbound, decide_token
from tertulia.core.journey import follow_delivery
from tertulia.core.lookups import decide_look_up
from tertulia.core.membership import tell_change
from tertulia.core.merging import (
    decide_absorb,
    decide_consent,
    decide_dismiss,
    decide_erase,
    decide_merge,
    decide_unmerge,
)
from tertulia.core.message_outcomes import note_states, tell_click, tell_outcomes
from tertulia.core.occasions import Occasion
from tertulia.core.otp import decide_otp, decide_verified, follow_otp
from tertulia.core.segment_effects import MoveMember
from tertulia.core.signals import decide_signal
from tertulia.core.talks import decide_talk
from tertulia.core.triggers import react
from tertulia.core.world import World
from tertulia.ids import derive_id, shard_of_contact


class Unplaced(Exception):
    """An entry that refers to something that does not exist here; it is parked whole (I3)."""


def decide(world: World, entry: Entry, workspace: int, shard: int) -> None:
    """Add what the entry brings about to the world's effects, and what it forwards to shards of the same cycle. Raises
    Unplaced for what must be parked."""
    _decide_here(world, entry, workspace, shard)
    while world.local:
        there, target, forwarded = world.local.pop(0)
        _decide_here(world, forwarded, there, target)


def _decide_here(world: World, entry: Entry, workspace: int, shard: int) -> None:
    match entry:
        case Inbound() | Signal() if entry.channel_id not in world.config.channels:
            raise Unplaced("The channel was archived.")
        case Inbound():
            decide_inbound(world, entry, workspace, shard)
        case Signal():
            decide_signal(world, entry, workspace, shard)
        case ReceiptEntry() | OutcomeEntry() | LookUpEntry():
            _decide_message(world, entry, workspace)
        case ClickEntry():
            decide_click(world, entry, workspace)
        case TokenEntry():
            decide_token(world, entry, workspace)
        case TalkEntry():
            decide_talk(world, entry, workspace)
        case MergeEntry():
            decide_merge(world, entry, workspace)
        case AbsorbEntry():
            decide_absorb(world, entry, workspace)
        case UnmergeEntry():
            decide_unmerge(world, entry, workspace)
        case DismissEntry():
            decide_dismiss(world, entry, workspace)
        case ConsentEntry():
            decide_consent(world, entry, workspace)
        case EraseEntry():
            decide_erase(world, entry, workspace)
        case EventEntry():
            decide_event(world, entry, workspace, shard)
        case OccasionEntry():
            decide_occasion(world, entry, workspace)
        case OtpEntry():
            decide_otp(world, entry, workspace)
        case OtpVerifiedEntry():
            decide_verified(world, entry, workspace)
        case CallEntry():
            decide_call(world, entry)
        case SettleCallEntry():
            decide_settlement(world, entry)
        case HandOverEntry():
            decide_hand_over(world, entry, workspace)
        case ListEntry():
            decide_list(world, entry, workspace)
        case _:
            assert_never(entry)


def _decide_message(world: World, entry: ReceiptEntry | OutcomeEntry | LookUpEntry, workspace: int) -> None:
    """What became of a message; what waits for that goes on, and journeys may begin by it."""
    before, known = note_states(world, entry, workspace), len(world.effects)
    match entry:
        case ReceiptEntry():
            if not decide_receipt(world, entry, workspace):
                raise Unplaced("The receipt names a delivery that does not exist.")
        case OutcomeEntry():
            decide_outcome(world, entry, workspace)
        case LookUpEntry():
            decide_look_up(world, entry, workspace)
    if world.config.goals_heard_of:
        _hear_readings(world, world.effects[known:])
    follow_delivery(world, entry.delivery_id)
    follow_otp(world, entry.delivery_id)
    for occasion in list(tell_outcomes(world, before, entry.at)):
        decide_occasion(world, occasion, workspace)


def _hear_readings(world: World, effects: Sequence[fx.Effect]) -> None:
    """What was read just now begins a goal's window (G1)."""
    for effect in effects:
        if isinstance(effect, fx.AdvanceDelivery | fx.CloseDelivery) and effect.state == "read":
            row = world.closed.get(effect.id)
            hear_of_message(world, row.run_id if row is not None else None, "open", effect.at)


def decide_occasion(world: World, entry: OccasionEntry, workspace: int) -> None:
    """What may begin runs, at the contact that it concerns; of one that was merged, at whom it became (M8). One that
    began a run before does not begin it again, however late it is repeated."""
    contact_id = world.follow(entry.contact_id)
    contact = world.contacts.get(contact_id)
    if contact_id != entry.contact_id and shard_of_contact(contact_id) != shard_of_contact(entry.contact_id):
        moved = msgspec.structs.replace(entry, contact_id=contact_id)
        world.forward(workspace, shard_of_contact(contact_id), key_of(entry) + ":to-contact", moved, contact_id)
    elif contact is not None and not contact.erased and entry.id not in world.begun:
        properties = dict(entry.properties)
        told = (entry.at, entry.kind, entry.name, properties, entry.depth, entry.begins_at)
        occasion = Occasion(workspace, contact_id, entry.id, *told)
        react(world, occasion, entry.journey_id)


def decide_list(world: World, entry: ListEntry, workspace: int) -> None:
    """On a list or off it, where that is not so already; who was merged meanwhile is meant as whom they became (M8)."""
    contact_id = world.follow(entry.contact_id)
    contact, segment = world.contacts.get(contact_id), world.config.segments.get(entry.segment_id)
    if contact_id != entry.contact_id and shard_of_contact(contact_id) != shard_of_contact(entry.contact_id):
        moved = msgspec.structs.replace(entry, contact_id=contact_id)
        world.forward(workspace, shard_of_contact(contact_id), key_of(entry) + ":to-contact", moved, contact_id)
    elif contact is None or contact.erased or segment is None or not segment.is_list:
        return
    elif ((contact_id, segment.id) in world.listed) is not entry.on:
        world.add(MoveMember(workspace, contact_id, segment.id, entry.on, "person", "", world.now))
        decide_occasion(world, tell_change(segment, contact_id, entered=entry.on, world=world), workspace)


def decide_click(world: World, entry: ClickEntry, workspace: int) -> None:
    """M9: an opening is kept with what it was taken for; only a person's moves its match on, or
    begins what is entered by it. A beacon has the nonce of
    the opening that it confirms, so the two are one click."""
    click_id = derive_id("click", entry.code_hash, entry.nonce or entry.at.isoformat())
    told = (workspace, entry.contact_id, entry.match_id, click_id, entry.app, entry.class_, entry.at)
    if (of := entry.message) is not None:
        world.add(fx.StoreClick(*told, of.delivery_id, of.channel_id, of.journey_id, of.step, of.link))
    else:
        world.add(fx.StoreClick(*told))
    if entry.class_ == "human":
        if entry.match_id is not None:
            app = "" if entry.app == "chooser" else entry.app
            world.progress_to(entry.contact_id, entry.match_id, "clicked", at=entry.at, app=app)
        if of is not None:
            confirm_by_click(world, of.run_id, of.delivery_id)
            hear_of_message(world, of.run_id, "click", entry.at)
        decide_occasion(world, tell_click(world, entry, click_id), workspace)
