"""What became of an attempt: outcomes of senders, receipts of providers (I4, S2, S3), and what follows for the
customer's address, the consent ledger and the match.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from tertulia.core import effects as fx
from tertulia.core.carriers import SMS
from tertulia.core.consent import write_subject
from tertulia.core.content import mask_links, read_content
from tertulia.core.coupons import keep_coupons, return_coupons
from tertulia.core.deliveries import (
    CLASS_RULES,
    RETRY_ATTEMPTS_MAX,
    UNDECIDED,
    UNKNOWN_GIVE_UP_AFTER_S,
    UNKNOWN_RESEND_AFTER_S,
    DeliveryEvent,
    DeliveryState,
    Flag,
    MessageClass,
    Settlement,
    Transition,
    advance,
    retry_delay_s,
    seconds_to_question,
    settle_unknown,
)
from tertulia.core.entries import LookUpEntry, OutcomeEntry, ReceiptEntry
from tertulia.core.goals import lose_credit, regain_credit
from tertulia.core.private_replies import find_subject
from tertulia.core.reasons import Reason
from tertulia.core.rows import ClosedDelivery, OpenDelivery
from tertulia.core.slots import release_slot, take_slot
from tertulia.core.sms import count_parts
from tertulia.core.spending import let_go, price_of, spend_for_good
from tertulia.core.stages import queue_next_stage
from tertulia.core.talks import find_family
from tertulia.core.world import World
from tertulia.ids import derive_id

RECEIPTS: Final = {
    "sent": DeliveryEvent.RECEIPT_SENT,
    "delivered": DeliveryEvent.RECEIPT_DELIVERED,
    "read": DeliveryEvent.RECEIPT_READ,
    "failed": DeliveryEvent.RECEIPT_FAILED,
}
REASON_OF: Final = {
    "gone": Reason.UNREACHABLE,
    "window": Reason.WINDOW_CLOSED,
    "fix": Reason.REJECTED,
    "retry": Reason.RETRIES_SPENT,
}
REACHED: Final = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ)
DEAD_AFTER: Final = ("gone.unknown", "gone.not_mobile")
"""Reason codes of the channels after which the address itself is dead."""


def decide_outcome(world: World, entry: OutcomeEntry, workspace: int) -> None:
    """An attempt came to its outcome."""
    refer_to(world, entry, workspace)
    delivery = world.open.get(entry.delivery_id)
    if delivery is None or entry.attempt != delivery.attempt:
        return
    match entry.outcome:
        case "ok":
            _close(world, delivery, DeliveryEvent.ACCEPT, entry.at, ids=entry.provider_ids, parts=entry.parts or 1)
        case "ambiguous":
            _lose(world, delivery, entry)
        case "retry" if (delay_s := _retry_in_s(entry)) is not None:
            queue_again(world, delivery, DeliveryEvent.REFUSE, world.now + timedelta(seconds=delay_s))
        case "fix" if entry.account_fault:
            sentence = "The provider refuses this account. Correct its credentials, then press Test."
            world.add(fx.FaultChannel(workspace, delivery.channel_id, sentence, world.now))
            queue_again(world, delivery, DeliveryEvent.REFUSE, world.now)
        case _:
            fail_delivery(world, delivery, entry.outcome, entry.reason, entry.code, entry.at, withdraws=entry.withdraws)


def _retry_in_s(entry: OutcomeEntry) -> float | None:
    throttled = entry.reason in ("retry.throttled", "retry.quota", "retry.tomorrow")
    return retry_delay_s(
        entry.delivery_id, max(entry.attempt, 1), throttled=throttled, retry_after_s=entry.retry_after_s
    )


def refer_to(world: World, entry: OutcomeEntry | LookUpEntry, workspace: int) -> None:
    """The provider's ids lead to the delivery from now on."""
    for provider_id in entry.provider_ids:
        world.add(fx.ReferTo(workspace, entry.channel_id, provider_id, entry.delivery_id, entry.at))


def decide_receipt(world: World, entry: ReceiptEntry, workspace: int) -> bool:
    """A provider told what became of a message. False when the delivery is not known here."""
    if entry.watermark:
        return _decide_watermark(world, entry, workspace)
    assert entry.delivery_id is not None
    event = RECEIPTS[entry.state]
    closed = world.closed.get(entry.delivery_id)
    if (delivery := world.open.get(entry.delivery_id)) is not None:
        _receipt_of_open(world, delivery, entry, event)
    elif closed is not None:
        _receipt_of_closed(world, closed, entry, event)
    else:
        return False
    known = closed.provider_ids if closed is not None else ()
    if entry.provider_id and entry.provider_id not in known and entry.state != "failed":
        world.add(fx.ReferTo(workspace, entry.channel_id, entry.provider_id, entry.delivery_id, entry.at))
    return True


def _decide_watermark(world: World, entry: ReceiptEntry, workspace: int) -> bool:
    row = world.identity(workspace, entry.identity) if entry.identity else None
    if row is None or row.contact_id is None:
        return True
    for delivery in list(world.closed.values()):
        mine = delivery.channel_id == entry.channel_id and delivery.to_value == getattr(entry.identity, "value", "")
        if mine and delivery.state in ("sent", "delivered"):
            _receipt_of_closed(world, delivery, entry, RECEIPTS[entry.state])
    return True


def _receipt_of_open(world: World, delivery: OpenDelivery, entry: ReceiptEntry, event: DeliveryEvent) -> None:
    transition = advance(DeliveryState(delivery.state), event)
    if transition.flag is Flag.STALE or transition.new in UNDECIDED:
        return
    ids = (entry.provider_id,) if entry.provider_id else ()
    parts = entry.parts or _count_parts(world, delivery)
    if event is DeliveryEvent.RECEIPT_FAILED:  # the provider had taken it, though nobody told us yet
        _close(world, delivery, DeliveryEvent.ACCEPT, entry.at, ids=ids, parts=parts)
        _receipt_of_closed(world, world.closed[delivery.id], entry, event)
        return
    _close(world, delivery, event, entry.at, ids=ids, parts=parts)


def _count_parts(world: World, delivery: OpenDelivery) -> int:
    """The parts of a message about which a receipt came before the sender's own word."""
    if world.config.channels[delivery.channel_id].carries != SMS:
        return 1
    return count_parts(read_content(delivery.content).numbered).parts


def _receipt_of_closed(world: World, delivery: ClosedDelivery, entry: ReceiptEntry, event: DeliveryEvent) -> None:
    before = DeliveryState(delivery.state)
    transition = advance(before, event)
    if transition.flag is Flag.STALE:
        return
    failed = transition.new is DeliveryState.FAILED
    reason = _reason(entry.outcome, entry.reason) if failed else ""
    world.add(
        fx.AdvanceDelivery(
            *(delivery.workspace, delivery.contact_id, delivery.id, transition.new.value, reason),
            *(transition.flag.value, entry.at, entry.price_micros, entry.currency),
        )
    )
    if failed:
        release_slot(world, delivery)
        _follow_failure(world, delivery, entry.outcome, entry.reason, entry.code, entry.at, entry.withdraws)
        return
    if before is DeliveryState.FAILED and transition.new in REACHED:
        take_slot(world, delivery, important=False)
        regain_credit(world, delivery, entry.at)
    if delivery.match_id is not None and transition.new in REACHED:
        if before not in REACHED:  # given up, and it had been sent after all
            facts = {"stage": delivery.stage, "reason": ""}
            world.progress_to(delivery.contact_id, delivery.match_id, "sent", at=entry.at, **facts)
        if transition.new is not DeliveryState.SENT:
            _progress_delivered(world, delivery, entry.at)


def _progress_delivered(world: World, delivery: OpenDelivery | ClosedDelivery, at: datetime) -> None:
    assert delivery.match_id is not None
    match = world.config.matches[delivery.match_id]
    direct = None
    if delivery.stage < len(match.direct):
        direct = world.config.channels[delivery.channel_id].kind
    world.progress_to(delivery.contact_id, delivery.match_id, "delivered", at=at, direct=direct, reason="")


def _close(
    world: World, delivery: OpenDelivery, event: DeliveryEvent, at: datetime, *, ids: tuple[str, ...], parts: int
) -> None:
    """The provider has it: the delivery moves to the history and the match goes on."""
    transition = advance(DeliveryState(delivery.state), event)
    channel = world.config.channels[delivery.channel_id]
    cost, currency = price_of(channel, delivery, world.country_of(delivery.contact_id), parts)
    world.add(_closed(world, delivery, transition, "", at, ids=ids, parts=parts, cost_micros=cost, currency=currency))
    keep_coupons(world, delivery)
    if delivery.match_id is None:
        return
    world.progress_to(
        *(delivery.contact_id, delivery.match_id, "sent"),
        at=at,
        stage=delivery.stage,
        cost_micros=cost,
        currency=currency,
        reason="",
    )
    if transition.new in (DeliveryState.DELIVERED, DeliveryState.READ):
        _progress_delivered(world, delivery, at)


def queue_again(world: World, delivery: OpenDelivery, event: DeliveryEvent, not_before: datetime) -> None:
    """Another attempt, or none where the match was stopped meanwhile (V2)."""
    transition = advance(DeliveryState(delivery.state), event)
    if transition.flag is Flag.STALE:
        return
    match = world.config.matches.get(delivery.match_id) if delivery.match_id is not None else None
    if event is DeliveryEvent.REFUSE:
        lose_credit(world, delivery)
    world.add(
        fx.SetOpenState(
            *(delivery.workspace, delivery.contact_id, delivery.id, transition.new.value, delivery.attempt),
            *(spend_for_good(delivery.content) if event is DeliveryEvent.RESEND else delivery.content, not_before),
        )
    )
    if match is not None and match.state == "stopped":
        revoke_delivery(world, delivery, Reason.RUN_STOPPED.value)


def revoke_delivery(world: World, delivery: OpenDelivery, reason: str) -> None:
    """A stopped match or a merge takes back what is not handed over."""
    world.open[delivery.id] = delivery
    state = delivery.state
    _finish(world, delivery, DeliveryEvent.REVOKE, reason, world.now)
    world.add(decide_row(world, delivery, "revoked", "run", reason, {"state": state}))
    if delivery.match_id is not None:
        world.progress_to(delivery.contact_id, delivery.match_id, "unreached", at=world.now, reason=reason)


def _lose(world: World, delivery: OpenDelivery, entry: OutcomeEntry) -> None:
    """S3: nobody knows. What may be repeated safely is; else the provider is asked where it can be, and without an
    answer the class decides: a second copy after a while, or waiting for a receipt."""
    transition = advance(DeliveryState(delivery.state), DeliveryEvent.LOSE)
    if transition.flag is Flag.STALE:
        return
    keep_coupons(world, delivery)
    class_ = MessageClass(delivery.class_)
    can_look_up = world.config.channels[delivery.channel_id].can_look_up
    safe = _is_retry_safe(world, delivery)
    settlement = settle_unknown(class_, can_look_up=can_look_up, retry_safe=safe, unknown_for_s=0)
    if settlement is Settlement.RESEND:
        wait_s = retry_delay_s(delivery.id, max(delivery.attempt, 1), throttled=True) or 0.0
    else:
        wait_s = UNKNOWN_RESEND_AFTER_S if CLASS_RULES[class_].at_least_once else UNKNOWN_GIVE_UP_AFTER_S
    until = world.now + timedelta(seconds=wait_s)
    facts = {"lost": entry.lost, "look_up": settlement is Settlement.LOOK_UP}
    world.add(
        fx.SetOpenState(
            *(delivery.workspace, delivery.contact_id, delivery.id, transition.new.value, delivery.attempt),
            *(delivery.content, until),
        ),
        decide_row(world, delivery, "held", "provider", Reason.OUTCOME_UNKNOWN.value, facts),
    )
    if settlement is Settlement.LOOK_UP:
        ask_provider(world, delivery, 1, entry.handed_at)


def ask_provider(world: World, delivery: OpenDelivery, number: int, handed_at: datetime | None = None) -> None:
    """Make question `number` about a lost message due, or none any more after the last."""
    after_s = seconds_to_question(MessageClass(delivery.class_), number)
    at = None if after_s is None else world.now + timedelta(seconds=after_s)
    world.add(fx.AskProvider(delivery.workspace, delivery.contact_id, delivery.id, number, at, handed_at))


def _is_retry_safe(world: World, delivery: OpenDelivery) -> bool:
    """Whether repeating the call cannot make a second message. A key for that goes with neither a first contact by
    number nor an answer under a reply token."""
    content = read_content(delivery.content)
    return world.config.channels[delivery.channel_id].retry_safe and not content.direct and not content.reply_token


def settle_lost(world: World, delivery: OpenDelivery) -> None:
    """An unknown outcome's time is over: sent again where that is safe, a second copy where the class allows it, else,
    and after the last attempt, its verdict is `expired`."""
    class_ = MessageClass(delivery.class_)
    again = delivery.attempt < RETRY_ATTEMPTS_MAX
    if again and _is_retry_safe(world, delivery):
        facts = {"attempt": delivery.attempt}
        world.add(decide_row(world, delivery, "held", "provider", Reason.SAFE_RETRY.value, facts))
        queue_again(world, delivery, DeliveryEvent.REFUSE, world.now)
        return
    waited_s = UNKNOWN_GIVE_UP_AFTER_S
    settlement = settle_unknown(class_, can_look_up=False, retry_safe=False, unknown_for_s=waited_s)
    if again and settlement is Settlement.RESEND:
        facts = {"second_copy": True, "attempt": delivery.attempt}
        world.add(decide_row(world, delivery, "held", "provider", Flag.SECOND_COPY.value, facts))
        queue_again(world, delivery, DeliveryEvent.RESEND, world.now)
        return
    _finish(world, delivery, DeliveryEvent.EXPIRE, Reason.OUTCOME_UNKNOWN.value, world.now)
    world.add(decide_row(world, delivery, "failed", "provider", Reason.OUTCOME_UNKNOWN.value, {}))
    if delivery.match_id is not None:
        world.progress_to(
            delivery.contact_id, delivery.match_id, "unreached", at=world.now, reason=Reason.OUTCOME_UNKNOWN.value
        )


def fail_delivery(
    world: World,
    delivery: OpenDelivery,
    outcome: str,
    reason: str,
    code: str,
    at: datetime,
    *,
    withdraws: bool,
) -> None:
    """The attempt's outcome is final: the delivery has failed, with what follows for the recipient."""
    _finish(world, delivery, DeliveryEvent.FAIL, _reason(outcome, reason), at)
    _follow_failure(world, delivery, outcome, reason, code, at, withdraws)


def _reason(outcome: str, reason: str) -> str:
    return reason or REASON_OF.get(outcome, Reason.REJECTED).value


def _finish(world: World, delivery: OpenDelivery, event: DeliveryEvent, reason: str, at: datetime) -> None:
    world.add(_closed(world, delivery, advance(DeliveryState(delivery.state), event), reason, at))
    if event is not DeliveryEvent.EXPIRE:  # that one may have arrived
        release_slot(world, delivery)
        let_go(world, delivery)
        return_coupons(world, delivery)


def _closed(
    world: World,
    delivery: OpenDelivery,
    transition: Transition,
    reason: str,
    at: datetime,
    *,
    ids: tuple[str, ...] = (),
    parts: int = 0,
    cost_micros: int = 0,
    currency: str = "",
) -> fx.CloseDelivery:
    link_base = world.config.workspaces[delivery.workspace].link_base
    return fx.CloseDelivery(
        workspace=delivery.workspace,
        contact_id=delivery.contact_id,
        match_id=delivery.match_id,
        id=delivery.id,
        state=transition.new.value,
        flag=transition.flag.value,
        content=mask_links(delivery.content, link_base),
        reason=reason,
        provider_ids=ids,
        parts=parts,
        cost_micros=cost_micros,
        currency=currency,
        at=at,
    )


def _follow_failure(
    world: World,
    delivery: OpenDelivery | ClosedDelivery,
    outcome: str,
    reason: str,
    code: str,
    at: datetime,
    withdraws: bool,
) -> None:
    """A failing recipient fails alone: the address, the ledger, the next way of reaching."""
    said = _reason(outcome, reason)
    lose_credit(world, delivery)
    channel = world.config.channels[delivery.channel_id]
    world.add(decide_row(world, delivery, "failed", "provider", said, {"code": code, "outcome": outcome}))
    if reason in DEAD_AFTER and channel.carries:
        for member in sorted(find_family(world, world.follow(delivery.contact_id))):  # whose row it is (M8)
            place = (member, delivery.to_kind, delivery.to_value)
            world.add(fx.MarkAddressDead(delivery.workspace, *place, code, at))
    if withdraws:
        world.add(
            fx.RecordConsent(
                workspace=delivery.workspace,
                contact_id=delivery.contact_id,
                id=derive_id("consent", "platform", str(delivery.id), code),
                address=write_subject(find_subject(world, delivery, channel.scope if channel.app else "")),
                channel=channel.family,
                topic="*",
                state="withdrawn",
                source="platform_block",
                evidence={"ref": f"delivery:{delivery.id}", "code": code},
                text_version="",
                actor="platform",
                at=at,
            )
        )
    if delivery.match_id is not None:
        queue_next_stage(world, delivery, said, at)


def decide_row(
    world: World,
    delivery: OpenDelivery | ClosedDelivery,
    outcome: str,
    gate: str,
    reason: str,
    facts: dict[str, Any],
) -> fx.Decide:
    """A row of the ledger about a delivery (S1). Held again for the same reason it has one row, unless that says until
    when it waits: those are decisions of their own."""
    attempt = getattr(delivery, "attempt", 0)
    until = [str(facts["until"])] if outcome == "held" and "until" in facts else []
    return fx.Decide(
        workspace=delivery.workspace,
        contact_id=delivery.contact_id,
        id=derive_id("ledger", str(delivery.id), outcome, gate, reason, attempt, *until),
        match_id=delivery.match_id,
        delivery_id=delivery.id,
        outcome=outcome,
        gate=gate,
        reason=reason,
        facts=facts,
        epoch=world.config.epoch(delivery.workspace),
        at=world.now,
        journey_id=delivery.journey_id,
        run_id=delivery.run_id,
        step=delivery.step,
    )
