"""How each effect changes the working set of a cycle, so that its later decisions see it."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tertulia.core import budget_effects as bx
from tertulia.core import call_effects as cx
from tertulia.core import coupon_effects as ux
from tertulia.core import effects as fx
from tertulia.core import entry_effects as ee
from tertulia.core import event_effects as ev
from tertulia.core import run_effects as rx
from tertulia.core import segment_effects as gx
from tertulia.core import slot_effects as sx
from tertulia.core import talk_effects as tx
from tertulia.core.consent import Cause, ConsentFact, Given, Source, Suppression, read_subject
from tertulia.core.conversation import ConversationRow
from tertulia.core.entries import shard_of_identity
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.links import LinkRow
from tertulia.core.otp_effects import SetOtp
from tertulia.core.progress import ProgressRow
from tertulia.core.rows import (
    AddressRow,
    AssignmentRow,
    CallRow,
    ClosedDelivery,
    ContactRow,
    CouponRow,
    Done,
    GoalRow,
    IdentityRow,
    LinkedIdentity,
    OpenDelivery,
    PassageRow,
    Recalled,
    RunRow,
    SessionRow,
    SlotRow,
)
from tertulia.core.throttles import Line
from tertulia.ids import shard_of_contact

if TYPE_CHECKING:
    from tertulia.core.world import World


def fold(world: "World", effect: fx.Effect) -> None:
    """Let the later decisions of a cycle see an effect."""
    handler = _FOLDS.get(type(effect))
    if handler is not None:
        handler(world, effect)


def _fold_create(world: "World", e: fx.CreateContact) -> None:
    world.contacts[e.contact_id] = ContactRow(
        *(e.contact_id, e.workspace, e.name, "", e.locale, e.country, e.source, {}, e.at), active_at=e.active_at
    )


def _fold_change(world: "World", e: ev.ChangeContact) -> None:
    contact = world.contacts[e.contact_id]
    for name, value in e.fields.items():
        setattr(contact, name, value)
    kept = {**contact.attributes, **e.attributes}
    contact.attributes = {name: value for name, value in kept.items() if value is not None}
    contact.changed |= {name: at.isoformat() for name, at in e.changed.items()}


def _fold_seen(world: "World", e: ev.TouchContact) -> None:
    world.contacts[e.contact_id].active_at = e.at


def _fold_event(world: "World", e: ev.StoreEvent) -> None:
    if not e.imported:  # belongs to no session (E4)
        done = Done(e.occurred_at, e.source_id, e.type, e.name, e.properties, e.context)
        world.doings.setdefault(e.contact_id, []).append(done)
    if (e.workspace, name_type(e.type), e.name) in world.config.heard:
        told = Recalled(e.id, e.occurred_at, e.type, e.name, e.properties)
        world.recalled.setdefault(e.contact_id, []).append(told)


def name_type(type_: str) -> str:
    """Under which type an event is listened for: a derived one under that of a call of its name."""
    return "track" if type_ == "derived" else type_


def _fold_run(world: "World", e: rx.SetRun) -> None:
    if e.id not in world.runs:
        world.runs_of.setdefault(e.contact_id, []).append(e.id)
    world.runs[e.id] = RunRow(
        *(e.id, e.workspace, e.contact_id, e.journey_id, e.revision, e.key, e.step, e.visit, e.entered_at),
        *(e.started_at, e.since, e.due_at, e.delivery_id, e.event, e.withheld, e.answers, e.question, e.results),
        e.exit_at,
    )


def _fold_run_end(world: "World", e: rx.EndRun) -> None:
    if world.runs.pop(e.id, None) is not None:
        world.runs_of[e.contact_id].remove(e.id)


def _fold_call(world: "World", e: cx.QueueCall) -> None:
    named = (e.id, e.workspace, e.contact_id, e.journey_id, e.run_id, e.step, e.visit, e.endpoint_id)
    row = CallRow(*named, e.method, bool(e.status_path), "queued", 0, 0, 0, "", e.at, {})
    world.calls.setdefault(e.id, row)


def _fold_call_state(world: "World", e: cx.SetCall) -> None:
    row = world.calls[e.id]
    row.state, row.attempt, row.tries, row.asked, row.reason = e.state, e.attempt, e.tries, e.asked, e.reason


def _fold_call_end(world: "World", e: cx.EndCall) -> None:
    world.calls.pop(e.id, None)


def _fold_passage(world: "World", e: rx.NotePassage) -> None:
    fresh = PassageRow(e.journey_id, e.contact_id, e.key, e.entry_at, None)
    row = world.passages.setdefault((e.journey_id, e.contact_id, e.key), fresh)
    row.entry_at = max(row.entry_at, e.entry_at)
    if e.message_at is not None:
        row.message_at = max(e.message_at, row.message_at or e.message_at)


def _fold_entry(world: "World", e: ee.TakeEntry) -> None:
    counts = world.entries[e.journey_id]
    for day in (e.day, ee.TOTAL):
        counts[day] = counts.get(day, 0) + 1


def _fold_goal(world: "World", e: ee.OpenGoal) -> None:
    named = (e.workspace, e.contact_id, e.run_id, e.journey_id, e.revision, e.began_by)
    known = world.goals.get(e.run_id) if e.sent_at is not None else None
    earlier = (known.earlier_steps, known.earlier_at) if known is not None else ((), ())
    world.goals[e.run_id] = GoalRow(*named, e.since, e.until, e.step, e.sent_at, *earlier)


def _fold_credit(world: "World", e: ee.CreditStep) -> None:
    if (row := world.goals.get(e.run_id)) is not None:
        if row.sent_at is not None:
            row.earlier_steps, row.earlier_at = (*row.earlier_steps, row.step), (*row.earlier_at, row.sent_at)
        row.step, row.sent_at = e.step, e.at


def _fold_lost_credit(world: "World", e: ee.LoseCredit) -> None:
    """The earliest message of the step, as the store does: of two the later one was sent in its place."""
    row = world.goals.get(e.run_id)
    if row is None or row.sent_at is None or e.step not in (steps := [*row.earlier_steps, row.step]):
        return
    times, place = [*row.earlier_at, row.sent_at], steps.index(e.step)
    del steps[place], times[place]
    row.step, row.sent_at = (steps.pop(), times.pop()) if steps else ("", None)
    row.earlier_steps, row.earlier_at = tuple(steps), tuple(times)


def _fold_reached(world: "World", e: ee.ReachGoal) -> None:
    world.goals.pop(e.run_id, None)


def _fold_assignment(world: "World", e: ee.Assign) -> None:
    world.assignments[(e.contact_id, e.experiment)] = AssignmentRow(e.way, e.at, e.contact_id)


def _fold_session(world: "World", e: ev.SetSession) -> None:
    if e.ends_at is None:
        world.sessions.pop(e.contact_id, None)
    else:
        world.sessions[e.contact_id] = SessionRow(e.contact_id, e.workspace, e.id, e.started_at, e.ends_at)


def _fold_address(world: "World", e: fx.AddAddress) -> None:
    contact = world.contacts[e.contact_id]
    if all((row.kind, row.value) != (e.kind, e.value) for row in contact.addresses):
        contact.addresses.append(AddressRow(e.kind, e.value, e.canonical, e.country, e.sms, e.line_type))
    owners = world.owners_of.setdefault((e.workspace, e.kind, e.canonical), [])
    if e.contact_id not in owners:
        owners.append(e.contact_id)


def _fold_route(world: "World", e: fx.RouteIdentity) -> None:
    world.identities[(e.workspace, e.identity)] = IdentityRow(None, e.shard, Trust.CLAIMED)


def _fold_link(world: "World", e: fx.LinkIdentity) -> None:
    shard = shard_of_contact(e.contact_id)
    world.identities[(e.workspace, e.identity)] = IdentityRow(e.contact_id, shard, e.trust)
    contact = world.contacts[e.contact_id]
    contact.identities = [row for row in contact.identities if row.identity != e.identity]
    contact.identities.append(
        LinkedIdentity(e.identity, e.channel_id, e.trust, e.name, e.username, e.at, None, "", "", e.contact_id)
    )


def _fold_unlink(world: "World", e: fx.UnlinkIdentity) -> None:
    home = shard_of_identity(e.workspace, e.identity)
    world.identities[(e.workspace, e.identity)] = IdentityRow(None, home, Trust.CLAIMED)
    if contact := world.contacts.get(e.contact_id):
        contact.identities = [row for row in contact.identities if row.identity != e.identity]


def _fold_touch(world: "World", e: fx.TouchIdentity) -> None:
    for row in world.contacts[e.contact_id].identities:
        if row.identity == e.identity:
            row.name, row.username, row.trust = e.name, e.username, e.trust
            row.window_until, row.signal, row.reply_token = e.window_until, e.signal, e.reply_token


def _fold_consent(world: "World", e: fx.RecordConsent) -> None:
    world.contacts[e.contact_id].consents.append(
        ConsentFact(
            *(e.contact_id, read_subject(e.address), e.channel, e.topic, Given(e.state), Source(e.source), e.at),
            *(str(e.evidence.get("ref", "")), e.text_version, e.actor),
        )
    )


def _fold_suppress(world: "World", e: fx.Suppress) -> None:
    world.suppressed.setdefault((e.workspace, e.kind, e.canonical), []).append(
        Suppression(Cause(e.cause), IdentityRef(e.kind, "", e.canonical), e.channel, e.at, e.source)
    )


def _fold_lift(world: "World", e: fx.LiftSuppression) -> None:
    rows = world.suppressed.get((e.workspace, e.kind, e.canonical), [])
    rows[:] = [row for row in rows if (row.cause.value, row.channel) != (e.cause, e.channel)]


def _fold_dead(world: "World", e: fx.MarkAddressDead) -> None:
    for row in world.contacts[e.contact_id].addresses:
        if (row.kind, row.value) == (e.kind, e.value):
            row.dead_code = e.code


def _fold_conversation(world: "World", e: tx.OpenConversation) -> None:
    row = ConversationRow(e.id, e.contact_id, e.channel_id, {}, e.at, e.at)
    world.conversations[(e.contact_id, e.channel_id)] = world.talks[e.id] = row


def _fold_question(world: "World", e: tx.SetQuestion) -> None:
    if row := world.talks.get(e.conversation_id):
        row.question = e.question


def _fold_hand_over(world: "World", e: tx.HandOver) -> None:
    if row := world.talks.get(e.conversation_id):
        row.hand_over = e.facts


def _fold_closed_talk(world: "World", e: tx.CloseConversation) -> None:
    world.talks.pop(e.id, None)
    if (row := world.conversations.get((e.contact_id, e.channel_id))) and row.id == e.id:
        del world.conversations[(e.contact_id, e.channel_id)]


def _fold_message(world: "World", e: tx.StoreMessage) -> None:
    world.seen_messages.add((e.channel_id, e.provider_id))
    if row := world.talks.get(e.conversation_id):
        row.last_at = max(row.last_at, e.arrived_at)


def _fold_bind(world: "World", e: fx.BindLink) -> None:
    row = world.links[e.code_hash]
    row.bound, row.bound_at = e.identity, e.at


def _fold_mint(world: "World", e: fx.MintLink) -> None:
    row = LinkRow(e.code_hash, e.workspace, e.contact_id, e.match_id, e.attempt, e.at, e.expires_at, None, None, None)
    world.links[e.code_hash] = row
    world.links_of.setdefault(e.contact_id, []).append(row)


def _fold_message_link(world: "World", e: fx.MintMessageLink) -> None:
    world.taken.add(e.code_hash)


def _fold_progress(world: "World", e: fx.Progress) -> None:
    row = world.progress.setdefault((e.match_id, e.contact_id), ProgressRow(e.match_id, e.contact_id, 0, "waiting", ""))
    if e.stage is not None:
        row.stage = e.stage
    row.state = e.state
    if e.reason is not None:
        row.reason = e.reason
    if e.step == "matched":
        row.matched_apps.add(e.app)


def _fold_merge(world: "World", e: fx.MergeContact) -> None:
    if row := world.contacts.get(e.contact_id):
        row.merged_into = e.into_id


def _fold_unmerge(world: "World", e: fx.UndoMerge) -> None:
    if row := world.contacts.get(e.contact_id):
        row.merged_into = None


def _fold_member(world: "World", e: gx.MoveMember) -> None:
    (world.listed.add if e.entered else world.listed.discard)((e.contact_id, e.segment_id))


def _fold_slot(world: "World", e: sx.SetSlot) -> None:
    world.slots.setdefault(world.follow(e.contact_id), {})[e.message_id] = SlotRow(
        *(e.contact_id, e.message_id, e.delivery_id, e.channel, e.topic, e.class_, e.important, e.state, e.at)
    )


def _fold_slot_move(world: "World", e: sx.MoveSlot) -> None:
    row = world.released.pop(e.delivery_id, None)
    if row is not None:
        row.delivery_id = e.to_id
        world.slots.setdefault(world.follow(e.contact_id), {})[row.message_id] = row


def _fold_slot_release(world: "World", e: sx.ReleaseSlot) -> None:
    rows = world.slots.get(world.follow(e.contact_id), {})
    for row in [row for row in rows.values() if row.delivery_id == e.delivery_id]:
        world.released[e.delivery_id] = rows.pop(row.message_id)


def _fold_coupon(world: "World", e: ux.ClaimCoupon) -> None:
    row = (e.contact_id, e.journey_id, e.pool_id, e.run_id, e.delivery_id, e.code, False, e.at, e.expires_at)
    world.coupons.setdefault(world.follow(e.contact_id), []).append(CouponRow(*row))
    if not e.shared and e.code in world.codes.get(e.pool_id, ()):
        world.codes[e.pool_id].remove(e.code)


def _fold_coupon_kept(world: "World", e: ux.KeepCoupon) -> None:
    for row in world.coupons.get(world.follow(e.contact_id), ()):
        row.given |= row.delivery_id == e.delivery_id


def _fold_coupon_move(world: "World", e: ux.MoveCoupon) -> None:
    for row in world.untaken.pop(e.delivery_id, ()):
        row.delivery_id = e.to_id
        world.coupons.setdefault(world.follow(e.contact_id), []).append(row)


def _fold_coupon_return(world: "World", e: ux.ReturnCoupon) -> None:
    rows = world.coupons.get(world.follow(e.contact_id), [])
    back = [row for row in rows if row.delivery_id == e.delivery_id and not row.given]
    if back:
        world.untaken[e.delivery_id] = back
        rows[:] = [row for row in rows if row not in back]


def _fold_otp(world: "World", e: SetOtp) -> None:
    row = world.otps[e.id]
    row.place, row.delivery_id, row.due_at = e.place, e.delivery_id, e.due_at
    if not e.open:
        del world.otps[e.id]


def _fold_spending(world: "World", e: bx.Spend) -> None:
    world.rooms[e.key] = world.rooms.get(e.key, e.limit) - e.micros


def _fold_back(world: "World", e: bx.GiveBack) -> None:
    if e.key in world.rooms:
        world.rooms[e.key] += e.micros


def _fold_line(world: "World", e: bx.MoveLine) -> None:
    line = world.lines.get(e.journey_id, Line())
    world.lines[e.journey_id] = Line(e.next_at or line.next_at, line.drawn + e.drawn, line.done + e.done)


def _fold_queue(world: "World", e: fx.QueueDelivery) -> None:
    world.open.setdefault(
        e.id,
        OpenDelivery(
            *(e.id, e.workspace, e.contact_id, e.channel_id, e.match_id, e.stage, e.class_, e.lane, "queued", 0),
            *(e.to_kind, e.to_value, e.identity_scope, e.content, e.cause, e.deadline, e.at, e.journey_id, e.run_id),
            e.step,
        ),
    )


def _fold_open_state(world: "World", e: fx.SetOpenState) -> None:
    row = world.open[e.id]
    row.state, row.attempt, row.content = e.state, e.attempt, e.content


def _fold_close(world: "World", e: fx.CloseDelivery) -> None:
    row = world.open.pop(e.id)
    world.closed[e.id] = ClosedDelivery(
        *(row.id, row.workspace, row.contact_id, row.channel_id, row.match_id, row.stage, row.class_, e.state),
        *(row.to_kind, row.to_value, e.parts, e.provider_ids, row.journey_id, row.run_id, row.step),
    )


def _fold_advance(world: "World", e: fx.AdvanceDelivery) -> None:
    world.closed[e.id].state = e.state


def _fold_fault(world: "World", e: fx.FaultChannel) -> None:
    channels = dict(world.config.channels)
    channels[e.channel_id] = replace(channels[e.channel_id], state="fault")
    world.config = replace(world.config, channels=channels)


def _fold_erase(world: "World", e: fx.Erase) -> None:
    row = world.contacts[e.contact_id]
    row.erased, row.name, row.surname, row.attributes = True, "", "", {}
    row.addresses, row.identities = [], []


_FOLDS: dict[type, Any] = {
    fx.CreateContact: _fold_create,
    ev.ChangeContact: _fold_change,
    ev.TouchContact: _fold_seen,
    ev.StoreEvent: _fold_event,
    ev.SetSession: _fold_session,
    rx.SetRun: _fold_run,
    rx.EndRun: _fold_run_end,
    rx.NotePassage: _fold_passage,
    gx.MoveMember: _fold_member,
    cx.QueueCall: _fold_call,
    cx.SetCall: _fold_call_state,
    cx.EndCall: _fold_call_end,
    SetOtp: _fold_otp,
    sx.SetSlot: _fold_slot,
    sx.MoveSlot: _fold_slot_move,
    sx.ReleaseSlot: _fold_slot_release,
    ux.ClaimCoupon: _fold_coupon,
    ux.KeepCoupon: _fold_coupon_kept,
    ux.MoveCoupon: _fold_coupon_move,
    ux.ReturnCoupon: _fold_coupon_return,
    bx.Spend: _fold_spending,
    bx.GiveBack: _fold_back,
    bx.MoveLine: _fold_line,
    ee.Assign: _fold_assignment,
    ee.TakeEntry: _fold_entry,
    ee.OpenGoal: _fold_goal,
    ee.CreditStep: _fold_credit,
    ee.LoseCredit: _fold_lost_credit,
    ee.ReachGoal: _fold_reached,
    fx.AddAddress: _fold_address,
    fx.RouteIdentity: _fold_route,
    fx.LinkIdentity: _fold_link,
    fx.UnlinkIdentity: _fold_unlink,
    fx.TouchIdentity: _fold_touch,
    fx.RecordConsent: _fold_consent,
    fx.Suppress: _fold_suppress,
    fx.LiftSuppression: _fold_lift,
    fx.MarkAddressDead: _fold_dead,
    tx.OpenConversation: _fold_conversation,
    tx.CloseConversation: _fold_closed_talk,
    tx.SetQuestion: _fold_question,
    tx.HandOver: _fold_hand_over,
    tx.StoreMessage: _fold_message,
    fx.BindLink: _fold_bind,
    fx.MintLink: _fold_mint,
    fx.MintMessageLink: _fold_message_link,
    fx.Progress: _fold_progress,
    fx.MergeContact: _fold_merge,
    fx.UndoMerge: _fold_unmerge,
    fx.QueueDelivery: _fold_queue,
    fx.SetOpenState: _fold_open_state,
    fx.CloseDelivery: _fold_close,
    fx.AdvanceDelivery: _fold_advance,
    fx.FaultChannel: _fold_fault,
    fx.Erase: _fold_erase,
}
